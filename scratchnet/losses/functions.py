"""A loss made of two functions: its value and its slope. There is no autodiff here, so the slope cannot be guessed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from scratchnet.losses.loss import Loss, as_floats
from scratchnet.typing import Array
from scratchnet.utils.numbers import shown
from scratchnet.utils.weights import spread_weights

LossFunction = Callable[[Array, Array], Array]


class FunctionLoss(Loss):
    """The loss that ``compile(loss=(value, slope))`` means.

        loss[n] = value(y_true, y_pred)[n]          slope(y_true, y_pred) = ∂loss[n]/∂y_pred[n]

    Neither function divides by N or knows of weights: that is done here, for both alike.

    Args:
        value: takes y_true and y_pred; returns a loss for each sample (N,), or for each place (N, …).
        slope: takes the same; returns the slopes of these losses, in the shape of y_pred.

    Raises:
        TypeError: if one of the two cannot be called.
    """

    def __init__(self, value: LossFunction, slope: LossFunction) -> None:
        if not (callable(value) and callable(slope)):
            raise TypeError(f"A pair as a loss expected two functions, (value, slope), got {shown((value, slope))}.")
        self.value, self.slope = value, slope
        self.name = getattr(value, "__name__", "loss")

    def forward(self, y_true: Array, y_pred: Array, sample_weight: Array | None = None) -> float:
        """Return the mean of what ``value`` returns.

        Raises:
            ValueError: if that is neither a loss for each sample nor one for each place.
        """
        self.predictions, self._y_true = np.array(as_floats(y_pred)), np.array(y_true)
        shape, N = self.predictions.shape, len(self.predictions)
        losses = np.asarray(self.value(self._y_true, self.predictions.copy()), self.predictions.dtype)
        if losses.shape not in {shape[:1], shape[: max(1, len(shape) - 1)]}:
            raise ValueError(
                f"The loss function {self.name} expected to return a loss for each of {N} samples, of shape ({N},), "
                f"got shape {losses.shape}: take the sum or mean over the last axis only, not over the samples."
            )
        weight = spread_weights(self.name, sample_weight, (N,))
        scale = (weight / losses.size).astype(losses.dtype)  # 1/N is here, for value and slope
        self._scale = scale.reshape(N, *[1] * (len(shape) - 1))  # (N, 1, …)
        return float((losses * scale.reshape(N, *[1] * (losses.ndim - 1))).sum())

    def backward(self) -> Array:
        """Return what ``slope`` returns, scaled."""
        slopes = np.asarray(self.slope(self._y_true, self.predictions.copy()), self._scale.dtype)
        if slopes.shape != self.predictions.shape:
            raise ValueError(
                f"The slope of the loss function {self.name} expected to return the predictions' shape "
                f"{self.predictions.shape}, got {slopes.shape}."
            )
        return slopes * self._scale

    def get_config(self) -> dict[str, Any]:
        """Refuse: a file holds no functions."""
        raise TypeError(
            f"Cannot save the loss {self.name}: it is made of functions, which a file does not hold; write it as a "
            f"class with forward and backward that subclasses scratchnet.losses.Loss."
        )
