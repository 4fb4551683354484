"""Accuracies: the share of right predictions, by what counts as right."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from scratchnet.metrics.metric import Metric, same_shape
from scratchnet.typing import Array
from scratchnet.utils.numbers import real_number, true_or_false, whole_number


def _class_numbers(y_true: Array, y_pred: Array) -> Array:
    """Return the true classes as (N, …), from one-hot rows (N, …, C) or from class numbers (N, …) or (N, …, 1)."""
    if y_true.shape == y_pred.shape[:-1]:
        return y_true
    if y_true.shape == y_pred.shape and y_pred.shape[-1] > 1:
        return y_true.argmax(axis=-1)
    if y_true.shape == (*y_pred.shape[:-1], 1):
        return y_true[..., 0]
    raise ValueError(
        f"A metric expected labels of shape {y_pred.shape[:-1]} or one-hot rows of shape {y_pred.shape} for "
        f"predictions of shape {y_pred.shape}, got labels of shape {y_true.shape}."
    )


def _but_for_nan(hits: Array, y_pred: Array) -> Array:
    """Return hits (N, …) without those of rows of scores in which there is a NaN."""
    if not math.isnan(np.vdot(y_pred, y_pred)):  # which hands NaN on, so most often this is all there is to do
        return hits
    return hits & ~np.isnan(y_pred.max(axis=-1))  # so does a maximum


def _largest_is_right(y_true: Array, y_pred: Array) -> Array:
    """Return for each row of scores whether the first of the largest is the right class; never with a NaN in it."""
    return _but_for_nan(y_pred.argmax(axis=-1) == _class_numbers(y_true, y_pred), y_pred)


def _right_side(y_true: Array, y_pred: Array, threshold: float) -> Array:
    """Return for each output whether its side of the threshold is the label, 0 or 1; NaN has no side."""
    y_true, y_pred = same_shape(y_true, y_pred)
    return ((y_pred > threshold) == y_true) & ~np.isnan(y_pred)


class Accuracy(Metric):
    """The share of right predictions, counted by what the outputs are, like Keras's ``"accuracy"``.

    - One output, (N, …, 1): right if the label is 1 and the output above 0.5, or the label 0 and it is not.
    - Class scores, (N, …, C): right if the largest is that of the right class; at a tie the first of the largest
      counts. Labels are class numbers (N, …) or one-hot rows (N, …, C).

    With more axes, such as a class for each pixel, every place counts alike. An output or a row of scores in which
    there is a NaN is not right, whatever the label: NaN may stand for any number, the largest included.

    Raises:
        ValueError: if the shapes of labels and predictions do not fit.
    """

    default_name = "accuracy"
    better = "max"

    def values(self, y_true: Array, y_pred: Array) -> Array:
        """Return for each place whether it was right, (N, …)."""
        one_output = y_pred.ndim == 1 or y_pred.shape[-1] == 1
        return _right_side(y_true, y_pred, 0.5)[..., 0] if one_output else _largest_is_right(y_true, y_pred)


class BinaryAccuracy(Metric):
    """The share of outputs on the right side of the threshold: above it for the label 1, not above it for 0.

    Each output counts by itself, also where there are several, (N, C). A NaN is on no side.

    Raises:
        ValueError: if ``threshold`` is no finite number, or the shapes do not fit.
    """

    default_name = "binary_accuracy"
    better = "max"

    def __init__(self, name: str | None = None, dtype: str | None = None, threshold: float = 0.5) -> None:
        self.threshold = real_number("threshold of BinaryAccuracy", threshold)
        super().__init__(name, dtype)

    def values(self, y_true: Array, y_pred: Array) -> Array:
        """Return for each output whether it was right, (N, …, C)."""
        return _right_side(y_true, y_pred, self.threshold)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal metric."""
        return {**super().get_config(), "threshold": self.threshold}


class TopKCategoricalAccuracy(Metric):
    """The share of rows of scores (N, …, C) in which the right class is among the k largest.

    A class that ties with the k-th counts as among them, as in TensorFlow's ``in_top_k``. A row in which there is a NaN
    is no hit, as there and in ``Accuracy``; nor is one whose label is no class at all. Takes class numbers (N, …) as
    well as one-hot rows (N, …, C).

    Raises:
        ValueError: if ``k`` is not a positive whole number, or the shapes do not fit.
    """

    default_name = "top_k_categorical_accuracy"
    better = "max"

    def __init__(self, k: int = 5, name: str | None = None, dtype: str | None = None) -> None:
        self.k = whole_number(f"k of {type(self).__name__}", k, 1)
        super().__init__(name, dtype)

    def values(self, y_true: Array, y_pred: Array) -> Array:
        """Return for each row whether fewer than k classes were rated above the right one, (N, …)."""
        labels = _class_numbers(y_true, y_pred)
        classes = np.arange(y_pred.shape[-1])
        is_right = labels[..., None] == classes  # (N, …, C): nowhere for a label that is no class
        right = np.where(is_right, y_pred, -np.inf).max(axis=-1, keepdims=True)  # (N, …, 1)
        better = (y_pred > right).sum(axis=-1)
        return _but_for_nan((better < self.k) & is_right.any(axis=-1), y_pred)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal metric."""
        return {"k": self.k, **super().get_config()}


class SparseTopKCategoricalAccuracy(TopKCategoricalAccuracy):
    """``TopKCategoricalAccuracy`` under the name that Keras gives it for class numbers.

    With ``from_sorted_ids`` the predictions are not scores but class numbers themselves, the best first (N, …, C), as a
    system that searches for answers gives them.
    """

    default_name = "sparse_top_k_categorical_accuracy"

    def __init__(
        self, k: int = 5, name: str | None = None, dtype: str | None = None, from_sorted_ids: bool = False
    ) -> None:
        self.from_sorted_ids = true_or_false(f"from_sorted_ids of {type(self).__name__}", from_sorted_ids)
        super().__init__(k, name, dtype)

    def values(self, y_true: Array, y_pred: Array) -> Array:
        """Return for each row whether the right class is among the k best, (N, …)."""
        if not self.from_sorted_ids:
            return super().values(y_true, y_pred)
        return (y_pred[..., : self.k] == _class_numbers(y_true, y_pred)[..., None]).any(axis=-1)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal metric."""
        return {**super().get_config(), "from_sorted_ids": self.from_sorted_ids}


class SparseCategoricalAccuracy(Metric):
    """The share of rows of class scores (N, …, C) whose largest is that of the right class.

    As ``Accuracy``, but a single output is a row of one class here, never compared with 0.5, as in Keras.
    """

    default_name = "sparse_categorical_accuracy"
    better = "max"

    def values(self, y_true: Array, y_pred: Array) -> Array:
        """Return for each row whether it was right, (N, …)."""
        return _largest_is_right(y_true, y_pred)


class CategoricalAccuracy(SparseCategoricalAccuracy):
    """``SparseCategoricalAccuracy`` under the name that Keras gives it for one-hot rows."""

    default_name = "categorical_accuracy"
    better = "max"
