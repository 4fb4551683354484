"""Functions of a whole row: softmax, and its logarithm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from scratchnet.activations.function import ActivationFunction
from scratchnet.typing import Array
from scratchnet.utils.numbers import axes_within, shown, whole_number


class Softmax(ActivationFunction):
    """yᵢ = e^xᵢ / S with S = Σₖ e^xₖ along the last axis: positive numbers that sum to one.

    ``axis`` may be another one, or several, whose numbers then are one row.

    Every output depends on every input of its row, through S. So there is no single f'(x) to multiply dy by,
    but a whole matrix of slopes ∂yᵢ/∂xⱼ, the Jacobian. By the quotient rule, with ∂S/∂xⱼ = e^xⱼ,

        i = j:   ∂yᵢ/∂xᵢ = (e^xᵢ·S - e^xᵢ·e^xᵢ) / S² = yᵢ - yᵢyᵢ
        i ≠ j:   ∂yᵢ/∂xⱼ = (  0·S  - e^xᵢ·e^xⱼ) / S² =    - yᵢyⱼ

    or both at once ∂yᵢ/∂xⱼ = yᵢ(δᵢⱼ - yⱼ), where δᵢⱼ is one if i = j and else zero. The chain rule sums over
    the outputs:

        dxⱼ = Σᵢ dyᵢ ∂yᵢ/∂xⱼ = Σᵢ dyᵢyᵢδᵢⱼ - Σᵢ dyᵢyᵢyⱼ = yⱼ (dyⱼ - Σᵢ dyᵢyᵢ)

    So all that a row's gradients share is one number, and the matrix never has to be made:

        s = Σᵢ dyᵢyᵢ                                                                      (1)
        dxⱼ = yⱼ (dyⱼ - s)                                                                (2)

    Adding a constant to a row of x changes nothing in y, so the row's maximum is taken off first and
    e^x cannot overflow.
    """

    name = "softmax"

    def __init__(self, axis: int | Sequence[int] = -1) -> None:
        self.axis = _axes("axis of Softmax", axis)

    def forward(self, x: Array) -> Array:
        """Return the softmax of every row of x."""
        axes = axes_within("axis of Softmax", self.axis, x.shape)
        e = np.exp(x - x.max(axis=axes, keepdims=True))
        return e / e.sum(axis=axes, keepdims=True)

    def backward(self, dy: Array, y: Array) -> Array:
        """Return y (dy - Σ dy y), the sum taken along each row."""
        s = (dy * y).sum(axis=self.axis, keepdims=True)  # (1)
        return y * (dy - s)  # (2)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal softmax."""
        return {"axis": list(self.axis) if isinstance(self.axis, tuple) else self.axis}


class LogSoftmax(ActivationFunction):
    """yᵢ = log softmax(x)ᵢ = xᵢ - log S with S = Σₖ e^xₖ along the last axis.

    ∂(log S)/∂xⱼ = e^xⱼ/S, which is softmax(x)ⱼ = e^yⱼ. So ∂yᵢ/∂xⱼ = δᵢⱼ - e^yⱼ, and summed over the outputs

        dxⱼ = Σᵢ dyᵢ (δᵢⱼ - e^yⱼ) = dyⱼ - e^yⱼ Σᵢ dyᵢ                                     (1)

    As for softmax, the row's maximum is taken off first.
    """

    name = "log_softmax"

    def __init__(self, axis: int | Sequence[int] = -1) -> None:
        self.axis = _axes("axis of LogSoftmax", axis)

    def forward(self, x: Array) -> Array:
        """Return the logarithm of the softmax of every row of x."""
        axes = axes_within("axis of LogSoftmax", self.axis, x.shape)
        shifted = x - x.max(axis=axes, keepdims=True)
        return shifted - np.log(np.exp(shifted).sum(axis=axes, keepdims=True))

    def backward(self, dy: Array, y: Array) -> Array:
        """Return dy - e^y Σ dy, the sum taken along each row."""
        return dy - np.exp(y) * dy.sum(axis=self.axis, keepdims=True)  # (1)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal function."""
        return {"axis": list(self.axis) if isinstance(self.axis, tuple) else self.axis}


def _axes(what: str, axis: Any) -> int | tuple[int, ...]:
    """Return an axis, or several as a tuple."""
    if isinstance(axis, (list, tuple)) and axis:
        axes = tuple(whole_number(what, one) for one in axis)
        if len(set(axes)) < len(axes):
            raise ValueError(f"{what} expected each axis once, got {shown(axis)}.")
        return axes
    return whole_number(what, axis)
