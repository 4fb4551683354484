"""Cross-entropy over classes: how surprised the model is at the right one.

    y_true, y_pred (N, …, C) → rows (R, C) → loss of each row (R,)         backward: ∂loss/∂y_pred (N, …, C)

One row. The model gives class probabilities p, the truth is a distribution t (one-hot: t is 1 for the right class).
The loss is the surprise at the truth: zero if the right class had p = 1, and without bound as p goes to zero,

    L = -Σₖ tₖ log pₖ        (1)

From logits. If p = softmax(z), then log pₖ = zₖ - log Σⱼ e^zⱼ (2), so L = Σₖ tₖ (log Σⱼ e^zⱼ - zₖ), and

    ∂L/∂zₖ = (Σⱼ tⱼ) e^zₖ / Σⱼ e^zⱼ - tₖ = pₖ - tₖ        (3)        since Σⱼ tⱼ = 1

what the model said, minus what was true. Neither this nor the loss divides by p, so nothing overflows, however
sure and wrong the model is. That is why a model that ends in a softmax is trained through its logits.

From probabilities. They need not have the sum 1, and a logarithm must not meet a zero; both are mended as in Keras, and
the slopes go through the mending. Class numbers: q = clip(p) to ε…1-ε first, then the division by the sum (4), so

    L = log Σⱼ qⱼ - log q[label]        ∂L/∂pₖ = 1 / Σⱼ qⱼ - tₖ / qₖ, and 0 where p was clipped        (5)

Distributions: r = p / Σ p first, then the clip (6), so

    ∂L/∂rₖ = -tₖ / rₖ, and 0 where r was clipped        (7)        ∂L/∂pₖ = (∂L/∂rₖ - Σⱼ rⱼ ∂L/∂rⱼ) / Σⱼ pⱼ        (8)

Smoothed labels. A one-hot row asks for p = 1, which logits reach at infinity only, so they grow and grow. With
``label_smoothing`` s the truth gives a share s to all classes alike, and the best logits are finite:

    tₖ ← (1 - s) tₖ + s / C        (9)

Places without a label, such as the edge of a hand-drawn mask. Their rows get a class number of their own,
``ignore_class``, and do not count: neither their loss nor their slopes, nor they themselves in the mean,

    scale[r] = weight[r] counts[r] / Σ counts    (10)        counts[r] = 0 where the label is ignore_class, else 1
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from scratchnet.losses.loss import RowLoss, check_axis, check_range
from scratchnet.typing import Array
from scratchnet.utils.numbers import real_number, true_or_false, whole_number

EPSILON = 1e-7
"""Probabilities are kept this far from 0 and 1 before their logarithm is taken, as in Keras."""


class _Crossentropy(RowLoss):
    """What the two cross-entropies share: labels come as one-hot rows or as class numbers, the rest is the same."""

    def __init__(self, from_logits: bool, axis: int, reduction: str, name: str | None, dtype: str | None) -> None:
        super().__init__(reduction, name, dtype)
        check_axis(type(self).__name__, axis)
        self.from_logits = true_or_false(f"from_logits of {type(self).__name__}", from_logits)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal loss."""
        return {"from_logits": self.from_logits, "axis": -1, **super().get_config()}

    def _start(self, y_pred: Array, sample_weight: Array | None) -> Array:
        if np.ndim(y_pred) < 2:
            raise ValueError(f"{self.name} expected predictions of shape (N, …, C), got {np.shape(y_pred)}.")
        return super()._start(y_pred, sample_weight)


def log_softmax(z: Array) -> Array:
    """Return log softmax(z) along the last axis: z - log Σ e^z, with the row's maximum taken off first.

    The maximum changes nothing, since log Σ e^(z-m) = log Σ e^z - m, but keeps e^z from overflowing.
    """
    z = z - z.max(axis=-1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=-1, keepdims=True))  # (2)


