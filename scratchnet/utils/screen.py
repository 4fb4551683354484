"""Where running text goes: lines that stay, and below them one that is drawn again and again.

In a terminal the last line is written over. A notebook gets one output for a whole run, whose text is replaced a few
times a second: as a stream, every drawing would be kept in the notebook's file, thousands of them for an hour's run.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from scratchnet.utils.terminal import cells, columns, folded, has_colours, moves_cursor, writable, write

_LINES_OF_AN_OUTPUT = 300  # of a notebook: what is sent with every drawing


class Screen:
    """Standard output as it is now: a terminal, a file, or nothing."""

    pause = 0.05
    """Seconds between two drawings that look smooth, and cost nothing to speak of."""

    def __init__(self) -> None:
        self._drawn = 0

    @property
    def live(self) -> bool:
        """Whether a line can be drawn again."""
        return moves_cursor()

    @property
    def coloured(self) -> bool:
        """Whether colours are wanted."""
        return has_colours()

    @property
    def width(self) -> int | None:
        """How many characters a line can have; None where that does not matter.

        One less than there are: some terminals begin a new line as soon as one is full.
        """
        there = columns()
        return None if there is None else max(there - 1, 1)

    @property
    def drawing(self) -> bool:
        """Whether the last line is one that is drawn again and again."""
        return self._drawn > 0

    def draw(self, text: str) -> None:
        """Draw the last line in place of what was drawn there before."""
        before = min(self._drawn, self.width or self._drawn)
        self._drawn = cells(writable(text))
        back = "" if text else "\r"  # whoever writes next begins where the line does
        write(f"\r{text}{' ' * (before - self._drawn)}{back}")

    def write(self, text: str) -> None:
        """Write whole lines, the first in place of what is drawn now; if that is empty, what is drawn stays."""
        first, newline, rest = text.partition("\n")
        if self.drawing and first:
            self.draw(first)
            first = ""
        self._drawn = 0
        write(first + newline + rest)

    def finish_line(self) -> None:
        """Let what was drawn last stay, and begin a new line."""
        if self.drawing:
            self.write("\n")

    def close(self) -> None:
        """Show all that has been written."""


class NotebookScreen(Screen):
    """One output of a notebook, whose text is replaced."""

    pause = 0.25
    live, coloured, width = True, False, None

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[str] = []
        self._last = ""
        self._handle: Any = None
        self._next = 0.0

    @property
    def drawing(self) -> bool:
        """Whether the last line is one that is drawn again and again."""
        return bool(self._last)

    def draw(self, text: str) -> None:
        """Draw the last line."""
        self._last = text
        self._show_now_and_then()

    def write(self, text: str) -> None:
        """Write whole lines, the first in place of what is drawn now; if that is empty, what is drawn stays."""
        if text.startswith("\n"):
            text = self._last + text
        *lines, self._last = text.split("\n")
        self._lines += lines
        self._show_now_and_then()
        if len(self._lines) >= _LINES_OF_AN_OUTPUT and not self._last:
            self.close()
            self._lines, self._handle = [], None

    def close(self) -> None:
        """Show all that has been written."""
        if self._lines or self._last:
            self._show()

    def _show_now_and_then(self) -> None:
        now = time.perf_counter()
        if now >= self._next:
            self._show()
            self._next = now + self.pause

    def _show(self) -> None:
        from IPython.display import display

        data = {"text/plain": "\n".join([*self._lines, *([self._last] if self._last else [])])}
        if self._handle is None:
            self._handle = display(data, raw=True, display_id=True)
        else:
            self._handle.update(data, raw=True)


_open: ContextVar[Screen | None] = ContextVar("screen", default=None)


def in_notebook() -> bool:
    """Whether what is written to standard output appears in a notebook now."""
    return type(sys.stdout).__module__.partition(".")[0] == "ipykernel"


@contextmanager
def screen() -> Iterator[Screen]:
    """Give the screen that is open; open one for as long as the ``with`` lasts, if none is."""
    already = _open.get()
    if already is not None:
        yield already
        return
    opened = NotebookScreen() if in_notebook() else Screen()
    token = _open.set(opened)
    try:
        yield opened
    finally:
        _open.reset(token)
        opened.close()


def say(text: str) -> None:
    """Write whole lines among those of the run that is going on; in a terminal, folded between words."""
    with screen() as now:
        if not text.startswith("\n"):
            now.finish_line()
        now.write(folded(text, now.width))
