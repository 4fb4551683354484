"""What training prints: Keras's lines, to the letter."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from scratchnet.utils.terminal import write

Logs = dict[str, float]

_BAR_WIDTH = 20
_SECONDS_BETWEEN_DRAWINGS = 0.05


def is_interactive() -> bool:
    """Whether standard output shows live updates: a terminal or a notebook."""
    return sys.stdout is not None and (sys.stdout.isatty() or "ipykernel" in sys.modules)


def resolve_verbose(verbose: int | str) -> int:
    """Return 0, 1 or 2; "auto" is 1 where updates show live and 2 where they would fill a log file.

    Raises:
        ValueError: for any other value.
    """
    if verbose == "auto":
        return 1 if is_interactive() else 2
    if verbose in (0, 1, 2):  # True and False count as 1 and 0, as in Keras
        return int(verbose)
    raise ValueError(f'verbose expected 0, 1, 2 or "auto", got {verbose!r}.')


class Progress:
    """Shows how far one pass through the data has come.

    With ``verbose=1`` a bar, redrawn in place where that is possible and drawn once at the end where it is not; with
    ``verbose=2`` one line at the end; with 0 nothing.

    Args:
        steps: how many steps the pass has; None if nobody knows, until it ends.
        verbose: 0, 1 or 2.
    """

    def __init__(self, steps: int | None, verbose: int) -> None:
        self.steps = steps
        self.verbose = verbose
        self._done = 0
        self._live = verbose == 1 and is_interactive()
        self._start = time.perf_counter()
        self._after_first = 0.0
        self._next_drawing = 0.0
        self._drawn_length = 0

    def update(self, done: int, logs: Callable[[], Logs]) -> None:
        """Say that ``done`` steps are done. ``logs`` is only called if the bar is redrawn now."""
        now = time.perf_counter()
        self._done = done
        if done == 1:
            self._after_first = now
        if self._live and now >= self._next_drawing and (self.steps is None or done < self.steps):
            self._next_drawing = now + _SECONDS_BETWEEN_DRAWINGS
            each = self._seconds_each(done, now)
            clock = f"{now - self._start:.0f}s" if self.steps is None else _clock(each * (self.steps - done))
            self._draw(done, clock, each, logs())

    def finish(self, logs: Logs) -> None:
        """Draw the pass as complete, with its time instead of the time remaining, and end the line."""
        if self.verbose == 0:
            return
        if self.steps is None:
            self.steps = self._done
        now = time.perf_counter()
        elapsed, each = f"{now - self._start:.0f}s", self._seconds_each(self.steps, now)
        if self.verbose == 1:
            self._draw(self.steps, elapsed, each, logs)
            write("\n")
        else:
            write(f"{self.steps}/{self.steps} - {elapsed} - {_per_step(each)}{_metrics(logs)}\n")

    def abandon(self) -> None:
        """End the line of a bar that will not be finished."""
        if self._drawn_length:
            write("\n")

    def _seconds_each(self, done: int, now: float) -> float:
        """Return the mean time of a step; the first, which may have compiled kernels, is left out."""
        if done > 1 and self._after_first:
            return (now - self._after_first) / (done - 1)
        return (now - self._start) / max(done, 1)

    def _draw(self, done: int, clock: str, each: float, logs: Logs) -> None:
        tail = f"{_per_step(each)}{_metrics(logs)}"
        if self.steps is None:
            plain = f"{done:7d}/Unknown {clock} {tail}"
            coloured = f"{done:7d}/Unknown \x1b[1m{clock}\x1b[0m {tail}"
        else:
            filled = _BAR_WIDTH * done // max(self.steps, 1)
            count = f"{done:{len(str(self.steps))}d}/{self.steps}"
            plain = f"{count} {'━' * _BAR_WIDTH} {clock} {tail}"
            bar = f"\x1b[32m{'━' * filled}\x1b[0m\x1b[37m{'━' * (_BAR_WIDTH - filled)}\x1b[0m"
            coloured = f"\x1b[1m{count}\x1b[0m {bar} \x1b[1m{clock}\x1b[0m {tail}"
        if not self._live:
            write(plain)
            return
        blanks = " " * (self._drawn_length - len(plain))
        self._drawn_length = len(plain)
        write(f"\r{coloured}{blanks}")


def print_epoch(epoch: int, epochs: int, verbose: int) -> None:
    """Print the line above an epoch's bar. With a single epoch Keras prints none."""
    if verbose and epochs > 1:
        write(f"Epoch {epoch + 1}/{epochs}\n")


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    if seconds > 3600:
        return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"
    return f"{minutes}:{rest:02d}" if seconds > 60 else f"{rest + 60 * minutes}s"


def _per_step(seconds: float) -> str:
    if seconds >= 1 or seconds == 0:
        return f"{seconds:.0f}s/step"
    return f"{seconds * 1e3:.0f}ms/step" if seconds >= 1e-3 else f"{seconds * 1e6:.0f}us/step"


def _metrics(logs: Logs) -> str:
    shown = ((name, f"{value:.4f}" if abs(value) > 1e-3 else f"{value:.4e}") for name, value in logs.items())
    return "".join(f" - {name}: {value}" for name, value in shown)
