"""Losses of numbers: mean squared error, mean absolute error, and Huber's between the two.

    y_true, y_pred (N, …, C) → error e = y_pred - y_true (R, C) → ℓ(e), the mean over C, then over the rows

One error at a time. Each loss is a function ℓ of one error, and since e grows as y_pred does, ∂ℓ/∂y_pred = ℓ'(e):

    squared      ℓ(e) = e²                          (1)        ℓ'(e) = 2e                        (2)
    absolute     ℓ(e) = |e|                         (3)        ℓ'(e) = sign e                    (4)
    Huber        ℓ(e) = e²/2          if |e| ≤ δ    (5)        ℓ'(e) = e        if |e| ≤ δ       (6)
                        δ|e| - δ²/2   otherwise                        δ sign e otherwise

A row. Its loss is the mean over its C outputs, so each slope is divided by C:

    loss[r] = (1/C) Σ_c ℓ(e[r,c])                   (7)        ∂loss[r]/∂y_pred[r,c] = ℓ'(e[r,c]) / C        (8)

The squared error pulls the harder the farther off a prediction is, so one wild target can pull the whole model; the
absolute error pulls all alike, but no less when it is nearly there. Huber's is the square near 0 and a line beyond δ,
joined where value and slope agree: at |e| = δ both have δ²/2 and δ.

At e = 0 the absolute error has a kink and no slope; 0 is used, the middle of -1 and 1: what is right stays put.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.losses.loss import RowLoss, check_targets
from scratchnet.typing import Array
from scratchnet.utils.numbers import real_number


class _ErrorLoss(RowLoss):
    """What the three share: the error, and the mean over the outputs.

    Shapes: both (N, …); a last axis of 1 may be left out of y_true. It computes in the predictions' float type; whole
    numbers as predictions become float64.
    """

    def prepare_labels(self, y: Array, output_shape: tuple[int | None, ...]) -> Array:
        """Return the targets in the shape of the outputs; (N,) serves for outputs (N, 1)."""
        return check_targets(self.name, y, (len(y), *output_shape[1:]))

    def _errors(self, y_true: Array, y_pred: Array, sample_weight: Array | None) -> Array:
        """Return y_pred - y_true as rows, (R, C)."""
        rows = self._start(y_pred, sample_weight)
        return rows - check_targets(self.name, y_true, self._shape).astype(rows.dtype).reshape(rows.shape)

    def _mean(self, losses: Array) -> float:
        """Return the loss of the batch from the losses (R, C) of single outputs."""
        return self._total(losses.mean(axis=1))  # (7)

    def _slope_of_mean(self, slopes: Array) -> Array:
        """Return the gradient from the slopes (R, C) of single outputs."""
        return self._scaled(slopes / slopes.shape[1])  # (8)


class MeanSquaredError(_ErrorLoss):
    """The mean of (y_pred - y_true)² over outputs and batch.

    Args:
        reduction, name, dtype: see ``RowLoss``.
    """

    name = "mean_squared_error"

    def forward(self, y_true: Array, y_pred: Array, sample_weight: Array | None = None) -> float:
        """Return the mean squared error."""
        self._error = self._errors(y_true, y_pred, sample_weight)
        return self._mean(self._error**2)  # (1)

    def backward(self) -> Array:
        """Return 2 (y_pred - y_true) / C, scaled."""
        return self._slope_of_mean(2 * self._error)  # (2)


class MeanAbsoluteError(_ErrorLoss):
    """The mean of |y_pred - y_true| over outputs and batch. At the kink, where both are equal, the slope is 0.

    Args:
        reduction, name, dtype: see ``RowLoss``.
    """

    name = "mean_absolute_error"

    def forward(self, y_true: Array, y_pred: Array, sample_weight: Array | None = None) -> float:
        """Return the mean absolute error."""
        self._error = self._errors(y_true, y_pred, sample_weight)
        return self._mean(np.abs(self._error))  # (3)

    def backward(self) -> Array:
        """Return the sign of (y_pred - y_true) / C, scaled."""
        return self._slope_of_mean(np.sign(self._error))  # (4)


class Huber(_ErrorLoss):
    """Half the square of a small error, a line for a large one.

    Args:
        delta: δ, the error from which on it is a line.
        reduction, name, dtype: see ``RowLoss``.

    Raises:
        ValueError: if ``delta`` is no finite number above 0.
    """

    name = "huber_loss"

    def __init__(
        self,
        delta: float = 1.0,
        reduction: str = "sum_over_batch_size",
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(reduction, name, dtype)
        self.delta = real_number("delta of Huber", delta, 0, open_ends="least")

    def forward(self, y_true: Array, y_pred: Array, sample_weight: Array | None = None) -> float:
        """Return the mean of the errors' losses."""
        self._error = e = self._errors(y_true, y_pred, sample_weight)
        line = self.delta * np.abs(e) - self.delta**2 / 2
        return self._mean(np.where(np.abs(e) <= self.delta, e**2 / 2, line))  # (5)

    def backward(self) -> Array:
        """Return the error, cut off at ±δ, over C, scaled."""
        return self._slope_of_mean(np.clip(self._error, -self.delta, self.delta))  # (6)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal loss."""
        return {"delta": self.delta, **super().get_config()}
