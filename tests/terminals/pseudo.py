"""Run a program in a pseudo-terminal and read its screen back.

The program is told that its terminal has so many columns, but the screen that it is read back from is wider than any
line that was written. So a line that is too long is seen as such, where a screen of the true width would show two.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pyte
from wcwidth import wcswidth

from tests.terminals.forking import Forking


class Screen(NamedTuple):
    """What a program left: its exit code, the lines of its screen, all that it wrote, and stderr if that was apart."""

    code: int
    lines: list[str]
    written: str
    errors: str = ""

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def longest(self) -> int:
        """The columns of the longest line that was ever written, those included that others have taken the place of."""
        drawn = re.split(r"[\r\n]|\x1b\[\d*[A-HJ]", self.written)
        return max(wcswidth(re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", line).rstrip()) for line in drawn)

    @property
    def words(self) -> set[str]:
        return set(self.text.split())


def in_terminal(
    columns: int,
    command: Sequence[str],
    folder: Path | None = None,
    seconds: float = 120,
    forking: Forking | None = None,
    **environment: str | None,
) -> Screen:
    """Run a command in a terminal of so many columns; a variable that is None is taken out of the environment.

    With ``forking`` it is that process which begins it: quicker, but not for variables that Python itself reads.
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    left_out = ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "PYTHONIOENCODING")
    variables: dict[str, str | None] = {k: v for k, v in os.environ.items() if k not in left_out}
    variables.update({"TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}, **environment)
    given = {key: value for key, value in variables.items() if value is not None}
    if forking is not None:
        program = list(command[command.index("-c" if "-c" in command else "-m") :])
        number = forking.start(program, os.ttyname(theirs), folder, given)
    else:
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            close_fds=True,
            start_new_session=True,
            env=given,
        )
        number = process.pid
    os.close(theirs)
    written, end = b"", time.monotonic() + seconds
    while time.monotonic() < end:
        ready, _, _ = select.select([ours], [], [], 1)
        try:
            chunk = os.read(ours, 65536) if ready else None
        except OSError:  # the last one has closed it
            break
        if chunk is not None:
            written += chunk
        if chunk == b"":
            break
    else:
        os.kill(number, signal.SIGKILL)
    os.close(ours)
    code = process.wait(10) if forking is None else forking.code()
    return Screen(code, shown(written.decode()), written.decode())


def shown(written: str) -> list[str]:
    """Return the lines that a terminal shows once all this has been written to it."""
    wide, high = max(map(len, re.split(r"[\r\n]", written))) + 1, written.count("\n") + 1
    screen = pyte.Screen(wide, high)
    pyte.Stream(screen).feed(written)
    lines = [line.rstrip() for line in screen.display]
    while lines and not lines[-1]:
        lines.pop()
    return lines


def program(code: str) -> list[str]:
    """Return the command that runs a few lines of Python."""
    return [sys.executable, "-W", "ignore::DeprecationWarning", "-c", code]


def scratchnet(*arguments: str) -> list[str]:
    """Return the command of our command line."""
    return [sys.executable, "-m", "scratchnet", *arguments]
