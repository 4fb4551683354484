"""What training prints: Keras's lines, to the letter, wherever the terminal is wide enough for them."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable

import numpy as np

from scratchnet.training.progress_line import Bar, metric, plain_line, time_of_step, time_remaining
from scratchnet.utils.numbers import shown
from scratchnet.utils.screen import Screen, in_notebook, say
from scratchnet.utils.terminal import moves_cursor

Logs = dict[str, float]

_SECONDS_BEFORE_AN_ESTIMATE = 0.25


def is_interactive() -> bool:
    """Whether standard output shows live updates: a terminal or a notebook."""
    return sys.stdout is not None and (moves_cursor() or in_notebook())


def resolve_verbose(verbose: int | str) -> int:
    """Return 0, 1 or 2; "auto" is 1 where updates show live and 2 where they would fill a log file.

    Raises:
        ValueError: for any other value.
    """
    if isinstance(verbose, str) and verbose == "auto":
        return 1 if is_interactive() else 2
    if isinstance(verbose, (int, np.integer, np.bool_)) and verbose in (0, 1, 2):  # True and False too, as in Keras
        return int(verbose)
    raise ValueError(f'verbose expected 0, 1, 2 or "auto", got {shown(verbose)}.')


class Progress:
    """Shows how far one pass through the data has come.

    With ``verbose=1`` a bar, redrawn in place where that is possible and drawn once at the end where it is not; with
    ``verbose=2`` one line at the end; with 0 nothing.

    Args:
        steps: how many steps the pass has; None if nobody knows, until it ends.
        verbose: 0, 1 or 2.
        screen: where to draw.
    """

    def __init__(self, steps: int | None, verbose: int, screen: Screen | None = None) -> None:
        self.steps = steps
        self.verbose = verbose
        self.screen = Screen() if screen is None else screen
        self._done = 0
        self._live = verbose == 1 and self.screen.live
        self._start = time.perf_counter()
        self._first: tuple[int, float] | None = None
        self._next_drawing = 0.0

    def update(self, done: int, logs: Callable[[], Logs]) -> None:
        """Say that ``done`` steps are done. ``logs`` is only called if the bar is redrawn now."""
        now = time.perf_counter()
        self._done = done
        if self._first is None:
            self._first = done, now
        if self._live and now >= self._next_drawing and (self.steps is None or done < self.steps):
            self._next_drawing = now + self.screen.pause
            metrics = [metric(name, value) for name, value in logs().items()]
            bar = Bar(done, self.steps, self._times(done, now), metrics)
            self.screen.draw(bar.line(self.screen.width, self.screen.coloured))

    def finish(self, logs: Logs, first: Iterable[str] = ()) -> None:
        """Draw the pass as complete, with its time instead of the time remaining, and end the line.

        In a bar, figures that it has shown already keep their places: those named in ``first``.
        """
        if self.verbose == 0:
            return
        if self.steps is None:
            self.steps = self._done
        now = time.perf_counter()
        elapsed, each = f"{now - self._start:.0f}s", time_of_step(self._seconds_each(self.steps, now))
        names = dict.fromkeys([*first, *logs]) if self.verbose == 1 else logs
        metrics = [metric(name, logs[name]) for name in names if name in logs]
        if self.verbose == 1:
            bar = Bar(self.steps, self.steps, [elapsed, each], metrics)
            lines = bar.lines(self.screen.width, self.screen.coloured)
        else:
            lines = plain_line([f"{self.steps}/{self.steps}", elapsed, each, *metrics], self.screen.width)
        self.screen.write("".join(f"{line}\n" for line in lines))

    def abandon(self) -> None:
        """End the line of a bar that will not be finished."""
        self.screen.finish_line()

    def _times(self, done: int, now: float) -> list[str]:
        """Return what the bar says of times, for the steps so far.

        Nothing at first: the first step may have compiled kernels, and a few of the next are too short a time to tell
        from how long a thousand will take.
        """
        elapsed = [f"{now - self._start:.0f}s"] if self.steps is None else []
        if self._first is None or done == self._first[0] or now - self._first[1] < _SECONDS_BEFORE_AN_ESTIMATE:
            return elapsed
        each = self._seconds_each(done, now)
        return [*(elapsed or [time_remaining(each * ((self.steps or done) - done))]), time_of_step(each)]

    def _seconds_each(self, done: int, now: float) -> float:
        """Return the mean time of a step; the first, which may have compiled kernels, is left out."""
        if self._first is not None and done > self._first[0]:
            return (now - self._first[1]) / (done - self._first[0])
        return (now - self._start) / max(done, 1)


def print_epoch(epoch: int, epochs: int, verbose: int) -> None:
    """Print the line above an epoch's bar. With a single epoch Keras prints none."""
    if verbose and epochs > 1:
        say(f"Epoch {epoch + 1}/{epochs}\n")
