"""UpSampling2D (layers/up_sampling2d.py) that copies pixels.

1. No matrix of weights: a copy is a copy. Blending between pixels ("bilinear") stays with the definition.

The loops: `loops/up_sampling.py`.
"""

from __future__ import annotations

from typing import Any

from scratchnet.kernels.loops import up_sampling
from scratchnet.kernels.steps.step import KernelStep
from scratchnet.typing import Array


class UpSampling2DStep(KernelStep):
    """An UpSampling2D layer with interpolation "nearest"."""

    def __init__(self, layers: list[Any], needs_dx: bool) -> None:
        super().__init__(layers, needs_dx)
        self.x_shape, self.out = layers[0].input_shape[1:], layers[0].output_shape[1:]
        self.known = *self.x_shape, *layers[0].size

    @classmethod
    def fits(cls, layers: list[Any]) -> bool:
        """Whether pixels are copied."""
        return bool(layers[0].interpolation == "nearest")

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return y (N, OH, OW, C), in a buffer of the step."""
        y = self.buffer("y", len(x), self.out)
        up_sampling.forward(self.flat(x), *self.known, y.reshape(-1))
        return y

    def backward(self, dy: Array) -> Array | None:
        """Return dx (N, H, W, C) if it is needed."""
        if not self.needs_dx:
            return None
        dx = self.buffer("dx", len(dy), self.x_shape)
        up_sampling.backward(self.flat(dy), *self.known, dx.reshape(-1))
        return dx

    def flops(self, n: int) -> tuple[int, int]:
        """Nothing forward, additions backward, for n samples."""
        return 0, self.numbers(n)[1] if self.needs_dx else 0

    def bytes(self, n: int) -> tuple[int, int]:
        """Bytes read and written at least by (forward, backward) for n samples."""
        both = sum(self.numbers(n)) * self.itemsize
        return both, both if self.needs_dx else 0
