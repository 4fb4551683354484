"""MaxPooling2D (layers/max_pooling2d.py) by itself, where no convolution before it takes it in.

1. The number of the winner within its window is remembered, one byte each, not its position in the image.

The loops: `loops/max_pooling.py`.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from scratchnet.kernels.loops import max_pooling
from scratchnet.kernels.loops.max_pooling import window_pixels
from scratchnet.kernels.steps.step import KernelStep
from scratchnet.typing import Array


class MaxPooling2DStep(KernelStep):
    """A MaxPooling2D layer."""

    def __init__(self, layers: list[Any], needs_dx: bool) -> None:
        super().__init__(layers, needs_dx)
        layer = layers[0]
        H, W, self.C = layer.input_shape[1:]
        self.x_shape, self.out = (H, W, self.C), layer.output_shape[1:]
        pixels = window_pixels((H, W), layer.pool_size, layer.strides, layer.padding)
        self.size = pixels.shape[1]
        self.pixels = pixels.reshape(-1)
        self.x_size = prod(self.x_shape)
        self.winner_type = np.uint8 if self.size <= 256 else np.int32

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return y (N, OH, OW, C), in a buffer of the step."""
        N = len(x)
        y, self.winners = self.buffer("y", N, self.out), self.buffer("winners", N, self.out, self.winner_type)
        max_pooling.forward(
            self.flat(x), self.pixels, self.size, self.C, y.reshape(-1), self.winners.reshape(-1), N,
            self.x_size,
        )  # fmt: skip
        return y

    def backward(self, dy: Array) -> Array | None:
        """Return dx (N, H, W, C) if it is needed."""
        if not self.needs_dx:
            return None
        dx = self.buffer("dx", len(dy), self.x_shape)
        max_pooling.backward(
            self.flat(dy), self.winners.reshape(-1), self.pixels, self.size, self.C, dx.reshape(-1), len(dy),
            self.x_size,
        )  # fmt: skip
        return dx

    def flops(self, n: int) -> tuple[int, int]:
        """Comparisons forward, additions backward, for n samples."""
        _, outputs = self.numbers(n)
        return outputs * self.size, outputs if self.needs_dx else 0

    def bytes(self, n: int) -> tuple[int, int]:
        """Bytes read and written at least by (forward, backward) for n samples."""
        x, y = self.numbers(n)
        winners = y * np.dtype(self.winner_type).itemsize
        return (x + y) * self.itemsize + winners, ((x + y) * self.itemsize + winners if self.needs_dx else 0)
