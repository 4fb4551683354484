"""Bounds on what one input may take: time, and memory above what the process has already."""

from __future__ import annotations

import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SECONDS = 5.0
MEGABYTES = 500


class TooSlow(BaseException):
    """No Exception, so that code which turns exceptions into refusals does not take it for one."""


@contextmanager
def bounded(seconds: float, megabytes: int) -> Iterator[None]:
    """Raise TooSlow after so many seconds, and let what asks for more memory get a MemoryError (on Linux)."""

    def stop(*_: Any) -> None:
        raise TooSlow(f"one input took more than {seconds:g} s")

    before = signal.signal(signal.SIGALRM, stop)
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    statm = Path("/proc/self/statm")
    if statm.exists():
        mapped = int(statm.read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (mapped + megabytes * 2**20, hard))
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
