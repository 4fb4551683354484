"""The metrics as functions, Keras's names: a number for each row, not yet a mean.

    y_true, y_pred (N, …, C) → (N, …), of ``binary_accuracy`` (N, …, C)

Each is what the class of its name takes the mean of, and takes that class's arguments. Predictions (C,) without samples
are one row: what comes out has no N.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet import config
from scratchnet.metrics.accuracy import (
    BinaryAccuracy,
    CategoricalAccuracy,
    SparseCategoricalAccuracy,
    SparseTopKCategoricalAccuracy,
    TopKCategoricalAccuracy,
)
from scratchnet.metrics.metric import Metric
from scratchnet.metrics.regression import MeanAbsoluteError, MeanSquaredError


def _values(metric: Metric, y_true: Any, y_pred: Any) -> Any:
    """Return what the metric says of each row, as floats."""
    y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
    if y_pred.ndim == 1:
        return _values(metric, y_true[None], y_pred[None])[0]
    return metric.values(y_true, y_pred).astype(y_pred.dtype if y_pred.dtype.kind == "f" else config.floatx())


def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> Any:
    """Return 1 for each output on the right side of the threshold, else 0: (N, …, C)."""
    return _values(BinaryAccuracy(threshold=threshold), y_true, y_pred)


def categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """Return 1 for each row of scores whose largest is that of the right class, else 0."""
    return _values(CategoricalAccuracy(), y_true, y_pred)


def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """Return 1 for each row of scores whose largest is that of the right class number, else 0."""
    return _values(SparseCategoricalAccuracy(), y_true, y_pred)


def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Any:
    """Return 1 for each row of scores in which the right class is among the k largest, else 0."""
    return _values(TopKCategoricalAccuracy(k), y_true, y_pred)


def sparse_top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5, from_sorted_ids: bool = False) -> Any:
    """Return 1 for each row in which the right class number is among the k largest, else 0."""
    return _values(SparseTopKCategoricalAccuracy(k, from_sorted_ids=from_sorted_ids), y_true, y_pred)


def mean_squared_error(y_true: Any, y_pred: Any) -> Any:
    """Return the mean of (y_pred - y_true)² over the last axis."""
    return _values(MeanSquaredError(), y_true, y_pred)


def mean_absolute_error(y_true: Any, y_pred: Any) -> Any:
    """Return the mean of |y_pred - y_true| over the last axis."""
    return _values(MeanAbsoluteError(), y_true, y_pred)


FUNCTIONS = {
    binary_accuracy: BinaryAccuracy,
    categorical_accuracy: CategoricalAccuracy,
    sparse_categorical_accuracy: SparseCategoricalAccuracy,
    top_k_categorical_accuracy: TopKCategoricalAccuracy,
    sparse_top_k_categorical_accuracy: SparseTopKCategoricalAccuracy,
    mean_squared_error: MeanSquaredError,
    mean_absolute_error: MeanAbsoluteError,
}
"""The class that each function stands for."""
