"""A convolution: y = relu(sum over the window of x * kernel + bias), and its gradients.

1. No im2col: `matrix_product` reads each patch where it lies in the image; TILE windows by two vectors of filters
   stay in registers. Only with padding is one sample copied, into a scratch image with a border of zeros.
2. dkernel is the same product with the roles changed: rows are the numbers of a window, the sum runs over the windows.
   Each block of samples adds up its own dkernel; the blocks are then summed in order, so threads change no bit.
3. dx: some windows times the transposed kernel, added at once to the pixels they belong to (col2im without cols).
4. Samples are divided into at most 16 blocks, whatever the number of threads.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from scratchnet.kernels.loops.bias_and_relu import bias_and_relu, relu_gradient
from scratchnet.kernels.loops.matrix_product import matrix_product
from scratchnet.kernels.loops.transpose import transpose
from scratchnet.kernels.loops.vectors import BLOCKS, add_to, blocks_of, fill, sum_gradients
from scratchnet.kernels.loops.windows import Geometry, crop_image, pad_image
from scratchnet.kernels.machine.processor import TILE
from scratchnet.kernels.machine.runtime import inner, kernel
from scratchnet.kernels.machine.scratch import scratch, zeros
from scratchnet.kernels.machine.simd import ZERO
from scratchnet.typing import Array

SCATTERED = 2048
"""About how many numbers are made before they are added to their pixels: they stay in the nearest cache."""
FEW = 4
"""Numbers side by side that are added one by one: it takes longer to begin a loop of vectors."""


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
        matrix_product(
            image, at, g.places, ZERO, g.windows, g.runs, g.runs.size, g.run, 1, kernel_, ZERO, F, F, y, to, F, ZERO
        )  # (OH*OW, F)
        bias_and_relu(y[to : to + g.windows * F], F, bias, relu)


@kernel(parallel=True)
def forward(x: Array, kernel_: Array, bias: Array, relu: bool, g: Geometry, y: Array, samples: int) -> None:
    """y (samples, OH, OW, F) = relu(x convolved with the kernel (K, F) + bias); no cut at 0 unless `relu`.

    Raises:
        ValueError: the arrays have other sizes.
    """
    F = bias.size
    if not (x.size == samples * g.pixels and kernel_.size == g.K * F and y.size == samples * g.windows * F):
        raise ValueError("A convolution was given arrays whose sizes do not belong together.")
    for block in prange((samples + 3) // 4):
        _forward_block(x, kernel_, bias, relu, g, y, 4 * block, min(4 * block + 4, samples))


@inner
def scatter_room(K: int) -> int:
    """How many numbers of scratch `scatter_product` takes for windows of K numbers: whole tiles of them."""
    return TILE * K * max(1, SCATTERED // (TILE * K))


@inner
def scatter_product(
    dz: Array, rows: Array, kernel_t: Array, places: Array, windows: int, g: Geometry, F: int,
    dx: Array, dx_at: int, cols: Array,
) -> None:  # fmt: skip
    """Add dz (windows, F) times the transposed kernel (F, K) to the pixels of one padded image: col2im, fused.

    `rows` says where the rows of dz lie, `places` where the windows do; `cols` is scratch of `scatter_room`.
    """
    nothing, step = np.zeros(1, np.int64), cols.size // g.K
    for p in range(0, windows, step):
        count = min(step, windows - p)
        matrix_product(
            dz, ZERO, rows, p, count, nothing, 1, F, 1, kernel_t, ZERO, g.K, g.K, cols, ZERO, g.K, ZERO
        )  # (step, K)
        for i in range(count):
            for r in range(g.runs.size):
                to, start = dx_at + places[p + i] + g.runs[r], i * g.K + r * g.run
                if g.run > FEW:
                    add_to(dx[to : to + g.run], cols[start : start + g.run])
                    continue
                for j in range(g.run):
                    dx[to + j] += cols[start + j]


@inner
def _backward_block(
    dy: Array, y: Array, relu: bool, x: Array, kernel_t: Array, g: Geometry, rows: Array, dx: Array, needs_dx: bool,
    dbias: Array, dkernel: Array, first: int, last: int,
) -> None:  # fmt: skip
    F, one = dbias.size, ZERO + 1
    padded, dpadded = zeros(g.padded, x), zeros(g.padded, x)
    dz, cols = scratch(g.windows * F, x), scratch(scatter_room(g.K), x)
    for n in range(first, last):
        relu_gradient(dy, y, n * g.windows * F, relu, g.windows, F, dz, ZERO, dbias)
        image, at = x, n * g.pixels
        if g.padded > 0:
            pad_image(x, at, g, padded)
            image, at = padded, ZERO
        matrix_product(
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
def backward(
    dy: Array, y: Array, relu: bool, x: Array, kernel_: Array, g: Geometry, rows: Array, dx: Array, needs_dx: bool,
    samples: int, partial: Array, dkernel: Array, dbias: Array,
) -> None:  # fmt: skip
    """Fill dkernel (K, F), dbias (F,) and, if it is needed, dx (samples, H, W, C).

    `rows` says where the rows of dz lie; `partial` is scratch for BLOCKS times dkernel and dbias.

    Raises:
        ValueError: the arrays have other sizes.
    """
    F, length = dbias.size, partial.size // BLOCKS
    if not (
        x.size == samples * g.pixels
        and dy.size == y.size == samples * g.windows * F
        and kernel_.size == dkernel.size == g.K * F
        and length == (g.K + 1) * F
        and rows.size >= g.windows + TILE - 1
        and (dx.size == x.size or not needs_dx)
    ):
        raise ValueError("A convolution's gradient was given arrays whose sizes do not belong together.")
    kernel_t = scratch(g.K * F, x)
    if needs_dx:
        transpose(kernel_, 0, F, g.K, F, kernel_t, 0, g.K)
    blocks = blocks_of(samples)
    for block in prange(blocks):
        own = partial[block * length : (block + 1) * length]
        fill(own)
        _backward_block(
            dy, y, relu, x, kernel_t, g, rows, dx, needs_dx, own[:F], own[F:], block * samples // blocks,
            (block + 1) * samples // blocks,
        )  # fmt: skip
    sum_gradients(partial, blocks, dkernel, dbias)
