"""ZeroPadding2D (layers/zero_padding2d.py).

1. NumPy copies whole rows of an image as fast as any loop; what is saved is the new array for each batch.
"""

from __future__ import annotations

from typing import Any

from scratchnet.kernels.steps.step import KernelStep
from scratchnet.typing import Array


class ZeroPadding2DStep(KernelStep):
    """A ZeroPadding2D layer."""

    def __init__(self, layers: list[Any], needs_dx: bool) -> None:
        super().__init__(layers, needs_dx)
        self.x_shape, self.out = layers[0].input_shape[1:], layers[0].output_shape[1:]
        (self.top, _), (self.left, _) = layers[0].padding

    def _image(self, padded: Array) -> Array:
        H, W, _ = self.x_shape
        return padded[:, self.top : self.top + H, self.left : self.left + W]

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return y (N, top + H + bottom, left + W + right, C), in a buffer of the step."""
        y = self.buffer("y", len(x), self.out)
        y[...] = 0
        self._image(y)[...] = x
        return y

    def backward(self, dy: Array) -> Array | None:
        """Return dx (N, H, W, C) if it is needed."""
        if not self.needs_dx:
            return None
        dx = self.buffer("dx", len(dy), self.x_shape)
        dx[...] = self._image(dy)
        return dx
