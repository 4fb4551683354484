"""Conv2DTranspose (layers/conv2d_transpose.py): the convolution run backwards, its bias and its ReLU in one pass.

1. The windows lie on the output, one for each pixel of the input; where, is worked out once (`loops/windows.py`).
2. An activation other than ReLU runs by its own definition, after the kernel.

The loops: `loops/convolution_transposed.py`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.kernels.loops import convolution_transposed
from scratchnet.kernels.loops.matrix_product import tile_table
from scratchnet.kernels.loops.vectors import BLOCKS
from scratchnet.kernels.loops.windows import window_geometry
from scratchnet.kernels.steps.step import ActivatedStep
from scratchnet.typing import Array
from scratchnet.utils.memory import place_zeros


class Conv2DTransposeStep(ActivatedStep):
    """A Conv2DTranspose layer, with ReLU in the same pass or any other activation by its own definition."""

    def __init__(self, layers: list[Any], needs_dx: bool) -> None:
        super().__init__(layers, needs_dx)
        layer = layers[0]
        self.kernel, self.dkernel = layer.params["kernel"].reshape(-1), layer.grads["kernel"].reshape(-1)
        self.bias, self.dbias = self.bias_of(layer, layer.filters)
        self.x_shape, self.out = layer.input_shape[1:], layer.output_shape[1:]
        self.C = self.x_shape[2]
        self.geometry = window_geometry(self.out, layer.kernel_size, layer.strides, layer.padding, layer.dilation_rate)
        self.rows = tile_table(np.arange(self.geometry.windows) * self.C)
        self.partial = place_zeros((BLOCKS * (self.kernel.size + layer.filters),), self.dtype)

    @classmethod
    def fits(cls, layers: list[Any]) -> bool:
        """Whether `layers` is one built Conv2DTranspose."""
        return len(layers) == 1 and type(layers[0]).__name__ == "Conv2DTranspose" and layers[0].built

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return y (N, OH, OW, F), in a buffer of the step."""
        self.x, N = self.flat(x), len(x)
        y = self.buffer("y", N, self.out)  # (N, OH, OW, F)
        convolution_transposed.forward(
            self.x, self.C, self.kernel, self.bias, self.relu, self.geometry, self.rows, y.reshape(-1), N
        )
        return self.activated(y)

    def backward(self, dy: Array) -> Array | None:
        """Fill the gradients; return dx (N, H, W, C) if it is needed."""
        N = len(dy)
        dx = self.buffer("dx", N, self.x_shape) if self.needs_dx else self.nothing
        convolution_transposed.backward(
            self.flat(self.before_activation(dy)), self.y.reshape(-1), self.relu, self.x, self.C, self.kernel,
            self.geometry, dx.reshape(-1), self.needs_dx, N, self.partial, self.dkernel, self.dbias,
        )  # fmt: skip
        return dx if self.needs_dx else None

    def flops(self, n: int) -> tuple[int, int]:
        """Floating-point operations of (forward, backward) for n samples."""
        forward = 2 * n * self.geometry.windows * self.kernel.size
        return forward, forward * (2 if self.needs_dx else 1)

    def bytes(self, n: int) -> tuple[int, int]:
        """Bytes read and written at least by (forward, backward) for n samples."""
        x, y, w = n * self.geometry.windows * self.C, n * self.geometry.pixels, self.kernel.size
        return (x + y + w) * self.itemsize, (x + 2 * y + 2 * w + (x if self.needs_dx else 0)) * self.itemsize
