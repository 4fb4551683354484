"""What every loss is, and what our own share: rows in, one number out, and the one place of 1/N.

    y_true, y_pred (N, …, C) → rows (R, C) → a loss for each row (R,) → weighted mean, one number

A loss is worked out row by row. With more axes than two, such as a class for each pixel, (N, H, W, C), every place is a
row, and R = N·H·W. The number that training follows is the mean over the rows, with a weight for each sample if given:

    L = Σ_r scale[r] loss[r]        scale[r] = weight[r] / R

This is the one place where 1/N appears: the gradient of row r starts here as scale[r] · ∂loss[r]/∂y_pred[r], and every
layer behind simply sums over the samples. ``reduction`` may put another divisor in R's place, see ``divisor``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet import config
from scratchnet.typing import Array
from scratchnet.utils.arguments import ArgumentsByName, CheckedWhenSet
from scratchnet.utils.numbers import shown, text_or_none
from scratchnet.utils.weights import spread_weights

REDUCTIONS = ("sum_over_batch_size", "mean", "mean_with_sample_weight", "sum", "none", None)


class Loss(CheckedWhenSet, ArgumentsByName):
    """Base class. A loss of your own defines ``forward`` and ``backward``.

    Attributes:
        name: as in Keras.
        from_logits: whether ``y_pred`` are logits, which a softmax or sigmoid would turn into probabilities.
        reduction: "sum_over_batch_size" if the loss is a mean over the batch, "sum" if it is a sum; see ``RowLoss``.
        stands_in: whether the loss takes logits in the place of the network's own last softmax or sigmoid.
        predictions: what metrics look at, in the shape of ``y_pred``: what the network puts out, so ``y_pred`` itself,
            or its probabilities if the loss ``stands_in`` for what makes them.
    """

    name: str = "loss"
    from_logits = False
    stands_in = False
    reduction: str | None = "sum_over_batch_size"
    predictions: Array

    @property
    def depends_on_batch(self) -> bool:
        """Whether it matters which samples come together: whether the loss of a batch is no mean of its samples'."""
        return self.reduction not in ("sum_over_batch_size", "mean")

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

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Return the loss of arrays or lists, as ``forward`` does."""
        return self.forward(np.asarray(y_true), np.asarray(y_pred), sample_weight)

    def prepare_labels(self, y: Array, output_shape: tuple[int | None, ...]) -> Array:
        """Return the labels of a whole data set as ``forward`` takes them.

        Raises:
            ValueError: if they do not fit a model with outputs of ``output_shape``.
        """
        return y

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal loss."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Loss:
        """Make a loss from what ``get_config`` returned."""
        return cls(**config)


class RowLoss(Loss):
    """What our own losses share: predictions cut into rows, and one number made of the rows' losses.

    Called on arrays, ``loss(y_true, y_pred, sample_weight)``, a weight may stand for all samples (a number), for each
    sample, (N,) or (N, 1), or for each row, (N, …).

    Args:
        reduction: what the rows' losses, times their weights, become:

            - "sum_over_batch_size" or "mean": their sum over the number of rows;
            - "mean_with_sample_weight": their sum over the sum of the weights;
            - "sum": their sum;
            - "none" or None: themselves, (N, …), when the loss is called. Training follows one number, so ``compile``
              refuses it.
        name: what messages call it; Keras's name of the class if not given.
        dtype: the float type to compute in, "float32" or "float64"; None for that of the predictions. The gradient
            has the predictions' type all the same.

    Raises:
        ValueError: if one of them is anything else.
    """

    dtype: str | None = None

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        self.reduction = check_reduction(type(self).__name__, reduction)
        self.name = text_or_none(f"name of {type(self).__name__}", name) or type(self).name
        self.dtype = None if dtype is None else config.check_float(dtype)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal loss; name and dtype if they are not at their default."""
        named = {} if self.name == type(self).name else {"name": self.name}
        typed = {} if self.dtype is None else {"dtype": self.dtype}
        return {"reduction": self.reduction, **named, **typed}

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Return the loss of arrays or lists: one number, or with ``reduction="none"`` each row's, (N, …)."""
        total = super().__call__(y_true, y_pred, sample_weight)
        return self._each.reshape(self._places) if self.reduction in (None, "none") else total

    def _start(self, y_pred: Array, sample_weight: Any) -> Array:
        """Work out the factor of each row's loss and return the predictions, (R, C), as floats."""
        y_pred = as_floats(y_pred)
        self._shape, self._given_dtype = y_pred.shape, y_pred.dtype
        self._places = y_pred.shape[: max(1, y_pred.ndim - 1)]  # (N, …)
        self.predictions = y_pred.copy()
        y_pred = y_pred.astype(self.dtype or y_pred.dtype, copy=False)
        self._weight = spread_weights(self.name, sample_weight, self._places).ravel()  # (R,)
        self._set_scale(self._weight, self._weight.size, y_pred.dtype)
        return y_pred.reshape(-1, y_pred.shape[-1] if y_pred.ndim > 1 else 1)  # (R, C)

    def _set_scale(self, weight: Array, rows: int, dtype: Any) -> None:
        """Set the factors of the rows' losses: their weights (R,) over the divisor. 1/N is here and nowhere else."""
        self._scale = (weight / divisor(self.reduction, weight, rows)).astype(dtype)  # (R,)

    def _total(self, losses: Array) -> float:
        """Return Σ_r scale[r] loss[r] of the rows' losses (R,)."""
        if self.reduction in (None, "none"):
            self._each = losses * self._scale
        return float(losses @ self._scale)

    def _scaled(self, slopes: Array) -> Array:
        """Return scale[r] times the slopes (R, C) of each row's loss, in the shape of the predictions."""
        return (slopes * self._scale[:, None]).reshape(self._shape).astype(self._given_dtype, copy=False)