class SparseCategoricalCrossentropy(_Crossentropy):
    """Cross-entropy against class numbers: L = -log p[label].

    Args:
        from_logits: whether the predictions are logits.
        ignore_class: the label of places that do not count; it may be one of 0…C-1 or any other whole number.
        reduction: see ``RowLoss``.
        axis: where the classes are; only -1.
        name, dtype: see ``RowLoss``.

    Shapes: y_true (N, …) or (N, …, 1), integers 0…C-1 or ``ignore_class``; y_pred (N, …, C), float32 or float64.
    """

    name = "sparse_categorical_crossentropy"

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str = "sum_over_batch_size",
        axis: int = -1,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(from_logits, axis, reduction, name, dtype)
        what = "ignore_class of SparseCategoricalCrossentropy"
        self.ignore_class = None if ignore_class is None else whole_number(what, ignore_class)

    @property
    def depends_on_batch(self) -> bool:
        """Whether it matters which samples come together: also where some do not count."""
        return super().depends_on_batch or self.ignore_class is not None

    def forward(self, y_true: Array, y_pred: Array, sample_weight: Array | None = None) -> float:
        """Return the mean cross-entropy."""
        p = self._start(y_pred, sample_weight)  # (R, C)
        R, C = p.shape
        labels = self._labels(y_true, self._shape[:-1], C).reshape(R)  # (R,)
        if self.ignore_class is not None:
            labels = self._leave_out(labels)
        self._right = np.arange(R), labels  # the entry of the right class, in each row
        if self.from_logits:
            log_p = log_softmax(p)
            self._p = np.exp(log_p)
            if self.stands_in:
                self.predictions = self._p.reshape(self._shape)  # (N, …, C)
        else:
            self._p, self._q = p.copy(), np.clip(p, EPSILON, 1 - EPSILON)
            log_p = np.log(self._q / self._q.sum(axis=1, keepdims=True))  # (4)
        return self._total(-log_p[self._right])  # (1), where t is 1 for one class only

    def backward(self) -> Array:
        """Return ∂L/∂y_pred: p - t from logits, else 1/Σq - t/q."""
        if self.from_logits:
            dy = self._p.copy()
            dy[self._right] -= 1  # (3)
        else:
            q = self._q
            dy = np.repeat(1 / q.sum(axis=1, keepdims=True), q.shape[1], axis=1)
            dy[self._right] -= 1 / q[self._right]
            dy = np.where(q == self._p, dy, 0)  # (5)
        return self._scaled(dy)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal loss."""
        return {"ignore_class": self.ignore_class, **super().get_config()}

    def prepare_labels(self, y: Array, output_shape: tuple[int | None, ...]) -> Array:
        """Return the labels as int64 (N, …), all of them in 0…C-1, or ignored."""
        return self._labels(y, (len(y), *output_shape[1:-1]), _number_of_classes(self.name, output_shape))

    def _leave_out(self, labels: Array) -> Array:
        """Take the ignored rows out of ``_scale`` (R,); return the labels (R,) with some class in their place."""
        counts = labels != self.ignore_class  # (R,)
        self._set_scale(self._weight * counts, int(counts.sum()), self._scale.dtype)  # (10)
        return np.where(counts, labels, 0)

    def _labels(self, y_true: Array, shape: tuple[int | None, ...], classes: int) -> Array:
        """Return the labels as a new int64 array of that shape, all of them in 0…C-1, or ignored."""
        y = np.asarray(y_true)
        if y.shape == (*shape, 1):
            y = y[..., 0]  # (N, …)
        if y.shape != shape and len(shape) == 1:
            raise ValueError(
                f"{self.name} expected one class number for each of {shape[0]} samples, y of shape (N,), got "
                f"{y.shape}: for one-hot rows use categorical_crossentropy."
            )
        if y.shape != shape:
            raise ValueError(
                f"{self.name} expected a class number for each place of the outputs, y of shape {shape}, got "
                f"{y.shape}: for one class for each sample, end the model in Flatten and Dense."
            )
        labels = _whole_numbers(y)
        outside = (labels < 0) | (labels >= classes)
        if self.ignore_class is not None:
            outside &= labels != self.ignore_class
        if outside.any():
            index = _first(outside)
            raise ValueError(
                f"{self.name} expected labels in 0…{classes - 1}, since there are {classes} outputs, got "
                f"{labels[index]} at index {_shown(index)} ({outside.sum()} labels are outside)."
            )
        return labels


class CategoricalCrossentropy(_Crossentropy):
    """Cross-entropy against distributions, mostly one-hot rows: L = -Σₖ tₖ log pₖ.

    Args:
        from_logits: whether the predictions are logits.
        label_smoothing: s, the share of the truth that goes to all classes alike, 0…1.
        axis: where the classes are; only -1.
        reduction, name, dtype: see ``RowLoss``.

    Shapes: y_true and y_pred (N, …, C), float32 or float64.
    """

    name = "categorical_crossentropy"

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str = "sum_over_batch_size",
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(from_logits, axis, reduction, name, dtype)
        self.label_smoothing = real_number(f"label_smoothing of {type(self).__name__}", label_smoothing, 0, 1)

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Return the loss of arrays or lists; see ``RowLoss``. Warn if there is only one class."""
        self._warn_of_one_class(np.shape(y_pred))
        return super().__call__(y_true, y_pred, sample_weight)

    def _warn_of_one_class(self, shape: tuple[int | None, ...]) -> None:
        if shape[-1:] == (1,):
            warnings.warn(
                f"{self.name} expected a row of several class scores, got outputs of shape {shape}: a single class is "
                f"right whatever the model says; for a yes or no use binary_crossentropy.",
                SyntaxWarning,
                stacklevel=3,
            )

    def smoothed(self, t: Array) -> Array:
        """Return the rows (…, C) with a share of them given to all classes alike."""
        s = self.label_smoothing
        return (1 - s) * t + s / t.shape[-1] if s else t  # (9)

    def forward(self, y_true: Array, y_pred: Array, sample_weight: Array | None = None) -> float:
        """Return the mean cross-entropy."""
        p = self._start(y_pred, sample_weight)  # (R, C)
        t = np.asarray(y_true)
        if t.shape != self._shape:
            raise ValueError(
                f"{self.name} expected y_true of the predictions' shape {self._shape}, got {t.shape}: for class "
                f"numbers use sparse_categorical_crossentropy."
            )
        self._t = self.smoothed(t.astype(p.dtype)).reshape(p.shape)  # (R, C)
        if self.from_logits:
            log_p = log_softmax(p)
            self._p = np.exp(log_p)
            if self.stands_in:
                self.predictions = self._p.reshape(self._shape)  # (N, …, C)
        else:
            self._sum = p.sum(axis=1, keepdims=True)
            self._r = p / self._sum
            log_p = np.log(np.clip(self._r, EPSILON, 1 - EPSILON))  # (6)
        return self._total(-(self._t * log_p).sum(axis=1))  # (1)

    def backward(self) -> Array:
        """Return ∂L/∂y_pred: p·Σt - t from logits, Σt being 1 for a distribution."""
        t = self._t
        if self.from_logits:
            dy = self._p * t.sum(axis=1, keepdims=True) - t  # (3)
        else:
            r = self._r
            inside = (r >= EPSILON) & (r <= 1 - EPSILON)
            dr = np.where(inside, -t / np.where(inside, r, 1), 0)  # (7)
            dy = (dr - (r * dr).sum(axis=1, keepdims=True)) / self._sum  # (8)
        return self._scaled(dy)

    def prepare_labels(self, y: Array, output_shape: tuple[int | None, ...]) -> Array:
        """Return the one-hot rows, of shape (N, …, C). Warn if there is only one class."""
        classes = _number_of_classes(self.name, output_shape)
        self._warn_of_one_class(output_shape)
        shape = *output_shape[1:-1], classes
        if y.shape[1:] != shape:
            expected = ", ".join(map(str, ("N", *shape)))
            raise ValueError(
                f"{self.name} expected one row of {classes} numbers for each sample, y of shape ({expected}), got "
                f"{y.shape}: make rows of class numbers with utils.to_categorical(y, {classes}), or use "
                f"sparse_categorical_crossentropy."
            )
        if np.isfinite(y).all() and y.min(initial=0) >= 0:
            return y
        return check_range(self.name, y, np.inf, "rows of finite numbers ≥ 0", "the negative or non-finite ")

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal loss."""
        return {"label_smoothing": self.label_smoothing, **super().get_config()}


def _number_of_classes(name: str, output_shape: tuple[int | None, ...]) -> int:
    if len(output_shape) < 2 or output_shape[-1] is None:
        raise ValueError(
            f"{name} expected a model with a row of class scores, outputs of shape (N, …, C), got {output_shape}: end "
            f"the model in Flatten and Dense."
        )
    return output_shape[-1]


def _whole_numbers(y: Array) -> Array:
    try:
        with np.errstate(invalid="ignore"):  # NaN becomes some whole number, and is found below
            labels = y.astype(np.int64)
    except (TypeError, ValueError):
        raise ValueError(f"Expected class numbers as labels, got an array of {y.dtype}.") from None
    broken = labels != y
    if broken.any():
        index = _first(broken)
        raise ValueError(f"Expected whole class numbers as labels, got {y[index]!s} at index {_shown(index)}.")
    return labels


def _first(found: Array) -> tuple[int, ...]:
    return tuple(map(int, np.argwhere(found)[0]))


def _shown(index: tuple[int, ...]) -> str:
    return str(index[0] if len(index) == 1 else index)
