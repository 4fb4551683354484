"""Flatten (layers/flatten.py) and Reshape (layers/reshape.py).

1. No number moves: it is the same memory, seen with another shape.
"""

from __future__ import annotations

from typing import Any

from scratchnet.kernels.steps.step import KernelStep
from scratchnet.typing import Array


class FlattenStep(KernelStep):
    """A Flatten or Reshape layer.

    Unlike the layer itself it hands out views, since steps leave each other's arrays alone.
    """

    def __init__(self, layers: list[Any], needs_dx: bool) -> None:
        super().__init__(layers, needs_dx)
        self._axes = getattr(layers[0], "target_shape", (-1,))

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return x as (N, D), or with the axes of a Reshape."""
        self._shape = x.shape
        return x.reshape(len(x), *self._axes)  # (N, D) or (N, *target_shape)

    def backward(self, dy: Array) -> Array:
        """Return dy in x's shape."""
        return dy.reshape(self._shape)  # (N, …)