def check_reduction(name: str, reduction: Any) -> str | None:
    """Return the reduction, if it is one."""
    if not (reduction is None or (isinstance(reduction, str) and reduction in REDUCTIONS)):
        known = ", ".join(map(repr, REDUCTIONS))
        raise ValueError(f"reduction of {name} expected one of {known}, got {shown(reduction)}.")
    return reduction


def divisor(reduction: str | None, weight: Array, rows: int) -> float:
    """Return what the sum of the rows' losses is divided by, for the weights (R,), of ``rows`` rows that count."""
    if reduction in ("sum", "none", None):
        return 1
    if reduction == "mean_with_sample_weight":
        return float(weight.sum()) or 1  # weights that are all zero leave nothing to divide
    return max(rows, 1)


def check_axis(name: str, axis: Any) -> None:
    """Refuse any axis of the classes but the last."""
    if not isinstance(axis, (int, np.integer)) or axis != -1:
        raise ValueError(
            f"axis of {name} expected -1, got {shown(axis)}: classes lie along the last axis, to which np.moveaxis and "
            f"the layer Permute bring them."
        )


def as_floats(y_pred: Array) -> Array:
    """Return predictions as they are if they are floats, else as float64: no number is cut to a whole one."""
    y_pred = np.asarray(y_pred)
    if y_pred.dtype.kind not in "biuf" or y_pred.ndim == 0:
        raise ValueError(
            f"A loss expected predictions as an array (N, …) of numbers, got dtype {y_pred.dtype} of shape "
            f"{y_pred.shape}."
        )
    return y_pred if y_pred.dtype.kind == "f" else y_pred.astype(np.float64)


def check_targets(name: str, y_true: Array, shape: tuple[int | None, ...]) -> Array:
    """Return the targets in exactly that shape: if they were left to broadcast, (N,) and (N, 1) gave (N, N)."""
    y = np.asarray(y_true)
    if (*y.shape, 1) == shape:
        y = y[..., None]  # (N, …, 1)
    elif y.shape == (*shape, 1):
        y = y[..., 0]  # (N, …)
    if y.shape != shape:
        raise ValueError(f"{name} expected y of the outputs' shape {shape}, got {y.shape}.")
    return y


def check_range(name: str, y: Array, most: float, what: str, found: str = "") -> Array:
    """Return targets that are finite numbers from 0 to ``most``."""
    wrong = ~(np.isfinite(y) & (y >= 0) & (y <= most))
    if wrong.any():
        index = tuple(map(int, np.argwhere(wrong)[0]))
        raise ValueError(f"{name} expected {what}, got {found}{y[index]} at index {index} of y.")
    return y
