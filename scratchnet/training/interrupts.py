"""Ctrl-C or SIGTERM during training: finish the step that is running, then stop."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from scratchnet.utils.signals import Terminated, handled_by, stop_now


class Shield:
    """``with shield:`` lets what is inside come to its end. Made once, since it goes round every step."""

    up = False

    def __enter__(self) -> None:
        self.up = True

    def __exit__(self, *_: object) -> None:
        self.up = False


class Interruption:
    """Whether someone has asked to stop, and how often.

    The first time sets a flag that the loop looks at, so that no step is cut in half. The second time ends at once
    whatever runs, such as a validation or a callback, but for steps and the saving of a checkpoint: they come to their
    end, unless it is said a third time.
    """

    def __init__(self) -> None:
        self._signals: list[int] = []
        self._decided: list[int] | None = None
        self.shield = Shield()

    @property
    def requested(self) -> bool:
        """Whether to stop after the step that runs."""
        return bool(self._signals if self._decided is None else self._decided)

    @property
    def first(self) -> int | None:
        """The first signal that this process has heard."""
        return self._signals[0] if self._signals else None

    @property
    def heard(self) -> tuple[bool, bool]:
        """Whether it was Ctrl-C, and whether it was SIGTERM, that this process has heard first."""
        return self.first == signal.SIGINT, self.first == signal.SIGTERM

    def decide(self, number: int | None) -> None:
        """From now on count what several processes have agreed on, rather than what this one has heard."""
        self._decided = [] if number is None else [number]

    def note(self, number: int, frame: Any = None) -> None:
        """Hear of a signal."""
        self._signals.append(number)
        if len(self._signals) > (2 if self.shield.up else 1):
            stop_now(number)

    def error(self) -> BaseException:
        """Return what ``fit`` raises after a stop that was asked for."""
        if (self._decided or self._signals)[0] == signal.SIGTERM:
            return Terminated()
        return KeyboardInterrupt("Training was stopped by Ctrl-C; the model and model.history hold what was reached.")


@contextmanager
def deferred_interrupt() -> Iterator[Interruption]:
    """Turn the first Ctrl-C or SIGTERM into a flag.

    Where the usual handlers are not in charge (another thread, or a program with handlers of its own), nothing is
    changed and the flag stays False.
    """
    interruption = Interruption()
    with handled_by(interruption.note):
        yield interruption
