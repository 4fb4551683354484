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

from typing import Any, ClassVar, overload

import numpy as np

from scratchnet.typing import Array
from scratchnet.utils.naming import look_up
from scratchnet.utils.numbers import true_or_false

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
        """Return the mean loss of the batch; with weights (N,) or (N, 1), the mean of weight times loss.

        The mean always divides by N, not by the sum of the weights, as in Keras.

        Raises:
            ValueError: in our own losses, if ``y_true`` or the weights do not fit ``y_pred``: nothing is broadcast.
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
        self.from_logits = true_or_false(f"from_logits of {type(self).__name__}", from_logits)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal loss."""
        return {"from_logits": self.from_logits}

    def _start(self, y_pred: Array, sample_weight: Array | None) -> Array:
        """Work out the factor of each sample's loss and return the predictions, (N, C), as floats."""
        y_pred = _as_floats(y_pred)
        if y_pred.ndim != 2:
            raise ValueError(f"{self.name} expected predictions of shape (N, C), got {y_pred.shape}.")
        self._scale = (_weights(self.name, sample_weight, len(y_pred)) / len(y_pred)).astype(y_pred.dtype)  # (N,): 1/N
        return y_pred


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
        y_pred = self._start(y_pred, sample_weight)
        N, C = y_pred.shape
        self._right = np.arange(N), self._labels(y_true, N, C)  # the entry of the right class, in each row
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
        return self._labels(y, len(y), _number_of_classes(self.name, output_shape))

    def _labels(self, y_true: Array, N: int, classes: int) -> Array:
        """Return the labels of N samples as new int64 (N,), all of them in 0…C-1."""
        y = np.asarray(y_true)
        if y.shape == (N, 1):
            y = y[:, 0]  # (N,)
        if y.shape != (N,):
            raise ValueError(
                f"{self.name} expected one class number for each of {N} samples, y of shape (N,), got {y.shape}: for "
                f"one-hot rows use categorical_crossentropy."
            )
        labels = _whole_numbers(y)
        outside = np.flatnonzero((labels < 0) | (labels >= classes))
        if outside.size:
            raise ValueError(
                f"{self.name} expected labels in 0…{classes - 1}, since there are {classes} outputs, got "
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
        y_pred = self._start(y_pred, sample_weight)
        t = np.asarray(y_true)
        if t.shape != y_pred.shape:
            raise ValueError(
                f"{self.name} expected y_true of the predictions' shape {y_pred.shape}, got {t.shape}: for class "
                f"numbers use sparse_categorical_crossentropy."
            )
        self._t = t.astype(y_pred.dtype)
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
        if not (np.isfinite(y).all() and y.min(initial=0) >= 0):
            index = tuple(map(int, np.argwhere(~(np.isfinite(y) & (y >= 0)))[0]))
            raise ValueError(
                f"{self.name} expected rows of finite numbers ≥ 0, got the negative or non-finite {y[index]} at index "
                f"{index} of y."
            )
        return y


class MeanSquaredError(Loss):
    """L = mean over the batch of the mean over the outputs of (y_pred - y_true)².

    ∂L/∂y_pred = 2 (y_pred - y_true) / (number of outputs), and 1/N. Shapes: both (N, …); a last axis of 1 may be left
    out of y_true. It computes in the predictions' float type; whole numbers as predictions become float64.
    """

    name = "mean_squared_error"

    def forward(self, y_true: Array, y_pred: Array, sample_weight: Array | None = None) -> float:
        """Return the mean squared error."""
        y_pred = _as_floats(y_pred)
        y_true = self._targets(y_true, y_pred.shape)
        N = len(y_pred)
        weight = _weights(self.name, sample_weight, N)
        self._scale = (weight / y_pred.size).astype(y_pred.dtype).reshape(N, *[1] * (y_pred.ndim - 1))  # (N, 1, …)
        self._error = y_pred - y_true.astype(y_pred.dtype)
        self.predictions = y_pred.copy()
        return float((self._error**2 * self._scale).sum())

    def backward(self) -> Array:
        """Return 2 (y_pred - y_true), times the weight over the number of outputs."""
        return 2 * self._error * self._scale

    def prepare_labels(self, y: Array, output_shape: tuple[int | None, ...]) -> Array:
        """Return the targets in the shape of the outputs; (N,) serves for outputs (N, 1)."""
        return self._targets(y, (len(y), *output_shape[1:]))

    def _targets(self, y_true: Array, shape: tuple[int | None, ...]) -> Array:
        """Return the targets in exactly that shape: if they were left to broadcast, (N,) and (N, 1) gave (N, N)."""
        y = np.asarray(y_true)
        if (*y.shape, 1) == shape:
            y = y[..., None]  # (N, …, 1)
        elif y.shape == (*shape, 1):
            y = y[..., 0]  # (N, …)
        if y.shape != shape:
            raise ValueError(f"{self.name} expected y of the outputs' shape {shape}, got {y.shape}.")
        return y


def _number_of_classes(name: str, output_shape: tuple[int | None, ...]) -> int:
    if len(output_shape) != 2 or output_shape[1] is None:
        raise ValueError(
            f"{name} expected a model with one row of class scores for each sample, outputs of shape (N, C), got "
            f"{output_shape}: end the model in Flatten and Dense."
        )
    return output_shape[1]


def _as_floats(y_pred: Array) -> Array:
    """Return predictions as they are if they are floats, else as float64: no number is cut to a whole one."""
    y_pred = np.asarray(y_pred)
    if y_pred.dtype.kind not in "biuf" or y_pred.ndim == 0:
        raise ValueError(
            f"A loss expected predictions as an array (N, …) of numbers, got dtype {y_pred.dtype} of shape "
            f"{y_pred.shape}."
        )
    return y_pred if y_pred.dtype.kind == "f" else y_pred.astype(np.float64)


def _weights(name: str, sample_weight: Array | None, N: int) -> Array:
    """Return the weights of N samples, (N,); all 1 if there are none."""
    if sample_weight is None:
        return np.ones(N)
    weight = np.asarray(sample_weight)
    if weight.shape not in ((N,), (N, 1)):
        raise ValueError(f"{name} expected sample_weight of shape ({N},) or ({N}, 1), got {weight.shape}.")
    return weight.reshape(N)


def _whole_numbers(y: Array) -> Array:
    try:
        with np.errstate(invalid="ignore"):  # NaN becomes some whole number, and is found below
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


@overload
def get(loss: None) -> None: ...
@overload
def get(loss: str | Loss) -> Loss: ...
def get(loss: str | Loss | None) -> Loss | None:
    """Return the loss of a name, or the object itself; None stays None.

    Raises:
        ValueError: for an unknown name, with the nearest known one.
        TypeError: for anything that is neither a name nor a ``Loss``.
    """
    if loss is None or isinstance(loss, Loss):
        return loss
    if isinstance(loss, str):
        return look_up("loss", loss, LOSSES)()
    raise TypeError(f"A loss is given as a name ({', '.join(LOSSES)}) or as a Loss object, got {loss!r}.")
