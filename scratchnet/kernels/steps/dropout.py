"""Dropout (layers/dropout.py).

1. Most of the time goes into drawing, and what is drawn has to stay the same to the last bit: so NumPy draws here as in
   the definition, but into buffers, as everything after it.
2. At inference, and with a rate of 0, no number moves.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.kernels.steps.step import KernelStep
from scratchnet.typing import Array


class DropoutStep(KernelStep):
    """A Dropout layer that draws for each number by itself."""

    @classmethod
    def fits(cls, layers: list[Any]) -> bool:
        """Whether `layers` is one Dropout without a noise_shape."""
        return len(layers) == 1 and type(layers[0]).__name__ == "Dropout" and layers[0].noise_shape is None

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return x·mask in a buffer of the step in training, else x."""
        layer, N, shape = self.layers[0], len(x), x.shape[1:]
        self.dropping = training and layer.rate > 0
        if not self.dropping:
            return x
        draws, stays = self.buffer("draws", N, shape, np.float64), self.buffer("stays", N, shape, np.bool_)
        layer.seed_generator.next().random(out=draws)
        np.greater_equal(draws, layer.rate, out=stays)
        self.mask = self.buffer("mask", N, shape)
        np.multiply(stays, 1 / (1 - layer.rate) if layer.rate < 1 else 0.0, out=self.mask, dtype=self.dtype)
        return np.multiply(x, self.mask, out=self.buffer("y", N, shape))

    def backward(self, dy: Array) -> Array | None:
        """Return dy·mask if it is needed."""
        if not self.needs_dx:
            return None
        return np.multiply(dy, self.mask, out=self.buffer("dx", len(dy), dy.shape[1:])) if self.dropping else dy
