"""Which losses have a kernel, and how it is called.

As with layers, a kernel stands in only for exactly our own classes.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from scratchnet.graph.as_defined import AsDefined
from scratchnet.kernels.loops.mean_squared_error import mean_squared_error
from scratchnet.kernels.loops.softmax_crossentropy import softmax_crossentropy, sparse_softmax_crossentropy
from scratchnet.kernels.steps.dense import DenseStep
from scratchnet.kernels.steps.dense_crossentropy import DenseCrossentropyStep
from scratchnet.losses import CategoricalCrossentropy, Loss, MeanSquaredError, SparseCategoricalCrossentropy
from scratchnet.losses.loss import as_floats, check_targets, divisor
from scratchnet.typing import Array
from scratchnet.utils.weights import spread_weights


class KernelCrossentropy(Loss):
    """A cross-entropy from logits, computed by its kernel: loss, probabilities and gradient in one pass."""

    from_logits = True

    def __init__(self, definition: Loss, last: DenseCrossentropyStep | None = None) -> None:
        self.last = last  # the step that computes the logits together with the loss
        self.name = definition.name
        self.definition, self.reduction, self.stands_in = definition, definition.reduction, definition.stands_in
        self.sparse = isinstance(definition, SparseCategoricalCrossentropy)
        self._room: Array = np.empty(0)
        self._made_for: Any = None

    def forward(self, y_true: Array, y_pred: Array, sample_weight: Array | None = None) -> float:
        """Return the mean loss; the gradient comes along. Both lie in arrays that the next call overwrites."""
        if (y_pred.shape, y_pred.dtype) != self._made_for:
            self._make_room(y_pred)
        if not self.stands_in:
            self.predictions = y_pred.copy()
        if y_pred.ndim != 2:
            y_pred = np.ascontiguousarray(y_pred).reshape(-1, y_pred.shape[-1])  # (N, C): every place is a row
        p, scale = self._p, self._scale
        if sample_weight is not None:
            weight = np.repeat(np.asarray(sample_weight), len(p) // len(sample_weight))  # (N,)
            scale = (weight / divisor(self.reduction, weight, len(p))).astype(y_pred.dtype)
        if not self.sparse:
            y_true = self.definition.smoothed(np.asarray(y_true, y_pred.dtype))  # type: ignore[attr-defined]
            y_true = np.ascontiguousarray(y_true).reshape(y_pred.shape)  # (N, C)
        elif y_true.ndim != 1 and self.predictions.ndim > 2:
            y_true = y_true.reshape(-1)  # (N,)
        if self.last is not None:
            return self.last.loss(y_true, self.sparse, scale, p, self._dz)
        if self.sparse:
            return float(sparse_softmax_crossentropy(y_pred, y_true, scale, p, self._dz))
        return float(softmax_crossentropy(y_pred, y_true, scale, p, self._dz))

    def _make_room(self, y_pred: Array) -> None:
        """Make ready for predictions of this shape and dtype: rows of the arrays, which grow when they have to."""
        N, C = math.prod(y_pred.shape[:-1]), y_pred.shape[-1]
        if self._room.size < 2 * N * C or self._room.dtype != y_pred.dtype:
            self._room = np.empty(2 * N * C, y_pred.dtype)
        self._p, self._dz = self._room[: 2 * N * C].reshape(2, N, C)
        self._scale = np.full(N, 1 / divisor(self.reduction, np.ones(N), N), y_pred.dtype)
        self.predictions, self._dy = self._p.reshape(y_pred.shape), self._dz.reshape(y_pred.shape)
        self._made_for = y_pred.shape, y_pred.dtype

    def backward(self) -> Array:
        """Return the gradient with respect to the logits."""
        return self._dy


class KernelMeanSquaredError(Loss):
    """The mean squared error, computed by its kernel: loss and gradient in one pass."""

    def __init__(self, definition: Loss) -> None:
        self.name, self.reduction = definition.name, definition.reduction
        self._predictions = self._dy = np.empty(0)

    def forward(self, y_true: Array, y_pred: Array, sample_weight: Array | None = None) -> float:
        """Return the mean loss; the gradient comes along. Both lie in arrays that the next call overwrites."""
        y_pred = np.ascontiguousarray(as_floats(y_pred))
        if (self._dy.shape, self._dy.dtype) != (y_pred.shape, y_pred.dtype):
            self._predictions, self._dy = np.empty_like(y_pred), np.empty_like(y_pred)
        y_true = np.ascontiguousarray(check_targets(self.name, y_true, y_pred.shape), y_pred.dtype)
        self._predictions[...] = y_pred
        self.predictions = self._predictions
        scale = self._scale(y_pred, sample_weight)
        return float(mean_squared_error(y_true.reshape(-1), y_pred.reshape(-1), scale, self._dy.reshape(-1)))

    def _scale(self, y_pred: Array, sample_weight: Array | None) -> Array:
        """Return what each square counts: one number for all, or one for each row."""
        places = y_pred.shape[: max(1, y_pred.ndim - 1)]  # (N, …)
        rows = math.prod(places)
        columns = max(y_pred.size // max(rows, 1), 1)
        if sample_weight is None:
            return np.full(1, 1 / (divisor(self.reduction, np.array([rows]), rows) * columns), y_pred.dtype)
        weight = spread_weights(self.name, sample_weight, places).ravel()  # (R,)
        return (weight / (divisor(self.reduction, weight, rows) * columns)).astype(y_pred.dtype)

    def backward(self) -> Array:
        """Return the gradient with respect to the predictions."""
        return self._dy


_is_squared_error = AsDefined((MeanSquaredError,), "forward", "backward")
_is_crossentropy = AsDefined((SparseCategoricalCrossentropy, CategoricalCrossentropy), "forward", "backward")


def kernel_loss(loss: Loss, last: Any) -> tuple[Loss, Any]:
    """Return what computes ``loss`` by a kernel, or the loss itself, and what takes the place of the step before it.

    Args:
        loss: the loss.
        last: the step that computes the logits and nothing else wants to know them, or None.
    """
    if (
        isinstance(loss, MeanSquaredError) and _is_squared_error(loss) and loss.dtype is None
    ):  # no kernel changes the type on its way
        return KernelMeanSquaredError(loss), last
    computed = (
        _is_crossentropy(loss)
        and loss.from_logits
        and getattr(loss, "dtype", None) is None
        and getattr(loss, "ignore_class", None) is None  # or passes over a row
    )
    if type(last) in (DenseStep, DenseCrossentropyStep):
        together = computed and DenseCrossentropyStep.fits(last.layers)
        kind = DenseCrossentropyStep if together else DenseStep
        last = last if type(last) is kind else kind(last.layers, last.needs_dx)
    if not computed:
        return loss, last
    return KernelCrossentropy(loss, last if type(last) is DenseCrossentropyStep else None), last
