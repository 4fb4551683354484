"""Which metrics have a kernel, and how it is called.

As with layers, a kernel stands in only for exactly our own classes.
"""

from __future__ import annotations

from scratchnet.graph.as_defined import AsDefined
from scratchnet.kernels.loops.right_classes import count_right
from scratchnet.metrics import Accuracy, CategoricalAccuracy, Metric, SparseCategoricalAccuracy
from scratchnet.typing import Array

_counts_right_classes = AsDefined(
    (Accuracy, CategoricalAccuracy, SparseCategoricalAccuracy), "values", "update_state", "update"
)


class KernelAccuracy:
    """Counts for a metric the right ones of rows of class scores; whatever else comes, the metric counts itself."""

    def __init__(self, metric: Metric) -> None:
        self.metric = metric

    def __call__(self, y_true: Array, y_pred: Array, sample_weight: Array | None = None) -> None:
        """Take a batch in."""
        if not (
            sample_weight is None
            and y_true.dtype.kind in "iu"
            and y_true.shape == y_pred.shape[:1]
            and y_pred.ndim == 2
            and y_pred.shape[1] > 1
            and y_true.flags.carray
            and y_pred.flags.carray
        ):
            self.metric.update(y_true, y_pred, *(() if sample_weight is None else (sample_weight,)))
            return
        self.metric.total += count_right(y_pred, y_true)
        self.metric.count += len(y_true)


def kernel_metric(metric: Metric) -> KernelAccuracy | None:
    """Return what counts for a metric, or None if there is no kernel for it."""
    return KernelAccuracy(metric) if _counts_right_classes(metric) and metric.dtype is None else None
