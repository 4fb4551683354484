"""Errors of numbers, for people to read: the losses of the same names, without gradients."""

from __future__ import annotations

import numpy as np

from scratchnet.metrics.metric import Metric, same_shape
from scratchnet.typing import Array


class MeanSquaredError(Metric):
    """The mean of (y_pred - y_true)² over outputs and samples."""

    default_name = "mean_squared_error"
    better = "min"

    def values(self, y_true: Array, y_pred: Array) -> Array:
        """Return the mean over the last axis, (N, …)."""
        return (_error(y_true, y_pred) ** 2).mean(axis=-1)


class MeanAbsoluteError(Metric):
    """The mean of |y_pred - y_true| over outputs and samples."""

    default_name = "mean_absolute_error"
    better = "min"

    def values(self, y_true: Array, y_pred: Array) -> Array:
        """Return the mean over the last axis, (N, …)."""
        return np.abs(_error(y_true, y_pred)).mean(axis=-1)


def _error(y_true: Array, y_pred: Array) -> Array:
    """Return y_pred - y_true (N, …, C), in the predictions' float type."""
    y_true, y_pred = same_shape(y_true, y_pred)
    kind = y_pred.dtype if y_pred.dtype.kind == "f" else np.dtype(np.float64)  # unsigned numbers would wrap round
    return y_pred.astype(kind) - y_true.astype(kind)
