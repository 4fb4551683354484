"""BatchNormalization (layers/batch_normalization.py) along the last axis, and the ReLU behind it.

1. No x̂ is stored: each pass works it out again from x, and with it whether the ReLU was on.
2. γ and σ make one factor for each channel, so that no number is divided by.

The loops: `loops/normalization.py`.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from scratchnet.kernels.loops import normalization
from scratchnet.kernels.loops.vectors import long_row
from scratchnet.kernels.steps.activation import are_relus_of
from scratchnet.kernels.steps.step import KernelStep
from scratchnet.typing import Array


class BatchNormalizationStep(KernelStep):
    """A BatchNormalization layer whose channels are the last axis, and a ReLU layer behind it if there is one."""

    def __init__(self, layers: list[Any], needs_dx: bool) -> None:
        super().__init__(layers, needs_dx)
        self.layer, self.relu = layers[0], len(layers) == 2
        self.inner = self.layer.input_shape[1:]
        self.C, self.rows = self.inner[-1], prod(self.inner[:-1])
        self.W = long_row(self.rows, self.C)
        self.ones, self.zeros = np.ones(self.C, self.dtype), np.zeros(self.C, self.dtype)

    @classmethod
    def fits(cls, layers: list[Any]) -> bool:
        """Whether the channels are the last axis, and what is behind is a ReLU."""
        return layers[0].axis in (-1, len(layers[0].input_shape) - 1) and are_relus_of(layers[0], layers[1:])

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return y (N, …, C), in a buffer of the step."""
        layer, C = self.layer, self.C
        self.x, self.by_batch = self.flat(x), training and layer.trainable
        moving_mean, moving_variance = layer.non_trainable["moving_mean"], layer.non_trainable["moving_variance"]
        if self.by_batch:
            self.mean, variance = np.empty(C, self.dtype), np.empty(C, self.dtype)
            normalization.statistics(self.x, self.W, self.mean, variance)
            for moving, of_batch in ((moving_mean, self.mean), (moving_variance, variance)):
                moving[...] = moving * layer.momentum + of_batch * (1 - layer.momentum)
        else:
            self.mean, variance = moving_mean.copy(), moving_variance
        self.sigma = np.sqrt(variance + layer.epsilon)
        self.factor = layer.params.get("gamma", self.ones) / self.sigma
        self.beta = layer.params.get("beta", self.zeros).copy()  # backward asks again which ReLUs were on
        y = self.buffer("y", len(x), self.inner)
        normalization.forward(self.x, self.W, self.mean, self.factor, self.beta, self.relu, y.reshape(-1))
        return y

    def backward(self, dy: Array) -> Array | None:
        """Return dx (N, …, C) if it is needed; fill grads."""
        layer, M = self.layer, len(dy) * self.rows
        flat, dbeta, products = self.flat(dy), np.empty(self.C, self.dtype), np.empty(self.C, self.dtype)
        known = self.x, self.W, self.mean, self.factor, self.beta, self.relu
        normalization.gradient_sums(flat, *known, dbeta, products)
        dgamma = products / self.sigma
        if layer.center:
            layer.grads["beta"][...] = dbeta
        if layer.scale:
            layer.grads["gamma"][...] = dgamma
        if not self.needs_dx:
            return None
        level, along = (dbeta / M, dgamma / (M * self.sigma)) if self.by_batch else (self.zeros, self.zeros)
        dx = self.buffer("dx", len(dy), self.inner)
        normalization.backward(flat, *known, level, along, dx.reshape(-1))
        return dx

    def flops(self, n: int) -> tuple[int, int]:
        """Operations forward and backward in training, for n samples."""
        x, _ = self.numbers(n)
        return 8 * x, (9 if self.needs_dx else 4) * x

    def bytes(self, n: int) -> tuple[int, int]:
        """Bytes read and written at least by (forward, backward) for n samples."""
        x = self.numbers(n)[0] * self.itemsize
        return 2 * x, (3 if self.needs_dx else 2) * x
