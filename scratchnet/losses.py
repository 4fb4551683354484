"""Losses: how wrong a batch of predictions is, as one number, and its slope for every prediction.

    y_true, y_pred (N, C) → loss (one number)         backward: dy_pred = ∂loss/∂y_pred (N, C)

The loss is the mean over the batch. This is the one place where 1/N appears: the gradient starts here with 1/N in it,
and every layer behind simply sums over the samples.

Cross-entropy. The model gives class probabilities p, the truth is a distribution t (one-hot: t is 1 for the right
class). The loss of a sample is the surprise at the truth, L = -Σₖ tₖ log pₖ: zero if the right class had p = 1, and
without bound as p goes to zero.

From logits. If p = softmax(z), then log pₖ = zₖ - log Σⱼ e^zⱼ, so L = Σₖ tₖ (log Σⱼ e^zⱼ - zₖ). With Σₖ tₖ = 1:

    ∂L/∂zₖ = e^zₖ / Σⱼ e^zⱼ - tₖ = pₖ - tₖ

what the model said, minus what was true. Neither this nor the loss divides by p, so nothing overflows, however
sure and wrong the model is. That is why a model that ends in a softmax is trained through its logits.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from scratchnet.typing import Array
from scratchnet.utils.naming import look_up

EPSILON = 1e-7
"""Probabilities are kept this far from 0 and 1 before their logarithm is taken, as in Keras."""


class Loss:
    """Base class. A loss of your own defines ``forward`` and ``backward``.

    Attributes:
        name: as in Keras.
        from_logits: whether ``y_pred`` are logits, which a softmax would turn into probabilities.
        predictions: what metrics look at, (N, C): ``y_pred``, or its softmax where ``from_logits``.
    """

    name: ClassVar[str] = "loss"
    from_logits = False
    predictions: Array

    def forward(self, y_true: Array, y_pred: Array, sample_weight: Array | None = None) -> float:
        """Return the mean loss of the batch; with weights (N,), the mean of weight times loss.

        The mean always divides by N, not by the sum of the weights, as in Keras.
        """
        raise NotImplementedError(f"{type(self).__name__} has no forward(y_true, y_pred, sample_weight).")

    def backward(self) -> Array:
        """Return the gradient with respect to ``y_pred`` of the last ``forward``, a new array of its shape."""
        raise NotImplementedError(f"{type(self).__name__} has no backward().")

    def prepare_labels(self, y: Array, output_shape: tuple[int | None, ...]) -> Array:
        """Return the labels of a whole data set as ``forward`` takes them.

        Raises:
            ValueError: if they do not fit a model with outputs of ``output_shape``.
        """
        return y

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal loss."""
        return {}


