"""What commands share that measure for a while: they say how far they are, and end in a word, not in a traceback."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable
from typing import TypeVar

from benchmarks.side_by_side import Say, SlowThreads

Measured = TypeVar("Measured")


class UsageError(Exception):
    """An option that makes no sense; the message says what was expected."""


def attempt(measure: Callable[[Say], Measured], interrupted: str) -> Measured | int:
    """Call ``measure`` with a function that prints, after the seconds that have passed, what is going on.

    Args:
        measure: the work.
        interrupted: what is to be said of it after Ctrl-C.

    Returns:
        What it returns; or, if it could not be done, the exit code of the command.
    """
    begin = time.perf_counter()

    def say(what: str) -> None:
        print(f"{time.perf_counter() - begin:5.0f} s  {what}", file=sys.stderr, flush=True)

    try:
        return measure(say)
    except (SlowThreads, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"Interrupted: {interrupted}.", file=sys.stderr)
        return 130


def some_of(option: str, given: str, known: Iterable[str]) -> list[str]:
    """Return the names that an option lists with commas; all that are known, if it is empty.

    Raises:
        UsageError: if one is not known.
    """
    known = list(known)
    names = [name for name in given.split(",") if name]
    if unknown := sorted(set(names) - set(known)):
        raise UsageError(f"{option} expected some of {', '.join(known)}, got {', '.join(unknown)}.")
    return names or known
