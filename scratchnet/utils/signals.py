"""Being asked to stop: by Ctrl-C (SIGINT), or by the system or a scheduler (SIGTERM)."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn


class Terminated(SystemExit):
    """SIGTERM came. Where nobody catches it, the process ends with exit code 143, as one that the signal kills does."""

    code: int

    def __init__(self) -> None:
        super().__init__(128 + signal.SIGTERM)


def raise_terminated(number: int = signal.SIGTERM, frame: Any = None) -> NoReturn:
    """Raise ``Terminated``: a handler for SIGTERM, as Python's own for Ctrl-C raises KeyboardInterrupt."""
    raise Terminated


USUAL: dict[int, tuple[Any, ...]] = {
    signal.SIGINT: (signal.default_int_handler,),
    signal.SIGTERM: (signal.SIG_DFL, raise_terminated),
}
"""For each signal the handlers in whose place ours may be put: who has set another one wants it."""


def stop_now(number: int) -> NoReturn:
    """Raise what the signal means where nothing has to be finished first."""
    if number == signal.SIGTERM:
        raise Terminated
    raise KeyboardInterrupt


def hear_no_more() -> None:
    """Let neither signal change anything any more: this process has been asked to stop, and is on its way to its end.

    For good, since Python takes its own handlers away before a process has ended, and the next signal would kill it
    with another exit code than the one that it is about to return.
    """
    if threading.current_thread() is threading.main_thread():
        for number, usual in USUAL.items():
            if signal.getsignal(number) in usual:
                signal.signal(number, signal.SIG_IGN)


@contextmanager
def handled_by(handler: Any) -> Iterator[None]:
    """Let both signals call ``handler``, in the main thread and where the usual handlers are in charge."""
    before: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        before = {number: old for number, usual in USUAL.items() if (old := signal.getsignal(number)) in usual}
    try:
        for number in before:
            signal.signal(number, handler)
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
