"""Ctrl-C during training: finish the step that is running, then stop."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Interruption:
    """Whether Ctrl-C has been pressed."""

    requested = False


@contextmanager
def deferred_interrupt() -> Iterator[Interruption]:
    """Turn the first Ctrl-C into a flag, so that no step is cut in half; a second one interrupts at once.

    Where Python's usual handler is not in charge (another thread, or a program with a handler of its own), nothing
    is changed and the flag stays False.
    """
    interruption = Interruption()
    in_charge = (
        threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    )
    if not in_charge:
        yield interruption
        return

    def note(number: int, frame: Any) -> None:
        interruption.requested = True
        signal.signal(signal.SIGINT, signal.default_int_handler)

    signal.signal(signal.SIGINT, note)
    try:
        yield interruption
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
