"""Average: the mean of several arrays of one shape.

    x₁, x₂, …, x_k (N, …) → y = (x₁ + x₂ + … + x_k) / k (N, …)

It is a sum, of which each input makes up a k-th part. So each has slope 1/k:

    dxᵢ = dy / k                                                                          (1)
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import numpy as np

from scratchnet.layers.merging import Merging
from scratchnet.typing import Array


class Average(Merging):
    """Takes the mean of two or more inputs of equal shape: ``Average()([x, y])``.

    Shapes: x₁, x₂, … (N, …) → y (N, …).

    Raises:
        ValueError: if called on fewer than two inputs, or the shapes differ.
    """

    def forward(self, x: Sequence[Array], training: bool = False) -> Array:
        """Return the mean of the inputs."""
        self._inputs = len(x)
        return np.asarray(reduce(np.add, x) / self._inputs)

    def backward(self, dy: Array) -> list[Array]:
        """Return dy / k once for each of the k inputs."""
        return [dy / self._inputs for _ in range(self._inputs)]  # (1)
