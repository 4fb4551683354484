"""Conv2D (layers/conv2d.py): y = relu(sum over the window of x * kernel + bias), and its gradients.

1. No im2col: `product` reads each patch where it lies in the image; eight windows by two vectors of filters at a time
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
from scratchnet.kernels.runtime import inner, kernel
from scratchnet.kernels.simd import TILE, no_overlap
from scratchnet.kernels.steps import KernelStep, aligned
from scratchnet.typing import Array

BLOCKS = 16


@inner
def fill(out):
    """Set all of `out` to 0."""
    for i in range(out.size):
        out[i] = 0


@inner
def add_to(out, x):
    """Add x to `out`, an array apart from it."""
    no_overlap()
    for i in range(out.size):
        out[i] += x[i]


@inner
def sum_blocks(partial, blocks, out):
    """`out` = the sum over the blocks of partial (blocks, out.size), in the order of the blocks."""
    copy_to(out, partial[: out.size])
    for block in range(1, blocks):
        add_to(out, partial[block * out.size : (block + 1) * out.size])


@inner
def bias_and_relu(z, F, bias, relu):
    """Add bias (F,) to each row of z (rows * F,) in place, and cut off at 0 if `relu`."""
    no_overlap()
    zero = z.dtype.type(0)
    for p in range(z.size // F):
        row = z[p * F : (p + 1) * F]
        for f in range(F):
            v = row[f] + bias[f]
            row[f] = zero if relu and v <= 0 else v


@inner
def masked_gradient(dy, y, relu, F, dz, dbias):
    """dz = dy where ReLU was on, else 0; and its rows (F,) added to dbias."""
    no_overlap()
    zero = dy.dtype.type(0)
    for i in range(dy.size):
        dz[i] = zero if relu and y[i] <= 0 else dy[i]
    for p in range(dy.size // F):
        row = dz[p * F : (p + 1) * F]
        for f in range(F):
            dbias[f] += row[f]


@inner
def _forward_block(x, kernel_, bias, relu, places, runs, run, image, padded_size, y, windows, first, last):
    H, W, C = image[0], image[1], image[2]
    F, zero = bias.size, np.int64(0)
    padded = np.zeros(padded_size, x.dtype)
    for n in range(first, last):
        source, source_at = x, n * H * W * C
        if padded_size > 0:
            pad_image(x, source_at, image, padded)
            source, source_at = padded, zero
        at = n * windows * F
        product(
            source, source_at, places, zero, windows, runs, runs.size, run, 1, kernel_, zero, F, F, y, at, F, zero
        )  # (OH*OW, F)
        bias_and_relu(y[at : at + windows * F], F, bias, relu)


@kernel(parallel=True)
def _forward(x, kernel_, bias, relu, places, runs, run, image, padded_size, y, samples, windows):
    blocks = (samples + 3) // 4
    for block in prange(blocks):
        last = min(4 * block + 4, samples)
        _forward_block(
            x, kernel_, bias, relu, places, runs, run, image, padded_size, y, windows, 4 * block, last
        )


@inner
def scatter_product(dz, rows, kernel_t, places, windows, runs, run, F, dx, dx_at, nothing, cols):
    """Add dz (windows, F) times the transposed kernel (F, K) to the pixels of one padded image dx: col2im, fused."""
    K, zero = runs.size * run, np.int64(0)
    for p in range(0, windows, TILE):
        count = min(TILE, windows - p)
        product(
            dz, zero, rows, p, count, nothing, 1, F, 1, kernel_t, zero, K, K, cols, zero, K, zero
        )  # (TILE, K)
        for i in range(count):
            for r in range(runs.size):
                to, start = dx_at + places[p + i] + runs[r], i * K + r * run
                add_to(dx[to : to + run], cols[start : start + run])


@inner
def _backward_block(
    dy, y, relu, x, kernel_t, places, rows, down, runs, run, taps, across, image, padded_size, dx, needs_dx,
    out_h, out_w, F, partial, partial_at, first, last,
):  # fmt: skip
    H, W, C = image[0], image[1], image[2]
    K, windows, pixels = runs.size * run, out_h * out_w, H * W * C
    padded, dpadded = np.zeros(padded_size, x.dtype), np.zeros(padded_size, x.dtype)
    dz, cols = np.empty(windows * F, x.dtype), np.empty(TILE * K, x.dtype)
    nothing, zero, one = np.zeros(1, np.int64), np.int64(0), np.int64(1)
    dbias = partial[partial_at : partial_at + F]
    for n in range(first, last):
        at, end = n * windows * F, (n + 1) * windows * F
        masked_gradient(dy[at:end], y[at:end], relu, F, dz, dbias)
        source, source_at = x, n * pixels
        if padded_size > 0:
            pad_image(x, source_at, image, padded)
            source, source_at = padded, zero
        product(
            source, source_at, taps, zero, K, down, out_h, out_w, across, dz, zero, F, F, partial, partial_at + F, F,
            one,
        )  # (K, F)  # fmt: skip
        if needs_dx:
            target, target_at = dx, n * pixels
            if padded_size > 0:
                target, target_at = dpadded, zero
                fill(dpadded)
            else:
                fill(dx[target_at : target_at + pixels])
            scatter_product(dz, rows, kernel_t, places, windows, runs, run, F, target, target_at, nothing, cols)
            if padded_size > 0:
                crop_image(dpadded, image, dx, n * pixels)


@kernel(parallel=True)
def _backward(
    dy, y, relu, x, kernel_, places, rows, down, runs, run, taps, across, image, padded_size, dx, needs_dx,
    out, samples, blocks, partial, dkernel, dbias,
):  # fmt: skip
    F, K = dbias.size, runs.size * run
    kernel_t = np.empty(K * F, x.dtype)
    if needs_dx:
        transpose(kernel_, 0, F, K, F, kernel_t, 0, K)
    length = partial.size // BLOCKS
    for block in prange(blocks):
        fill(partial[block * length : (block + 1) * length])
        _backward_block(
            dy, y, relu, x, kernel_t, places, rows, down, runs, run, taps, across, image, padded_size, dx, needs_dx,
            out[0], out[1], F, partial, block * length, block * samples // blocks, (block + 1) * samples // blocks,
        )  # fmt: skip
    total = np.empty(length, x.dtype)
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
        self.kernel = layer.params["kernel"].reshape(-1)
        self.dkernel = layer.grads["kernel"].reshape(-1)
        self.F = layer.filters
        self.bias, self.dbias = self.bias_of(layer, self.F)
        self.K = self.kernel.size // self.F
        self.geometry: Geometry = window_geometry(
            layer.input_shape[1:], layer.kernel_size, layer.strides, layer.padding, layer.dilation_rate
        )
        self.rows = tile_table(np.arange(self.geometry.out[0] * self.geometry.out[1]) * self.F)
        self.down = np.arange(self.geometry.out[0]) * self.geometry.step_down
        self.partial = aligned((BLOCKS * (self.K + 1) * self.F,), self.dtype)

    @classmethod
    def fits(cls, layers: list[Any]) -> bool:
        """Whether `layers` is one built Conv2D."""
        return len(layers) == 1 and type(layers[0]).__name__ == "Conv2D" and layers[0].built

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return y (N, OH, OW, F), in a buffer of the step."""
        g, N = self.geometry, len(x)
        self.x = self.flat(x)
        self.y = self.buffer("y", N, (*g.out, self.F))  # (N, OH, OW, F)
        _forward(
            self.x, self.kernel, self.bias, self.relu, g.places, g.runs, g.run, g.image, g.padded_size,
            self.y.reshape(-1), N, g.out[0] * g.out[1],
        )  # fmt: skip
        if self.separate:
            self.y = self.activation.forward(self.y)
        return self.y

    def backward(self, dy: Array) -> Array | None:
        """Fill the gradients; return dx (N, H, W, C) if it is needed."""
        g, N = self.geometry, len(dy)
        if self.separate:
            dy = self.activation.backward(dy, self.y)
        dx = self.buffer("dx", N, g.image[:3]) if self.needs_dx else None
        _backward(
            self.flat(dy), self.y.reshape(-1), self.relu, self.x, self.kernel, g.places, self.rows, self.down, g.runs,
            g.run, g.taps, g.step_across, g.image, g.padded_size, self.nothing if dx is None else dx.reshape(-1),
            self.needs_dx, g.out, N, min(BLOCKS, N), self.partial, self.dkernel, self.dbias,
        )  # fmt: skip
        return dx

    def flops(self, n: int) -> tuple[int, int]:
        """Floating-point operations of (forward, backward) for n samples."""
        forward = 2 * n * self.geometry.out[0] * self.geometry.out[1] * self.K * self.F
        return forward, forward * (2 if self.needs_dx else 1)

    def bytes(self, n: int) -> tuple[int, int]:
        """Bytes read and written at least by (forward, backward) for n samples."""
        x = n * int(np.prod(self.geometry.image[:3]))
        y = n * self.geometry.out[0] * self.geometry.out[1] * self.F
        return (x + y + self.kernel.size) * self.itemsize, (
            x + 2 * y + 2 * self.kernel.size + (x if self.needs_dx else 0)
        ) * self.itemsize
