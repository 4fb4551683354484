"""AveragePooling2D (layers/average_pooling2d.py) and GlobalAveragePooling2D (layers/global_pooling2d.py).

1. The mean of a whole image is that of one window as large as the image.
2. Which pixels lie in which window, and how many, is worked out once.

The loops: `loops/average_pooling.py`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.kernels.loops import average_pooling
from scratchnet.kernels.loops.max_pooling import window_pixels
from scratchnet.kernels.steps.step import KernelStep
from scratchnet.typing import Array


class AveragePooling2DStep(KernelStep):
    """An AveragePooling2D or GlobalAveragePooling2D layer."""

    def __init__(self, layers: list[Any], needs_dx: bool) -> None:
        super().__init__(layers, needs_dx)
        layer = layers[0]
        self.x_shape, self.out = layer.input_shape[1:], layer.output_shape[1:]
        H, W, _ = self.x_shape
        if type(layer).__name__ == "AveragePooling2D":
            pixels = window_pixels((H, W), layer.pool_size, layer.strides, layer.padding)
        else:
            pixels = np.arange(H * W)[None]
        self.size = pixels.shape[1]
        self.counts = (pixels >= 0).sum(axis=1).astype(self.dtype)
        self.pixels = pixels.reshape(-1)

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return y (N, OH, OW, C) or (N, C), in a buffer of the step."""
        y = self.buffer("y", len(x), self.out)
        average_pooling.forward(self.flat(x), self.pixels, self.size, self.counts, y.reshape(-1), len(x))
        return y

    def backward(self, dy: Array) -> Array | None:
        """Return dx (N, H, W, C) if it is needed."""
        if not self.needs_dx:
            return None
        dx = self.buffer("dx", len(dy), self.x_shape)
        average_pooling.backward(self.flat(dy), self.pixels, self.size, self.counts, dx.reshape(-1), len(dy))
        return dx

    def flops(self, n: int) -> tuple[int, int]:
        """Additions and divisions forward and backward, for n samples."""
        each = self.numbers(n)[1] * (self.size + 1)
        return each, each if self.needs_dx else 0

    def bytes(self, n: int) -> tuple[int, int]:
        """Bytes read and written at least by (forward, backward) for n samples."""
        both = sum(self.numbers(n)) * self.itemsize
        return both, both if self.needs_dx else 0
