"""Multiply: the product, number by number, of several arrays of one shape; a gate is one.

    x₁, x₂, … (N, …) → y = x₁ · x₂ · … (N, …)

Seen from xᵢ the product of all the others is a constant factor, and so the slope. Hence by the chain rule

    dxᵢ = dy · Π_{j≠i} xⱼ                                                                 (1)

With two inputs that is dx₁ = dy·x₂ and dx₂ = dy·x₁: each gets dy times *the other*. It is not computed as dy·y/xᵢ,
which is 0/0 where xᵢ is zero. That each input needs the others is why they are all remembered.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import numpy as np

from scratchnet.layers.merging import Merging
from scratchnet.typing import Array


class Multiply(Merging):
    """Multiplies two or more inputs of equal shape, number by number: ``Multiply()([x, gate])``.

    Shapes: x₁, x₂, … (N, …) → y (N, …).

    Raises:
        ValueError: if called on fewer than two inputs, or the shapes differ.
    """

    def forward(self, x: Sequence[Array], training: bool = False) -> Array:
        """Return the product of the inputs."""
        self._x = [array.copy() for array in x]
        return np.asarray(reduce(np.multiply, x))

    def backward(self, dy: Array) -> list[Array]:
        """Return for each input dy times all the others."""
        others = [self._x[:i] + self._x[i + 1 :] for i in range(len(self._x))]
        return [reduce(np.multiply, rest, dy) for rest in others]  # (1)
