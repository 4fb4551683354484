"""Add: the sum of several arrays of one shape, as in a residual network.

    x₁, x₂, … (N, …) → y = x₁ + x₂ + … (N, …)

Each input has slope 1, so each gets dy, whole: a sum hands the gradient on to every summand.

    dxᵢ = dy                                                                              (1)
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import numpy as np

from scratchnet.layers.merging import Merging
from scratchnet.layers.tensor import operators
from scratchnet.typing import Array


class Add(Merging):
    """Adds two or more inputs of equal shape: ``Add()([x, shortcut])``.

    Shapes: x₁, x₂, … (N, …) → y (N, …).

    Raises:
        ValueError: if called on fewer than two inputs, or the shapes differ.
    """

    def forward(self, x: Sequence[Array], training: bool = False) -> Array:
        """Return the sum of the inputs."""
        self._inputs = len(x)
        return np.asarray(reduce(np.add, x))

    def backward(self, dy: Array) -> list[Array]:
        """Return dy once for each input."""
        return [dy.copy() for _ in range(self._inputs)]  # (1)


operators["+"] = lambda x, y: Add()([x, y])
