"""What the callbacks that watch one metric share."""

from __future__ import annotations

import math
import warnings
from typing import Any, ClassVar

from scratchnet.callbacks.callback import Callback, Logs
from scratchnet.callbacks.checks import real_number
from scratchnet.errors import nearest, unknown_name
from scratchnet.utils.numbers import shown

MODES = ("auto", "min", "max")


class Monitor(Callback):
    """What the callbacks that watch a metric share: one name in ``logs``, and which of its values are better."""

    state_names: ClassVar[tuple[str, ...]] = ("best", "_came")

    def __init__(self, monitor: str, mode: str, min_delta: float = 0.0) -> None:
        super().__init__()
        if not isinstance(monitor, str) or not monitor:
            raise ValueError(f"{type(self).__name__} expected monitor as the name of a metric, got {shown(monitor)}.")
        if not isinstance(mode, str) or mode not in MODES:
            raise unknown_name(f"mode of {type(self).__name__}", mode, MODES)
        self.monitor = monitor
        self.mode = mode
        self.min_delta = abs(real_number(self, "min_delta", min_delta))
        self.best: float | None = None
        self._came = False

    def _check_fit(self) -> None:
        """Refuse a metric that is sure not to come, or of which nobody says whether more of it is better.

        Raises:
            ValueError: then.
        """
        self._came = False
        self._direction()

    def current(self, logs: Logs | None) -> float | None:
        """Return the monitored value. If it came before and is missing now, warn and return None.

        Raises:
            ValueError: if it has not come in this ``fit``.
        """
        logs = logs or {}
        if self.monitor in logs:
            self._came = True
            return self._number(logs[self.monitor])
        if not self._came:
            raise ValueError(f"{self._missing(list(logs))}, or place this callback after the one that adds it.")
        warnings.warn(
            f"{type(self).__name__} expected the metric {self.monitor!r} in logs, got {', '.join(logs) or 'nothing'}: "
            f"it passes over this time.",
            stacklevel=2,
        )
        return None

    def is_better(self, value: float, reference: float | None) -> bool:
        """Return whether ``value`` beats ``reference`` by more than ``min_delta``."""
        if math.isnan(value):
            return False  # as a first value it would otherwise be a best that nothing ever beats
        if reference is None:
            return True
        if self._direction() == "min":
            return value + self.min_delta < reference
        return value - self.min_delta > reference

    def _number(self, value: Any) -> float:
        try:
            return float(value)
        except (TypeError, ValueError):
            raise ValueError(
                f"{type(self).__name__} expected a number for the metric {self.monitor!r}, got {shown(value)}."
            ) from None

    def _direction(self) -> str:
        """Return "min" or "max": whether less or more is better."""
        if self.mode != "auto":
            return self.mode
        name = self.monitor.removeprefix("val_")
        metrics = getattr(self.model, "metrics_by_name", {})
        names = getattr(self.model, "metrics_names", ["loss", *metrics])
        if name in names and name not in metrics:
            return "min"  # it is the loss, or that of one output
        if name not in metrics:
            raise ValueError(
                f"{self._missing(names)}, or, for a figure that another callback adds, pass mode='min' or mode='max'."
            )
        better = getattr(metrics[name], "better", None)
        if better not in ("min", "max"):
            raise ValueError(
                f"{type(self).__name__} expected to know whether less or more of {self.monitor!r} is better, but "
                f"{type(metrics[name]).__name__} has better={better!r}: pass mode='min' or mode='max'."
            )
        return str(better)

    def _missing(self, names: list[str]) -> str:
        """Return the beginning of a sentence: which metrics come, and which of them may be meant."""
        name = self.monitor
        near = nearest(name, {*names, *(f"val_{n}" for n in names if not n.startswith("val_"))})
        if name.startswith("val_") and name.removeprefix("val_") in names:
            advice = "give fit validation_data or a validation_split"
        else:
            advice = "monitor one of the metrics there are" + (f", such as {near!r}" if near is not None else "")
        return f"{type(self).__name__} expected a metric {name!r}, got {', '.join(sorted(names)) or 'none'}: {advice}"
