"""Watches the exercises and checks the one whose file changes; Enter checks the current one again."""

from __future__ import annotations

import importlib.util
import os
import select
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from scratchnet.learn.catalogue import NAMES
from scratchnet.learn.folder import Folder
from scratchnet.learn.report import Report

_PAUSE = 0.3
"""Seconds between two looks at the file's time."""

_KEYS = "Enter checks again, h is a hint, l the list, n the next exercise, q the end."


class Watch:
    """Checks again and again until it is told to stop.

    Args:
        folder: the learner's.
        show: prints a report.
        tell: prints a sentence.
        poll: look at the file's time rather than wait for the system's word; so, too, without watchfiles.
    """

    def __init__(
        self, folder: Folder, show: Callable[[Folder, Report], None], tell: Callable[[str], None], poll: bool
    ) -> None:
        self.folder, self.show, self.tell = folder, show, tell
        self.poll = poll or importlib.util.find_spec("watchfiles") is None
        self.changed, self.stopped = threading.Event(), threading.Event()
        self.name = folder.current() or ""
        self.seen = {name: _stamp(folder.file(name)) for name in NAMES}
        """What told each file apart when it was last checked, or first looked at."""
        self.waiting = False
        """Whether the exercise is passed, and Enter goes on to the next."""

    def run(self) -> None:
        """Watch until q, the end of standard input, or the last exercise."""
        if not self.name:
            self.tell("All exercises are passed.")
            return
        if not self.poll:
            threading.Thread(target=self._listen, daemon=True).start()
        try:
            self._check()
            while self.name and not self.stopped.is_set():
                self._turn()
        finally:
            self.stopped.set()

    def _turn(self) -> None:
        self.changed.clear()
        while not self._saved():
            line = _typed(_PAUSE)
            while line is None and not (self.poll or self.changed.is_set()):
                line = _typed(_PAUSE)
            self.changed.clear()
            if line is not None:
                self._obey(line)
                return
        time.sleep(0.05)  # an editor may write in two goes
        self._check()

    def _saved(self) -> bool:
        """Whether a file is another than when it was last looked at; its exercise is then the current one."""
        for name in (self.name, *NAMES):
            if _stamp(self.folder.file(name)) not in (None, self.seen[name]):
                self.name = name
                return True
        return False

    def _obey(self, line: str) -> None:
        key = line.strip().lower()[:1]
        if line == "" or key == "q":  # the end of standard input, or of patience
            self.stopped.set()
        elif key == "h":
            from scratchnet.learn.hinting import next_hint

            number, what, text = next_hint(self.folder, self.name)
            self.tell(f"Hint {number} of 3, {what}: {text}")
        elif key == "l":
            for name in NAMES:
                mark = "✓" if self.folder.progress.passed(name) else "→" if name == self.name else " "
                self.tell(f"{mark} {name}")
        elif key == "n" or (key == "" and self.waiting):
            self._next()
        else:
            self._check()

    def _next(self) -> None:
        following = self.folder.current(after=self.name)
        if following == self.name:
            self.tell(f"{self.name} is the only one that is left.")
        self.name = following or ""
        if self.name:
            self._check()

    def _check(self) -> None:
        self.tell("")
        self.seen[self.name] = _stamp(self.folder.file(self.name))
        report = self.folder.check(self.name)
        self.show(self.folder, report)
        self.waiting = report.passed
        if report.passed and self.folder.current() is None:
            self.name = ""
            return
        self.tell("Enter goes on to the next exercise, q ends." if report.passed else _KEYS)

    def _listen(self) -> None:
        """Wait for the system to say that a file has changed."""
        from watchfiles import watch

        for changes in watch(self.folder.path, stop_event=self.stopped, recursive=False, raise_interrupt=False):
            if any(path.endswith(".py") for _, path in changes):
                self.changed.set()


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
        return found.st_mtime_ns, found.st_size, found.st_ino
    except OSError:  # an editor puts a new file in its place just now
        return None


def _typed(seconds: float) -> str | None:
    """Return the line that was typed, "" at the end of standard input, or None if nothing was."""
    try:
        ready, _, _ = select.select([sys.stdin], [], [], seconds)
    except (OSError, ValueError):
        return ""
    if not ready:
        return None
    return os.read(sys.stdin.fileno(), 4096).decode("utf-8", "replace")
