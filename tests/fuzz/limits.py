"""Bounds on what one input may take: time, and memory above what the process has already.

Time is the processor's, so that a busy machine finds nothing; what waits and computes nothing is given ten times as
much.
"""

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

    before = {each: signal.signal(each, stop) for each in (signal.SIGPROF, signal.SIGALRM)}
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    statm = Path("/proc/self/statm")
    if statm.exists():
        mapped = int(statm.read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (mapped + megabytes * 2**20, hard))
    signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.setitimer(signal.ITIMER_REAL, 10 * seconds)
    try:
        yield
    finally:
        for timer in (signal.ITIMER_PROF, signal.ITIMER_REAL):
            signal.setitimer(timer, 0)
        for each, handler in before.items():
            signal.signal(each, handler)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
