"""Conv2D (layers/conv2d.py): the convolution, its bias and its ReLU in one pass.

1. An activation other than ReLU runs by its own definition, after the kernel.
2. Where the windows lie is worked out once, as tables (`loops/windows.py`).

The loops: `loops/convolution.py`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.kernels.loops import convolution
from scratchnet.kernels.loops.matrix_product import tile_table
from scratchnet.kernels.loops.vectors import BLOCKS
from scratchnet.kernels.loops.windows import window_geometry
from scratchnet.kernels.steps.step import KernelStep
from scratchnet.typing import Array
from scratchnet.utils.memory import place_zeros


class Conv2DStep(KernelStep):
    """A Conv2D layer, with ReLU in the same pass or any other activation by its own definition."""

    def __init__(self, layers: list[Any], needs_dx: bool) -> None:
        super().__init__(layers, needs_dx)
        layer = layers[0]
        self.activation = layer.activation
        self.relu = layer.activation.name == "relu"
        self.separate = layer.activation.name not in ("relu", "linear")
        self.kernel, self.dkernel = layer.params["kernel"].reshape(-1), layer.grads["kernel"].reshape(-1)
        self.F = layer.filters
        self.bias, self.dbias = self.bias_of(layer, self.F)
        self.geometry = window_geometry(
            layer.input_shape[1:], layer.kernel_size, layer.strides, layer.padding, layer.dilation_rate
        )
        self.rows = tile_table(np.arange(self.geometry.windows) * self.F)
        self.partial = place_zeros((BLOCKS * (self.geometry.K + 1) * self.F,), self.dtype)

    @classmethod
    def fits(cls, layers: list[Any]) -> bool:
        """Whether `layers` is one built Conv2D, whose filters see all channels."""
        return len(layers) == 1 and type(layers[0]).__name__ == "Conv2D" and layers[0].built and layers[0].groups == 1

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return y (N, OH, OW, F), in a buffer of the step."""
        g, N = self.geometry, len(x)
        self.x = self.flat(x)
        self.y = self.buffer("y", N, (g.OH, g.OW, self.F))  # (N, OH, OW, F)
        convolution.forward(self.x, self.kernel, self.bias, self.relu, g, self.y.reshape(-1), N)
        if self.separate:
            self.z, self.y = self.y, self.activation.forward(self.y)
        return self.y

    def backward(self, dy: Array) -> Array | None:
        """Fill the gradients; return dx (N, H, W, C) if it is needed."""
        g, N = self.geometry, len(dy)
        if self.separate:
            dy = self.activation.gradient(dy, self.y, self.z)
        dx = self.buffer("dx", N, (g.H, g.W, g.C)) if self.needs_dx else self.nothing
        convolution.backward(
            self.flat(dy), self.y.reshape(-1), self.relu, self.x, self.kernel, g, self.rows, dx.reshape(-1),
            self.needs_dx, N, self.partial, self.dkernel, self.dbias,
        )  # fmt: skip
        return dx if self.needs_dx else None

    def flops(self, n: int) -> tuple[int, int]:
        """Floating-point operations of (forward, backward) for n samples."""
        forward = 2 * n * self.geometry.windows * self.kernel.size
        return forward, forward * (2 if self.needs_dx else 1)

    def bytes(self, n: int) -> tuple[int, int]:
        """Bytes read and written at least by (forward, backward) for n samples."""
        x, y, w = n * self.geometry.pixels, n * self.geometry.windows * self.F, self.kernel.size
        return (x + y + w) * self.itemsize, (x + 2 * y + 2 * w + (x if self.needs_dx else 0)) * self.itemsize
