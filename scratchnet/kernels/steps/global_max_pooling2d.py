"""GlobalMaxPooling2D (layers/global_pooling2d.py).

1. Not who won is kept, but x, which another step keeps anyway.

The loops: `loops/global_max_pooling.py`.
"""

from __future__ import annotations

from math import prod
from typing import Any

from scratchnet.kernels.loops import global_max_pooling
from scratchnet.kernels.loops.vectors import long_row
from scratchnet.kernels.steps.step import KernelStep, has_open_sizes
from scratchnet.typing import Array


class GlobalMaxPooling2DStep(KernelStep):
    """A GlobalMaxPooling2D layer."""

    def __init__(self, layers: list[Any], needs_dx: bool) -> None:
        super().__init__(layers, needs_dx)
        self.x_shape, self.out = layers[0].input_shape[1:], layers[0].output_shape[1:]
        self.C, self.W = self.out[-1], long_row(prod(self.x_shape[:2]), self.out[-1])

    @classmethod
    def fits(cls, layers: list[Any]) -> bool:
        """Whether `layers` is one GlobalMaxPooling2D, for images of a known size."""
        return len(layers) == 1 and type(layers[0]).__name__ == "GlobalMaxPooling2D" and not has_open_sizes(layers)

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
        x = n * prod(self.x_shape)
        return x, x if self.needs_dx else 0

    def bytes(self, n: int) -> tuple[int, int]:
        """Bytes read and written at least by (forward, backward) for n samples."""
        x, y = n * prod(self.x_shape) * self.itemsize, n * self.C * self.itemsize
        return x + y, 2 * (x + y) if self.needs_dx else 0
