"""The losses as functions, Keras's names: the loss of every row, neither weighted nor summed.

    y_true, y_pred (N, …, C) → (N, …)

Each is the class of its name with ``reduction="none"``, and takes that class's other arguments. Where a loss is given
by its name, the function may be given too. Predictions (C,) without samples are one row: what comes out is its loss, a
number.
"""

from __future__ import annotations

from typing import Any

from scratchnet.losses.crossentropy import CategoricalCrossentropy, SparseCategoricalCrossentropy
from scratchnet.losses.loss import Loss
from scratchnet.losses.probabilities import BinaryCrossentropy, KLDivergence
from scratchnet.losses.regression import Huber, MeanAbsoluteError, MeanSquaredError
from scratchnet.utils.numbers import real_array


def _values(loss: Loss, y_true: Any, y_pred: Any) -> Any:
    """Return what the loss says of each row."""
    y_true, y_pred = real_array(f"y_true of {loss.name}", y_true), real_array(f"y_pred of {loss.name}", y_pred)
    if y_pred.ndim == 1:
        return loss(y_true[None], y_pred[None])[0]
    return loss(y_true, y_pred)


def mean_squared_error(y_true: Any, y_pred: Any) -> Any:
    """Return the mean of (y_pred - y_true)² over the last axis."""
    return _values(MeanSquaredError(reduction="none"), y_true, y_pred)


def mean_absolute_error(y_true: Any, y_pred: Any) -> Any:
    """Return the mean of |y_pred - y_true| over the last axis."""
    return _values(MeanAbsoluteError(reduction="none"), y_true, y_pred)


def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Any:
    """Return the mean of Huber's loss over the last axis: half the square up to ``delta``, a line beyond."""
    return _values(Huber(delta, reduction="none"), y_true, y_pred)


def kl_divergence(y_true: Any, y_pred: Any) -> Any:
    """Return Σ t log (t/p) over the last axis."""
    return _values(KLDivergence(reduction="none"), y_true, y_pred)


def binary_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Any:
    """Return the mean over the last axis of the cross-entropies of yes-or-no questions."""
    loss = BinaryCrossentropy(from_logits, label_smoothing, axis, reduction="none")
    return _values(loss, y_true, y_pred)


def categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Any:
    """Return the cross-entropy of each row of class scores against a row of y_true, mostly one-hot."""
    loss = CategoricalCrossentropy(from_logits, label_smoothing, axis, reduction="none")
    return _values(loss, y_true, y_pred)


def sparse_categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, ignore_class: int | None = None, axis: int = -1
) -> Any:
    """Return the cross-entropy of each row of class scores against its class number; 0 for ``ignore_class``."""
    loss = SparseCategoricalCrossentropy(from_logits, ignore_class, reduction="none", axis=axis)
    return _values(loss, y_true, y_pred)


FUNCTIONS = {
    mean_squared_error: MeanSquaredError,
    mean_absolute_error: MeanAbsoluteError,
    huber: Huber,
    kl_divergence: KLDivergence,
    binary_crossentropy: BinaryCrossentropy,
    categorical_crossentropy: CategoricalCrossentropy,
    sparse_categorical_crossentropy: SparseCategoricalCrossentropy,
}
"""The class that each function stands for."""
