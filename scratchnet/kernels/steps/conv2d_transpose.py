"""Conv2DTranspose (layers/conv2d_transpose.py): the convolution run backwards, its bias and its ReLU in one pass.

1. The windows lie on the output, one for each pixel of the input; where, is worked out once (`loops/windows.py`).
2. An activation other than ReLU runs after the kernel: a sigmoid in one pass, any other by its own definition.

The loops: `loops/convolution_transposed.py`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.kernels.loops import convolution_transposed
from scratchnet.kernels.loops.matrix_product import tile_table
from scratchnet.kernels.loops.vectors import BLOCKS, long_row
from scratchnet.kernels.loops.windows import of_samples, window_geometry
from scratchnet.kernels.machine.processor import lanes
from scratchnet.kernels.steps.step import ProductStep
from scratchnet.typing import Array
from scratchnet.utils.memory import place_zeros

SAMPLES = 4
"""The most samples that are done together."""
GROUPED = 65536
"""Numbers of their images at most: they stay in the second cache."""


class Conv2DTransposeStep(ProductStep):
    """A Conv2DTranspose layer, with ReLU in the same pass or any other activation after it."""

    def __init__(self, layers: list[Any], needs_dx: bool) -> None:
        super().__init__(layers, needs_dx)
        layer = layers[0]
        self.x_shape, self.out = layer.input_shape[1:], layer.output_shape[1:]
        self.C = self.x_shape[2]
        g = window_geometry(self.out, layer.kernel_size, layer.strides, layer.padding, layer.dilation_rate)
        group = max(1, min(SAMPLES, GROUPED // max(g.padded, g.pixels, 1)))
        self.geometry, self.places = of_samples(g, group), g.windows
        self.rows = tile_table(np.arange(group * g.windows) * self.C)
        OH, OW, F = self.out
        self.W = long_row(OH * OW, F) if lanes(self.dtype) > F else F
        self.partial = place_zeros((BLOCKS * (self.kernel.size + layer.filters),), self.dtype)

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return y (N, OH, OW, F), in a buffer of the step."""
        self.x, N = self.flat(x), len(x)
        y = self.buffer("y", N, self.out)  # (N, OH, OW, F)
        convolution_transposed.forward(
            self.x, self.C, self.kernel, self.bias, self.relu, self.geometry, self.rows, self.W, y.reshape(-1), N
        )
        return self.activated(y)

    def backward(self, dy: Array) -> Array | None:
        """Fill the gradients; return dx (N, H, W, C) if it is needed."""
        N = len(dy)
        dx = self.buffer("dx", N, self.x_shape) if self.needs_dx else self.nothing
        convolution_transposed.backward(
            self.flat(self.before_activation(dy)), self.y.reshape(-1), self.relu, self.x, self.C, self.kernel,
            self.geometry, self.W, dx.reshape(-1), self.needs_dx, N, self.partial, self.dkernel, self.dbias,
        )  # fmt: skip
        return dx if self.needs_dx else None
