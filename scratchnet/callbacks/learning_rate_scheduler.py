"""A new learning rate for every epoch."""

from __future__ import annotations

import inspect
import math
import numbers
from collections.abc import Callable
from typing import Any

from scratchnet.callbacks.callback import Callback, Logs
from scratchnet.callbacks.checks import refuse_schedule, verbosity
from scratchnet.utils.numbers import shown
from scratchnet.utils.screen import say


class LearningRateScheduler(Callback):
    """Set the learning rate at the beginning of every epoch, and add it to ``logs`` at the end.

    Args:
        schedule: ``schedule(epoch, learning_rate)`` or ``schedule(epoch)``, the epoch from 0, returns the new rate.
        verbose: 1 to print each rate.

    Raises:
        TypeError: for a schedule that cannot be called with these arguments.
        ValueError: in ``fit``, if the optimizer follows a schedule of its own, or if this one returns anything but a
            finite number.
    """

    def __init__(self, schedule: Callable[..., Any], verbose: int = 0) -> None:
        super().__init__()
        self.schedule = schedule
        self.verbose = verbosity(self, verbose)
        if not _takes(schedule, 0, 0.0) and not _takes(schedule, 0):
            raise TypeError(
                f"LearningRateScheduler expected a function schedule(epoch, learning_rate) or schedule(epoch), got "
                f"{shown(schedule)}."
            )

    def _check_fit(self) -> None:
        refuse_schedule(self, self.model)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Set the rate."""
        self._check_fit()  # a callback may have given the optimizer a schedule meanwhile
        optimizer = self.model.optimizer
        before = (float(optimizer.learning_rate),) if _takes(self.schedule, 0, 0.0) else ()
        rate = self.schedule(epoch, *before)
        if not isinstance(rate, numbers.Real) or isinstance(rate, bool) or not math.isfinite(rate):
            raise ValueError(
                f"LearningRateScheduler expected a finite number from schedule in epoch {epoch}, got {shown(rate)}."
            )
        optimizer.learning_rate = float(rate)
        if self.verbose:
            say(f"\nEpoch {epoch + 1}: LearningRateScheduler setting learning rate to {float(rate)}.\n")

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Add the rate to ``logs``, for the callbacks after this one."""
        if logs is not None:
            logs["learning_rate"] = float(self.model.optimizer.learning_rate)


def _takes(function: Any, *arguments: object) -> bool:
    """Return whether a function can be called with so many arguments.

    Calling it to see, as Keras does, would take a TypeError from within the schedule for a wrong signature.
    """
    if not callable(function):
        return False
    try:
        inspect.signature(function).bind(*arguments)
    except TypeError:
        return False
    except ValueError:
        return True  # some functions written in C have no signature to look at
    return True
