"""DepthwiseConv2D (layers/depthwise_conv2d.py): each channel's convolution, its bias and its ReLU in one pass.

1. An activation other than ReLU runs after the kernel: a sigmoid in one pass, any other by its own definition.

The loops: `loops/depthwise_convolution.py`.
"""

from __future__ import annotations

from typing import Any

from scratchnet.kernels.loops import depthwise_convolution
from scratchnet.kernels.loops.vectors import BLOCKS
from scratchnet.kernels.loops.windows import window_geometry
from scratchnet.kernels.steps.step import ProductStep
from scratchnet.typing import Array
from scratchnet.utils.memory import place_zeros


class DepthwiseConv2DStep(ProductStep):
    """A DepthwiseConv2D layer, with ReLU in the same pass or any other activation after it."""

    def __init__(self, layers: list[Any], needs_dx: bool) -> None:
        super().__init__(layers, needs_dx)
        layer = layers[0]
        self.times = layer.depth_multiplier
        H, W, C = self.x_shape = layer.input_shape[1:]
        self.geometry = window_geometry(
            (H, W, C * self.times), layer.kernel_size, layer.strides, layer.padding, layer.dilation_rate
        )
        self.places = self.geometry.windows
        self.partial = place_zeros((BLOCKS * (self.kernel.size + C * self.times),), self.dtype)

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return y (N, OH, OW, C·M), in a buffer of the step."""
        g, N = self.geometry, len(x)
        self.x = self.flat(x)
        y = self.buffer("y", N, (g.OH, g.OW, g.C))  # (N, OH, OW, C·M)
        depthwise_convolution.forward(
            self.x, self.times, self.kernel, self.bias, self.relu, g, y.reshape(-1), N
        )  # fmt: skip
        return self.activated(y)

    def backward(self, dy: Array) -> Array | None:
        """Fill the gradients; return dx (N, H, W, C) if it is needed."""
        N = len(dy)
        dx = self.buffer("dx", N, self.x_shape) if self.needs_dx else self.nothing
        depthwise_convolution.backward(
            self.flat(self.before_activation(dy)), self.y.reshape(-1), self.relu, self.x, self.times, self.kernel,
            self.geometry, dx.reshape(-1), self.needs_dx, N, self.partial, self.dkernel, self.dbias,
        )  # fmt: skip
        return dx if self.needs_dx else None
