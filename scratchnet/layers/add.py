"""Add: the sum of several arrays of one shape, as in a residual network.

    x₁, x₂, … (N, …) → y = x₁ + x₂ + … (N, …)

Each input has slope 1, so each gets dy, whole: a sum hands the gradient on to every summand.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import numpy as np

from scratchnet.layers.layer import Layer
from scratchnet.layers.tensor import operators
from scratchnet.typing import Array, Shape


class Add(Layer):
    """Adds two or more inputs of equal shape: ``Add()([x, shortcut])``.

    Raises:
        ValueError: if called on fewer than two inputs, or the shapes differ.
    """

    def compute_output_shape(self, input_shape: Sequence[Shape]) -> Shape:
        """Return the shape that all inputs share."""
        if not isinstance(input_shape, list) or len(input_shape) < 2:
            raise self.refuse("a list of two or more inputs", input_shape)
        if any(shape != input_shape[0] for shape in input_shape):
            raise self.refuse("inputs of one shape", " and ".join(map(str, input_shape)))
        return input_shape[0]

    def forward(self, x: Sequence[Array], training: bool = False) -> Array:
        """Return the sum of the inputs."""
        self._inputs = len(x)
        return np.asarray(reduce(np.add, x))

    def backward(self, dy: Array) -> list[Array]:
        """Return dy once for each input."""
        return [dy.copy() for _ in range(self._inputs)]


operators["+"] = lambda x, y: Add()([x, y])
