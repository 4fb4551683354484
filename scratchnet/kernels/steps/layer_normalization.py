"""LayerNormalization (layers/layer_normalization.py) along the last axis.

1. No x̂ is stored: the backward pass works it out again from x.

The loops: `loops/layer_normalization.py`.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from scratchnet.kernels.loops import layer_normalization
from scratchnet.kernels.loops.vectors import BLOCKS
from scratchnet.kernels.steps.step import KernelStep
from scratchnet.typing import Array
from scratchnet.utils.memory import place_zeros


class LayerNormalizationStep(KernelStep):
    """A LayerNormalization layer whose features are the last axis."""

    def __init__(self, layers: list[Any], needs_dx: bool) -> None:
        super().__init__(layers, needs_dx)
        self.layer, self.inner = layers[0], layers[0].input_shape[1:]
        self.D, self.rows = self.inner[-1], prod(self.inner[:-1])
        self.ones, self.zeros = np.ones(self.D, self.dtype), np.zeros(self.D, self.dtype)
        self.partial = place_zeros((BLOCKS * 2 * self.D,), self.dtype)

    @classmethod
    def fits(cls, layers: list[Any]) -> bool:
        """Whether the features are the last axis alone."""
        return layers[0].axis in (-1, len(layers[0].input_shape) - 1)

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return y (N, …, D), in a buffer of the step."""
        N, layer = len(x), self.layer
        self.x, y = self.flat(x), self.buffer("y", N, self.inner)
        self.mean, self.sigma = self.buffer("mean", N * self.rows, ()), self.buffer("sigma", N * self.rows, ())
        self.gamma = layer.params.get("gamma", self.ones)
        beta = layer.params.get("beta", self.zeros)
        layer_normalization.forward(
            self.x, self.gamma, beta, float(layer.epsilon), y.reshape(-1), self.mean, self.sigma
        )  # fmt: skip
        return y

    def backward(self, dy: Array) -> Array | None:
        """Return dx (N, …, D) if it is needed; fill grads."""
        total = np.empty(2 * self.D, self.dtype)
        dx = self.buffer("dx", len(dy), self.inner) if self.needs_dx else self.nothing
        layer_normalization.backward(
            self.flat(dy), self.x, self.gamma, self.mean, self.sigma, dx.reshape(-1), self.needs_dx, self.partial, total
        )  # fmt: skip
        if self.layer.center:
            self.layer.grads["beta"][...] = total[: self.D]
        if self.layer.scale:
            self.layer.grads["gamma"][...] = total[self.D :]
        return dx if self.needs_dx else None

    def flops(self, n: int) -> tuple[int, int]:
        """Operations forward and backward, for n samples."""
        x, _ = self.numbers(n)
        return 8 * x, (13 if self.needs_dx else 6) * x

    def bytes(self, n: int) -> tuple[int, int]:
        """Bytes read and written at least by (forward, backward) for n samples."""
        x = self.numbers(n)[0] * self.itemsize
        return 2 * x, (3 if self.needs_dx else 2) * x