class _Crossentropy(Loss):
    """What the two cross-entropies share: labels come as one-hot rows or as class numbers, the rest is the same."""

    def __init__(self, from_logits: bool = False) -> None:
        self.from_logits = from_logits

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal loss."""
        return {"from_logits": self.from_logits}

    def _start(self, y_pred: Array, sample_weight: Array | None) -> None:
        N = len(y_pred)
        weight = np.ones(N) if sample_weight is None else sample_weight
        self._scale = (np.asarray(weight) / N).astype(y_pred.dtype)  # (N,): the one 1/N


def log_softmax(z: Array) -> Array:
    """Return log softmax(z) along the last axis: z - log Σ e^z, with the row's maximum taken off first.

    The maximum changes nothing, since log Σ e^(z-m) = log Σ e^z - m, but keeps e^z from overflowing.
    """
    z = z - z.max(axis=-1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=-1, keepdims=True))


class SparseCategoricalCrossentropy(_Crossentropy):
    """Cross-entropy against class numbers: L = -log p[label].

    With ``from_logits=False`` and probabilities p as input, Keras keeps them within ε…1-ε and divides by their sum:
    L = -log(q[label] / Σ q) with q = clip(p), so ∂L/∂pₖ = 1 / Σ q - tₖ / qₖ, and 0 where p was clipped.

    Shapes: y_true (N,) or (N, 1), integers 0…C-1; y_pred (N, C), float32 or float64.
    """

    name = "sparse_categorical_crossentropy"

    def forward(self, y_true: Array, y_pred: Array, sample_weight: Array | None = None) -> float:
        """Return the mean cross-entropy."""
        self._start(y_pred, sample_weight)
        self._right = np.arange(len(y_pred)), y_true.flatten()  # the entry of the right class, in each row
        if self.from_logits:
            log_p = log_softmax(y_pred)  # (N, C)
            self.predictions = np.exp(log_p)
        else:
            self._q = np.clip(y_pred, EPSILON, 1 - EPSILON)
            log_p = np.log(self._q / self._q.sum(axis=1, keepdims=True))
            self.predictions = y_pred.copy()
        return float(-(log_p[self._right] * self._scale).sum())

    def backward(self) -> Array:
        """Return ∂L/∂y_pred: softmax(z) - t from logits, else 1/Σq - t/q."""
        if self.from_logits:
            dy = self.predictions.copy()
            dy[self._right] -= 1
        else:
            q = self._q
            dy = np.repeat(1 / q.sum(axis=1, keepdims=True), q.shape[1], axis=1)
            dy[self._right] -= 1 / q[self._right]
            dy = np.where(q == self.predictions, dy, 0)  # a clipped probability has slope 0
        return dy * self._scale[:, None]

    def prepare_labels(self, y: Array, output_shape: tuple[int | None, ...]) -> Array:
        """Return the labels as int64 (N,), all of them in 0…C-1."""
        classes = _number_of_classes(self.name, output_shape)
        if y.ndim == 2 and y.shape[1] == 1:
            y = y[:, 0]  # (N,)
        if y.ndim != 1:
            raise ValueError(
                f"{self.name} expected one class number for each sample, y of shape (N,), got {y.shape}: for one-hot "
                f"rows use categorical_crossentropy."
            )
        labels = _whole_numbers(y)
        outside = np.flatnonzero((labels < 0) | (labels >= classes))
        if outside.size:
            raise ValueError(
                f"{self.name} expected labels in 0…{classes - 1}, since the model has {classes} outputs, got "
                f"{labels[outside[0]]} at index {outside[0]} ({outside.size} labels are outside)."
            )
        return labels


class CategoricalCrossentropy(_Crossentropy):
    """Cross-entropy against distributions, mostly one-hot rows: L = -Σₖ tₖ log pₖ.

    With ``from_logits=False`` and probabilities p as input, Keras first divides by their sum, r = p / Σ p, then keeps
    r within ε…1-ε: ∂L/∂rₖ = -tₖ / rₖ, or 0 where r was clipped, and through the division
    ∂L/∂pₖ = (∂L/∂rₖ - Σⱼ rⱼ ∂L/∂rⱼ) / Σ p.

    Shapes: y_true and y_pred (N, C), float32 or float64.
    """

    name = "categorical_crossentropy"

    def forward(self, y_true: Array, y_pred: Array, sample_weight: Array | None = None) -> float:
        """Return the mean cross-entropy."""
        self._start(y_pred, sample_weight)
        self._t = y_true.astype(y_pred.dtype)
        if self.from_logits:
            log_p = log_softmax(y_pred)  # (N, C)
            self.predictions = np.exp(log_p)
        else:
            self._sum = y_pred.sum(axis=1, keepdims=True)
            self._r = y_pred / self._sum
            log_p = np.log(np.clip(self._r, EPSILON, 1 - EPSILON))
            self.predictions = y_pred.copy()
        return float(-(self._t * log_p).sum(axis=1) @ self._scale)

    def backward(self) -> Array:
        """Return ∂L/∂y_pred: softmax(z)·Σt - t from logits, Σt being 1 for a distribution."""
        t = self._t
        if self.from_logits:
            dy = self.predictions * t.sum(axis=1, keepdims=True) - t
        else:
            r = self._r
            inside = (r >= EPSILON) & (r <= 1 - EPSILON)
            dr = np.where(inside, -t / np.where(inside, r, 1), 0)
            dy = (dr - (r * dr).sum(axis=1, keepdims=True)) / self._sum
        return dy * self._scale[:, None]

    def prepare_labels(self, y: Array, output_shape: tuple[int | None, ...]) -> Array:
        """Return the one-hot rows, of shape (N, C)."""
        classes = _number_of_classes(self.name, output_shape)
        if y.ndim != 2 or y.shape[1] != classes:
            raise ValueError(
                f"{self.name} expected one row of {classes} numbers for each sample, y of shape (N, {classes}), got "
                f"{y.shape}: make rows of class numbers with utils.to_categorical(y, {classes}), or use "
                f"sparse_categorical_crossentropy."
            )
        if not np.isfinite(y).all() or y.min(initial=0) < 0:
            raise ValueError(f"{self.name} expected rows of numbers ≥ 0, got a negative or non-finite one in y.")
        return y


class MeanSquaredError(Loss):
    """L = mean over the batch of the mean over the outputs of (y_pred - y_true)².

    ∂L/∂y_pred = 2 (y_pred - y_true) / (number of outputs), and 1/N. Shapes: both (N, …).
    """

    name = "mean_squared_error"

    def forward(self, y_true: Array, y_pred: Array, sample_weight: Array | None = None) -> float:
        """Return the mean squared error."""
        N = len(y_pred)
        weight = np.ones(N) if sample_weight is None else np.asarray(sample_weight)
        self._scale = (weight / y_pred.size).astype(y_pred.dtype).reshape(N, *[1] * (y_pred.ndim - 1))  # (N, 1, …)
        self._error = y_pred - y_true.astype(y_pred.dtype)
        self.predictions = y_pred.copy()
        return float((self._error**2 * self._scale).sum())

    def backward(self) -> Array:
        """Return 2 (y_pred - y_true), times the weight over the number of outputs."""
        return 2 * self._error * self._scale

    def prepare_labels(self, y: Array, output_shape: tuple[int | None, ...]) -> Array:
        """Return the targets in the shape of the outputs; (N,) serves for outputs (N, 1)."""
        if y.ndim == 1 and output_shape[1:] == (1,):
            y = y[:, None]  # (N, 1)
        if y.shape[1:] != output_shape[1:]:
            raise ValueError(f"{self.name} expected y of the outputs' shape {output_shape}, got {y.shape}.")
        return y


def _number_of_classes(name: str, output_shape: tuple[int | None, ...]) -> int:
    if len(output_shape) != 2 or output_shape[1] is None:
        raise ValueError(
            f"{name} expected a model with one row of class scores for each sample, outputs of shape (N, C), got "
            f"{output_shape}: end the model in Flatten and Dense."
        )
    return output_shape[1]


def _whole_numbers(y: Array) -> Array:
    try:
        labels = y.astype(np.int64)
    except (TypeError, ValueError):
        raise ValueError(f"Expected class numbers as labels, got an array of {y.dtype}.") from None
    broken = np.flatnonzero(labels != y)
    if broken.size:
        raise ValueError(f"Expected whole class numbers as labels, got {y[broken[0]]!s} at index {broken[0]}.")
    return labels


LOSSES: dict[str, type[Loss]] = {
    SparseCategoricalCrossentropy.name: SparseCategoricalCrossentropy,
    CategoricalCrossentropy.name: CategoricalCrossentropy,
    MeanSquaredError.name: MeanSquaredError,
    "mse": MeanSquaredError,
}


def get(loss: str | Loss) -> Loss:
    """Return the loss of a name, or the object itself.

    Raises:
        ValueError: for an unknown name, with the nearest known one.
        TypeError: for anything that is neither a name nor a ``Loss``.
    """
    if isinstance(loss, Loss):
        return loss
    if isinstance(loss, str):
        return look_up("loss", loss, LOSSES)()
    raise TypeError(f"A loss is given as a name ({', '.join(LOSSES)}) or as a Loss object, got {loss!r}.")
