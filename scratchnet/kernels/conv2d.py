"""Conv2D (layers/conv2d.py): y = relu(sum over the window of x * kernel + bias), and its gradients.

1. No im2col: `product` reads each patch where it lies in the image; TILE windows by two vectors of filters at a time
   stay in registers. Only with padding is one sample copied, into a scratch image with a border of zeros.
2. dkernel is the same product with the roles changed: rows are the numbers of a window, the sum runs over the windows.
   Each block of samples adds up its own dkernel; the blocks are then summed in order, so threads change no bit.
3. dx: a tile of windows times the transposed kernel, added at once to the pixels it belongs to (col2im without cols).
4. Samples are divided into at most 16 blocks, whatever the number of threads.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from scratchnet.kernels.geometry import Geometry, copy_to, crop_image, pad_image, window_geometry
from scratchnet.kernels.product import product, tile_table, transpose
from scratchnet.kernels.relu import bias_and_relu, relu_gradient
from scratchnet.kernels.runtime import inner, kernel
from scratchnet.kernels.scratch import scratch, zeros
from scratchnet.kernels.simd import TILE, ZERO, never_inline, no_overlap
from scratchnet.kernels.steps import KernelStep
from scratchnet.typing import Array
from scratchnet.utils.memory import place_zeros

BLOCKS = 16


@inner
def fill(out: Array) -> None:
    """Set all of `out` to 0."""
    never_inline()
    for i in range(out.size):
        out[i] = 0


@inner
def add_to(out: Array, x: Array) -> None:
    """Add x to `out`, an array apart from it."""
    no_overlap()
    for i in range(out.size):
        out[i] += x[i]


@inner
def sum_blocks(partial: Array, blocks: int, out: Array) -> None:
    """`out` = the sum over the blocks of partial (blocks, out.size), in the order of the blocks."""
    copy_to(out, partial[: out.size])
    for block in range(1, blocks):
        add_to(out, partial[block * out.size : (block + 1) * out.size])


@inner
def _forward_block(
    x: Array, kernel_: Array, bias: Array, relu: bool, g: Geometry, y: Array, first: int, last: int
) -> None:
    F = bias.size
    padded = zeros(g.padded, x)
    for n in range(first, last):
        image, at = x, n * g.pixels
        if g.padded > 0:
            pad_image(x, at, g, padded)
            image, at = padded, ZERO
        to = n * g.windows * F
        product(
            image, at, g.places, ZERO, g.windows, g.runs, g.runs.size, g.run, 1, kernel_, ZERO, F, F, y, to, F, ZERO
        )  # (OH*OW, F)
        bias_and_relu(y[to : to + g.windows * F], F, bias, relu)


@kernel(parallel=True)
def _forward(x: Array, kernel_: Array, bias: Array, relu: bool, g: Geometry, y: Array, samples: int) -> None:
    F = bias.size
    if not (x.size == samples * g.pixels and kernel_.size == g.K * F and y.size == samples * g.windows * F):
        raise ValueError("A convolution was given arrays whose sizes do not belong together.")
    for block in prange((samples + 3) // 4):
        _forward_block(x, kernel_, bias, relu, g, y, 4 * block, min(4 * block + 4, samples))


@inner
def scatter_product(
    dz: Array, rows: Array, kernel_t: Array, places: Array, windows: int, g: Geometry, F: int,
    dx: Array, dx_at: int, cols: Array,
) -> None:  # fmt: skip
    """Add dz (windows, F) times the transposed kernel (F, K) to the pixels of one padded image: col2im, fused.

    `rows` says where the rows of dz lie, `places` where the windows do; `cols` is scratch for TILE rows of K numbers.
    """
    nothing = np.zeros(1, np.int64)
    for p in range(0, windows, TILE):
        count = min(TILE, windows - p)
        product(
            dz, ZERO, rows, p, count, nothing, 1, F, 1, kernel_t, ZERO, g.K, g.K, cols, ZERO, g.K, ZERO
        )  # (TILE, K)
        for i in range(count):
            for r in range(g.runs.size):
                to, start = dx_at + places[p + i] + g.runs[r], i * g.K + r * g.run
                add_to(dx[to : to + g.run], cols[start : start + g.run])


@inner
def _backward_block(
    dy: Array, y: Array, relu: bool, x: Array, kernel_t: Array, g: Geometry, rows: Array, dx: Array, needs_dx: bool,
    dbias: Array, dkernel: Array, first: int, last: int,
) -> None:  # fmt: skip
    F, one = dbias.size, ZERO + 1
    padded, dpadded = zeros(g.padded, x), zeros(g.padded, x)
    dz, cols = scratch(g.windows * F, x), scratch(TILE * g.K, x)
    for n in range(first, last):
        relu_gradient(dy, y, n * g.windows * F, relu, g.windows, F, dz, ZERO, dbias)
        image, at = x, n * g.pixels
        if g.padded > 0:
            pad_image(x, at, g, padded)
            image, at = padded, ZERO
        product(
            image, at, g.taps, ZERO, g.K, g.down, g.OH, g.OW, g.across, dz, ZERO, F, F, dkernel, ZERO, F, one
        )  # (K, F)
        if needs_dx:
            dimage, at = dx, n * g.pixels
            if g.padded > 0:
                dimage, at = dpadded, ZERO
                fill(dpadded)
            else:
                fill(dx[at : at + g.pixels])
            scatter_product(dz, rows, kernel_t, g.places, g.windows, g, F, dimage, at, cols)
            if g.padded > 0:
                crop_image(dpadded, g, dx, n * g.pixels)


@kernel(parallel=True)
def _backward(
    dy: Array, y: Array, relu: bool, x: Array, kernel_: Array, g: Geometry, rows: Array, dx: Array, needs_dx: bool,
    samples: int, partial: Array, dkernel: Array, dbias: Array,
) -> None:  # fmt: skip
    F, length = dbias.size, partial.size // BLOCKS
    if not (
        x.size == samples * g.pixels
        and dy.size == y.size == samples * g.windows * F
        and kernel_.size == dkernel.size == g.K * F
        and length == (g.K + 1) * F
        and (dx.size == x.size or not needs_dx)
    ):
        raise ValueError("A convolution's gradient was given arrays whose sizes do not belong together.")
    kernel_t = scratch(g.K * F, x)
    if needs_dx:
        transpose(kernel_, 0, F, g.K, F, kernel_t, 0, g.K)
    blocks = min(BLOCKS, samples)
    for block in prange(blocks):
        own = partial[block * length : (block + 1) * length]
        fill(own)
        _backward_block(
            dy, y, relu, x, kernel_t, g, rows, dx, needs_dx, own[:F], own[F:], block * samples // blocks,
            (block + 1) * samples // blocks,
        )  # fmt: skip
    total = scratch(length, x)
    sum_blocks(partial, blocks, total)
    copy_to(dbias, total[:F])
    copy_to(dkernel, total[F:])


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
        _forward(self.x, self.kernel, self.bias, self.relu, g, self.y.reshape(-1), N)
        if self.separate:
            self.z, self.y = self.y, self.activation.forward(self.y)
        return self.y

    def backward(self, dy: Array) -> Array | None:
        """Fill the gradients; return dx (N, H, W, C) if it is needed."""
        g, N = self.geometry, len(dy)
        if self.separate:
            dy = self.activation.gradient(dy, self.y, self.z)
        dx = self.buffer("dx", N, (g.H, g.W, g.C)) if self.needs_dx else self.nothing
        _backward(
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
