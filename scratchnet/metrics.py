"""Metrics: figures for people to read. They are counted over an epoch and have no gradient."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from scratchnet.typing import Array
from scratchnet.utils.naming import look_up


class Metric:
    """A running mean over all samples since ``reset``. A metric of your own defines ``values``.

    Attributes:
        better: "max" if more of it is better, "min" if less; None leaves ``mode="auto"`` of a callback without answer.
    """

    default_name: ClassVar[str] = "metric"
    better: ClassVar[str | None] = None

    def __init__(self, name: str | None = None) -> None:
        self.name = name or self.default_name
        self.reset()

    def values(self, y_true: Array, y_pred: Array) -> Array:
        """Return one number for each sample, (N,)."""
        raise NotImplementedError(f"{type(self).__name__} has no values(y_true, y_pred).")

    def reset(self) -> None:
        """Forget everything."""
        self.total = 0.0
        self.count = 0

    def update(self, y_true: Array, y_pred: Array) -> None:
        """Take a batch in: labels (N,) or one-hot (N, C), and predictions (N, C)."""
        values = self.values(y_true, y_pred)
        self.total += float(values.sum())
        self.count += len(values)

    def result(self) -> float:
        """Return the mean so far; 0.0 before the first sample, as in Keras."""
        return self.total / self.count if self.count else 0.0

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal metric."""
        return {"name": self.name}


def _class_numbers(y_true: Array, y_pred: Array) -> Array:
    """Return the true classes as (N,), from one-hot rows or from class numbers."""
    if y_true.ndim == 2 and y_true.shape == y_pred.shape and y_true.shape[1] > 1:
        return y_true.argmax(axis=1)
    return y_true.reshape(len(y_true))


class Accuracy(Metric):
    """The share of samples whose largest prediction is the right class. At a tie the first of the largest counts.

    Takes class numbers (N,) as well as one-hot rows (N, C), like Keras's ``"accuracy"``.
    """

    default_name = "accuracy"
    better = "max"

    def values(self, y_true: Array, y_pred: Array) -> Array:
        """Return for each sample whether it was right."""
        return y_pred.argmax(axis=1) == _class_numbers(y_true, y_pred)


class TopKCategoricalAccuracy(Metric):
    """The share of samples whose right class is among the k largest predictions.

    A class that ties with the k-th counts as among them, as in TensorFlow's ``in_top_k``. Takes class numbers (N,) as
    well as one-hot rows (N, C).

    Raises:
        ValueError: if ``k`` is not a positive whole number.
    """

    default_name = "top_k_categorical_accuracy"
    better = "max"

    def __init__(self, k: int = 5, name: str | None = None) -> None:
        if not isinstance(k, int) or k < 1:
            raise ValueError(f"Top-k accuracy expected k as a positive whole number, got {k!r}.")
        self.k = k
        super().__init__(name)

    def values(self, y_true: Array, y_pred: Array) -> Array:
        """Return for each sample whether fewer than k classes were rated above the right one."""
        right = np.take_along_axis(y_pred, _class_numbers(y_true, y_pred)[:, None], axis=1)  # (N, 1)
        return (y_pred > right).sum(axis=1) < self.k

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal metric."""
        return {"k": self.k, "name": self.name}


class SparseTopKCategoricalAccuracy(TopKCategoricalAccuracy):
    """``TopKCategoricalAccuracy`` under the name that Keras gives it for class numbers."""

    default_name = "sparse_top_k_categorical_accuracy"


class SparseCategoricalAccuracy(Accuracy):
    """``Accuracy`` under the name that Keras gives it for class numbers."""

    default_name = "sparse_categorical_accuracy"


class CategoricalAccuracy(Accuracy):
    """``Accuracy`` under the name that Keras gives it for one-hot rows."""

    default_name = "categorical_accuracy"


METRIC_CLASSES: tuple[type[Metric], ...] = (
    Accuracy,
    SparseCategoricalAccuracy,
    CategoricalAccuracy,
    TopKCategoricalAccuracy,
    SparseTopKCategoricalAccuracy,
)
METRICS: dict[str, type[Metric]] = {metric.default_name: metric for metric in METRIC_CLASSES} | {"acc": Accuracy}


def get(metric: str | Metric) -> Metric:
    """Return the metric of a name, or the object itself. The name given is the name shown.

    Raises:
        ValueError: for an unknown name, with the nearest known one.
        TypeError: for anything that is neither a name nor a ``Metric``.
    """
    if isinstance(metric, Metric):
        return metric
    if isinstance(metric, str):
        return look_up("metric", metric, METRICS)(name=metric)
    raise TypeError(f"A metric is given as a name ({', '.join(METRICS)}) or as a Metric object, got {metric!r}.")
