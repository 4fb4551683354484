"""Subtract: the difference of two arrays of one shape.

    x₁, x₂ (N, …) → y = x₁ - x₂ (N, …)

The first input has slope 1, the second slope -1:

    dx₁ = dy                                                                              (1)
    dx₂ = -dy                                                                             (2)
"""

from __future__ import annotations

from collections.abc import Sequence

from scratchnet.layers.merging import Merging
from scratchnet.typing import Array, Shape


class Subtract(Merging):
    """Takes the second of two inputs off the first: ``Subtract()([x, y])``.

    Shapes: x₁, x₂ (N, …) → y (N, …).

    Raises:
        ValueError: if called on anything but two inputs, or their shapes differ.
    """

    def compute_output_shape(self, input_shape: Sequence[Shape]) -> Shape:
        """Return the shape that both inputs share."""
        if not isinstance(input_shape, list) or len(input_shape) != 2:
            raise self.refuse("a list of exactly two inputs", input_shape)
        return super().compute_output_shape(input_shape)

    def forward(self, x: Sequence[Array], training: bool = False) -> Array:
        """Return the first input less the second."""
        return x[0] - x[1]

    def backward(self, dy: Array) -> list[Array]:
        """Return dy and -dy."""
        return [
            dy.copy(),  # (1)
            -dy,  # (2)
        ]
