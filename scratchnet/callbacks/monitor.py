"""What the callbacks that watch one metric share."""

from __future__ import annotations

import math
import warnings

from scratchnet.callbacks.callback import Callback, Logs
from scratchnet.errors import unknown_name
from scratchnet.metrics import METRIC_CLASSES


class Monitor(Callback):
    """What EarlyStopping and ModelCheckpoint share: one name in ``logs``, and which of its values are better."""

    def __init__(self, monitor: str, mode: str, min_delta: float = 0.0) -> None:
        super().__init__()
        if mode not in ("auto", "min", "max"):
            raise unknown_name(f"mode of {type(self).__name__}", mode, ("auto", "min", "max"))
        self.monitor = monitor
        self.mode = mode
        self.min_delta = abs(min_delta)
        self.best: float | None = None

    def current(self, logs: Logs | None) -> float | None:
        """Return the monitored value; warn and return None if it is not in ``logs``."""
        logs = logs or {}
        if self.monitor not in logs:
            advice = "give fit validation_data or " if self.monitor.startswith("val_") else ""
            warnings.warn(
                f"{type(self).__name__} expected the metric {self.monitor!r} in logs, got "
                f"{', '.join(logs) or 'nothing'}: {advice}monitor one of the metrics there are.",
                stacklevel=2,
            )
            return None
        return float(logs[self.monitor])

    def _direction(self) -> str:
        """Return "min" or "max": whether less or more is better."""
        if self.mode == "auto":
            name = self.monitor.removeprefix("val_")
            ours = {m.name for m in getattr(self.model, "metrics", ()) if isinstance(m, METRIC_CLASSES)}
            if name in ours or name.endswith(("accuracy", "acc", "auc")):
                self.mode = "max"
            else:
                self.mode = "min"
                if not name.endswith(("loss", "error", "entropy")):
                    warnings.warn(
                        f"{type(self).__name__} cannot tell from the name {self.monitor!r} whether more or less is "
                        f"better and takes less: say mode='max' or mode='min'.",
                        stacklevel=2,
                    )
        return self.mode

    def is_better(self, value: float, reference: float | None) -> bool:
        """Return whether ``value`` beats ``reference`` by more than ``min_delta``."""
        direction = self._direction()
        if math.isnan(value):
            return False  # as a first value it would otherwise be a best that nothing ever beats
        if reference is None:
            return True
        return value + self.min_delta < reference if direction == "min" else value - self.min_delta > reference
