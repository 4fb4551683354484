"""Concatenate: several arrays side by side, along one axis.

    x₁ (N, …, A₁), x₂ (N, …, A₂), … → y (N, …, A₁ + A₂ + …)

Nothing is computed. With aᵢ for where xᵢ begins, a₁ = 0 and aᵢ₊₁ = aᵢ + Aᵢ:                 (1)

    y[…, aᵢ + k] = xᵢ[…, k]

Each number of y *is* one number of one input, with slope 1. So each input's gradient is the part of dy that lies where
the input was put:

    dxᵢ[…, k] = dy[…, aᵢ + k]                                                             (2)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from scratchnet.layers.layer import Layer
from scratchnet.typing import Array, Shape
from scratchnet.utils.numbers import whole_number


class Concatenate(Layer):
    """Lays two or more inputs side by side: ``Concatenate()([x, y])``. The other axes must agree.

    Args:
        axis: along which axis; the batch is axis 0, and -1 is the last.

    Shapes: xᵢ (N, …, Aᵢ, …) → y (N, …, ΣAᵢ, …).

    Raises:
        ValueError: if ``axis`` is no whole number, or the batch, or not among the inputs' axes; if called on fewer
            than two inputs, or another axis differs.
    """

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = whole_number("axis of Concatenate", axis)
        if self.axis == 0:
            raise ValueError("axis of Concatenate expected any axis but 0, which is the batch, got 0.")

    def compute_output_shape(self, input_shape: Sequence[Shape]) -> Shape:
        """Return the shape of the inputs, with the sum of their sizes along ``axis``."""
        if not isinstance(input_shape, list) or len(input_shape) < 2:
            raise self.refuse("a list of two or more inputs", input_shape)
        shown = " and ".join(map(str, input_shape))
        axes = len(input_shape[0])
        axis = self.axis + axes if self.axis < 0 else self.axis
        if not 0 < axis < axes:
            raise self.refuse(f"inputs with an axis {self.axis} beside the batch", shown)
        if len({(*shape[:axis], *shape[axis + 1 :]) for shape in input_shape}) > 1 or {*map(len, input_shape)} != {
            axes
        }:
            raise self.refuse(f"inputs of one shape but for axis {self.axis}", shown)
        together = sum(shape[axis] or 0 for shape in input_shape)
        return (*input_shape[0][:axis], together, *input_shape[0][axis + 1 :])

    def forward(self, x: Sequence[Array], training: bool = False) -> Array:
        """Return the inputs side by side."""
        self._begins = np.cumsum([array.shape[self.axis] for array in x[:-1]])  # (1): of all but the first
        return np.concatenate(x, self.axis)  # (N, …, ΣAᵢ, …)

    def backward(self, dy: Array) -> list[Array]:
        """Return dy cut where the inputs meet."""
        return [dx.copy() for dx in np.split(dy, self._begins, self.axis)]  # (2)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal layer."""
        return {**super().get_config(), "axis": self.axis}
