"""Losses of probabilities that are no softmax's classes: yes or no, and distance between distributions.

    y_true, y_pred (N, …, C) → rows (R, C) → loss of each row (R,)         backward: ∂loss/∂y_pred (N, …, C)

Binary cross-entropy, one output. The model gives the probability p of a yes; t is 1 for a yes, 0 for a no. The loss is
the surprise at what was the case: -log p at a yes, -log (1-p) at a no, in one formula

    ℓ = -(t log p + (1-t) log (1-p))                         (1)
    dℓ/dp = -t/p + (1-t)/(1-p) = (p - t) / (p (1-p))         (2)

p is kept within ε…1-ε first, as in Keras (3); where that cut it, the slope is 0.

From a logit. With p = σ(z) = 1/(1 + e^-z), 1-p = e^-z/(1 + e^-z), so ℓ = log(1 + e^-z) + (1-t) z. For z < 0 the power
overflows; there log(1 + e^-z) = log(1 + e^z) - z. Both cases in one, with no power above 1:

    ℓ = max(z, 0) - t z + log(1 + e^-|z|)                    (4)
    dℓ/dz = (p - t)/(p(1-p)) · p(1-p) = p - t                (5)

(2) times the sigmoid's slope: what may become zero cancels. A model that ends in a sigmoid is trained like that.
A row. C outputs are C questions, each by itself; the row's loss is their mean, so each slope is divided by C (6).
``label_smoothing`` s moves the truth towards the undecided: t ← (1-s) t + s/2 (7).

Kullback-Leibler divergence, a row. How much more surprised the model's distribution p is than the truth t itself:

    L = Σₖ tₖ log (tₖ/pₖ)        (8)        ∂L/∂pₖ = -tₖ/pₖ        (9)

It is the cross-entropy less the entropy of t, which no p can change: zero if p = t. p and t are kept within ε…1, as in
Keras (10), and again the slope is 0 where p was cut. p is not divided by its sum.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.losses.crossentropy import EPSILON
from scratchnet.losses.loss import RowLoss, check_axis, check_range, check_targets
from scratchnet.typing import Array
from scratchnet.utils.numbers import real_number, true_or_false


class BinaryCrossentropy(RowLoss):
    """Cross-entropy of answers to yes-or-no questions, each output a question of its own.

    Args:
        from_logits: whether the predictions are logits.
        label_smoothing: s, how much of the truth is given up for one half, 0…1.
        axis: over which a row's mean is taken; only -1.
        reduction, name, dtype: see ``RowLoss``.

    Shapes: y_true and y_pred (N, …, C), often (N, 1); a last axis of 1 may be left out of y_true.
    """

    name = "binary_crossentropy"

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str = "sum_over_batch_size",
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(reduction, name, dtype)
        check_axis("BinaryCrossentropy", axis)
        self.from_logits = true_or_false("from_logits of BinaryCrossentropy", from_logits)
        self.label_smoothing = real_number("label_smoothing of BinaryCrossentropy", label_smoothing, 0, 1)

    def forward(self, y_true: Array, y_pred: Array, sample_weight: Array | None = None) -> float:
        """Return the mean binary cross-entropy."""
        z = self._start(y_pred, sample_weight)  # (R, C): logits or probabilities
        t = check_targets(self.name, y_true, self._shape).astype(z.dtype).reshape(z.shape)
        self._t = t = (1 - self.label_smoothing) * t + self.label_smoothing / 2  # (7)
        if self.from_logits:
            small = np.exp(-np.abs(z))  # from 0 to 1, whatever z
            self._p = np.where(z >= 0, 1, small) / (1 + small)
            if self.stands_in:
                self.predictions = self._p.reshape(self._shape).copy()  # (N, …, C)
            losses = np.maximum(z, 0) - t * z + np.log1p(small)  # (4)
        else:
            self._p = p = np.clip(z, EPSILON, 1 - EPSILON)  # (3)
            self._inside = p == z
            losses = -(t * np.log(p) + (1 - t) * np.log(1 - p))  # (1)
        return self._total(losses.mean(axis=1))

    def backward(self) -> Array:
        """Return ∂L/∂y_pred: p - t from logits, else (p - t) / (p (1-p)), over C, scaled."""
        p, t = self._p, self._t
        slopes = p - t if self.from_logits else np.where(self._inside, (p - t) / (p * (1 - p)), 0)  # (2) (5)
        return self._scaled(slopes / slopes.shape[1])  # (6)

    def prepare_labels(self, y: Array, output_shape: tuple[int | None, ...]) -> Array:
        """Return the labels in the shape of the outputs, all from 0 to 1; (N,) serves for outputs (N, 1)."""
        y = check_targets(self.name, y, (len(y), *output_shape[1:]))
        return check_range(self.name, y, 1, "labels from 0 (no) to 1 (yes)")

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal loss."""
        own = {"from_logits": self.from_logits, "label_smoothing": self.label_smoothing, "axis": -1}
        return {**own, **super().get_config()}


class KLDivergence(RowLoss):
    """How far the predicted distribution is from the true one: L = Σₖ tₖ log (tₖ/pₖ).

    Args:
        reduction, name, dtype: see ``RowLoss``.

    Shapes: y_true and y_pred (N, …, C), distributions along the last axis.
    """

    name = "kl_divergence"

    def forward(self, y_true: Array, y_pred: Array, sample_weight: Array | None = None) -> float:
        """Return the mean divergence."""
        y_pred = self._start(y_pred, sample_weight)  # (R, C)
        t = check_targets(self.name, y_true, self._shape).astype(y_pred.dtype).reshape(y_pred.shape)
        self._t, self._p = np.clip(t, EPSILON, 1), np.clip(y_pred, EPSILON, 1)  # (10)
        self._inside = self._p == y_pred
        return self._total((self._t * np.log(self._t / self._p)).sum(axis=1))  # (8)

    def backward(self) -> Array:
        """Return -t/p, scaled."""
        return self._scaled(np.where(self._inside, -self._t / self._p, 0))  # (9)

    def prepare_labels(self, y: Array, output_shape: tuple[int | None, ...]) -> Array:
        """Return the distributions in the shape of the outputs, all numbers from 0 to 1."""
        y = check_targets(self.name, y, (len(y), *output_shape[1:]))
        return check_range(self.name, y, 1, "distributions, numbers from 0 to 1")
