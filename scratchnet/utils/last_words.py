"""What a process says before it, and whoever hands on its output, is ended at once."""

from __future__ import annotations

import fcntl
import os
import stat
import struct
import sys
import termios
import time
from typing import TextIO


def say(text: str, stream: TextIO | None = None, patience: float = 5.0) -> None:
    """Write to standard error, and wait until whoever hands it on has it.

    ``mpiexec`` reads what its ranks write through pipes, and throws away what it has not read when one of them aborts.

    Args:
        text: written at once, so that no line of another process comes between.
        stream: another place to write to.
        patience: seconds after which to wait no longer for a reader.
    """
    stream = sys.__stderr__ if stream is None else stream
    if stream is None:  # a Python without a standard error
        return
    stream.flush()
    descriptor = stream.fileno()
    with open(descriptor, "wb", buffering=0, closefd=False) as raw:
        left = memoryview(text.encode(errors="backslashreplace"))
        while left:
            left = left[raw.write(left) or 0 :]
    until = time.monotonic() + patience
    while _unread(descriptor) and time.monotonic() < until:
        time.sleep(0.01)


def _unread(descriptor: int) -> int:
    """Return how many bytes of a pipe nobody has read yet; 0 where this is no pipe."""
    if not stat.S_ISFIFO(os.fstat(descriptor).st_mode):
        return 0
    return int(struct.unpack("i", fcntl.ioctl(descriptor, termios.FIONREAD, bytes(4)))[0])
