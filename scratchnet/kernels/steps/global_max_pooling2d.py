"""GlobalMaxPooling2D (layers/global_pooling2d.py).

1. Not who won is kept, but x, which another step keeps anyway.

The loops: `loops/global_max_pooling.py`.
"""

from __future__ import annotations

from math import prod
from typing import Any

from scratchnet.kernels.loops import global_max_pooling
from scratchnet.kernels.loops.vectors import long_row
from scratchnet.kernels.steps.step import KernelStep
from scratchnet.typing import Array


class GlobalMaxPooling2DStep(KernelStep):
    """A GlobalMaxPooling2D layer."""

    def __init__(self, layers: list[Any], needs_dx: bool) -> None:
        super().__init__(layers, needs_dx)
        self.x_shape, self.out = layers[0].input_shape[1:], layers[0].output_shape[1:]
        self.C, self.W = self.out[-1], long_row(prod(self.x_shape[:2]), self.out[-1])

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return y (N, C), in a buffer of the step."""
        self.x, self.y = self.flat(x), self.buffer("y", len(x), self.out)
        global_max_pooling.forward(self.x, self.C, self.W, self.y.reshape(-1))
        return self.y

    def backward(self, dy: Array) -> Array | None:
        """Return dx (N, H, W, C) if it is needed."""
        if not self.needs_dx:
            return None
        dx = self.buffer("dx", len(dy), self.x_shape)
        global_max_pooling.backward(self.flat(dy), self.x, self.y.reshape(-1), self.C, self.W, dx.reshape(-1))
        return dx

    def flops(self, n: int) -> tuple[int, int]:
        """Comparisons forward, products backward, for n samples."""
        x, _ = self.numbers(n)
        return x, x if self.needs_dx else 0

    def bytes(self, n: int) -> tuple[int, int]:
        """Bytes read and written at least by (forward, backward) for n samples."""
        both = sum(self.numbers(n)) * self.itemsize
        return both, 2 * both if self.needs_dx else 0
