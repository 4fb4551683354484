"""What the commands print: results to stdout; errors and remarks, one line each, to stderr."""

from __future__ import annotations

import inspect
import shutil
from collections.abc import Callable
from typing import TYPE_CHECKING

from scratchnet.errors import ScratchnetError
from scratchnet.utils.numbers import printable
from scratchnet.utils.terminal import make_console

if TYPE_CHECKING:
    from rich.console import Console


class Interrupted(ScratchnetError):
    """Ctrl-C was pressed, or SIGTERM came; the message says what was kept.

    Attributes:
        code: the exit code, 128 and the number of the signal.
    """

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


_EIGHTHS = " ▏▎▍▌▋▊▉"


def help_of(function: Callable[..., object]) -> str:
    """Return a docstring as help text. Typer keeps the line breaks of the source, wherever the terminal ends."""
    paragraphs = (inspect.getdoc(function) or "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def console(stderr: bool = False) -> Console:
    """Return a console on what is stdout or stderr now. In a file, lines are as long as they are."""
    out = make_console(stderr)
    if not out.is_terminal:
        out.width = max(shutil.get_terminal_size().columns, 100)
    return out


def say(text: str = "", style: str = "") -> None:
    """Print one line of text as it is, without folding it or reading [brackets] as markup."""
    console().print(text, style=style, markup=False, soft_wrap=True)


def complain(sentence: str) -> None:
    """Print an error to stderr."""
    _to_stderr("Error: ", "bold red", sentence)


def remark(sentence: str) -> None:
    """Print a remark that is no error to stderr."""
    _to_stderr("Note: ", "bold yellow", sentence)


def _to_stderr(word: str, style: str, sentence: str) -> None:
    from rich.text import Text

    shown = "\n".join(map(printable, sentence.split("\n")))
    console(stderr=True).print(Text.assemble((word, style), shown), soft_wrap=True)


def bar(share: float, width: int) -> str:
    """Return a bar of that share of ``width`` characters, to an eighth of a character."""
    full, rest = divmod(round(max(0.0, min(share, 1.0)) * width * 8), 8)
    return ("█" * full + (_EIGHTHS[rest] if rest else "")).ljust(width)
