"""A convolution run backwards: y = relu(col2im of x kernel^T + bias), and its gradients.

1. Nothing here is new: forward is what `convolution.py` does for dx, dx what it does forward, and dkernel is the same
   product with x and dz exchanged. So there is no im2col and no col2im either.
2. Bias and ReLU are added to a sample's image while it is in the cache. Of few filters, several pixels are taken as
   one long row of W numbers (see `vectors.py`).
3. Some samples are done together: a tile of a product is seldom left half empty by the few windows of a small image.
4. Each block of samples adds up its own dkernel; the blocks are then summed in order, so threads change no bit.
"""

from __future__ import annotations

from numba import prange

from scratchnet.kernels.loops.bias_and_relu import bias_and_relu, relu_gradient
from scratchnet.kernels.loops.convolution import scatter_product, scatter_room
from scratchnet.kernels.loops.matrix_product import matrix_product
from scratchnet.kernels.loops.transpose import transpose
from scratchnet.kernels.loops.vectors import BLOCKS, blocks_of, fill, repeated, sum_blocks, sum_gradients
from scratchnet.kernels.loops.windows import Geometry, crop_image, pad_image
from scratchnet.kernels.machine.processor import TILE
from scratchnet.kernels.machine.runtime import inner, kernel
from scratchnet.kernels.machine.scratch import scratch, zeros
from scratchnet.kernels.machine.simd import ZERO
from scratchnet.typing import Array


@inner
def _forward_block(
    x: Array, C: int, kernel_t: Array, bias: Array, relu: bool, g: Geometry, rows: Array, y: Array, first: int,
    last: int,
) -> None:  # fmt: skip
    length, group, size = g.windows * C, g.down.size // g.OH, max(g.padded, g.pixels)
    padded, cols = scratch(group * g.padded, x), scratch(scatter_room(g.K), x)
    for begin in range(first, last, group):
        end = min(begin + group, last)
        i, j = begin * g.pixels, end * g.pixels
        image, at = y, i
        if g.padded > 0:
            image, at = padded, ZERO
        fill(image[at : at + (end - begin) * size])
        scatter_product(
            x[begin * length : end * length], rows, kernel_t, g.places, (end - begin) * g.windows, g, C, image, at, cols
        )
        for n in range(begin, end if g.padded > 0 else begin):
            crop_image(padded[(n - begin) * size : (n - begin + 1) * size], g, y, n * g.pixels)
        bias_and_relu(y[i:j], bias.size, bias, relu)


@kernel(parallel=True)
def forward(
    x: Array, C: int, kernel_: Array, bias: Array, relu: bool, g: Geometry, rows: Array, W: int, y: Array, samples: int
) -> None:
    """y (samples, OH, OW, F) = relu(each pixel of x times the kernel (KH, KW, F, C), added up, + bias).

    `g` says where the windows lie on the images y, one for each pixel of x (samples, H, W, C), of as many images as are
    done together; `rows` says where these pixels lie. W is the length of a long row. No number is cut off unless
    `relu`.

    Raises:
        ValueError: the arrays have other sizes.
    """
    if not (
        x.size == samples * g.windows * C
        and kernel_.size == g.K * C
        and bias.size == g.C
        and y.size == samples * g.pixels
        and rows.size >= g.places.size >= g.down.size // g.OH * g.windows + TILE - 1
        and W % g.C == g.pixels % W == 0
    ):
        raise ValueError("A transposed convolution was given arrays whose sizes do not belong together.")
    kernel_t, bias_W = scratch(g.K * C, x), repeated(bias, W)
    transpose(kernel_, 0, C, g.K, C, kernel_t, 0, g.K)
    for block in prange((samples + 3) // 4):
        _forward_block(x, C, kernel_t, bias_W, relu, g, rows, y, 4 * block, min(4 * block + 4, samples))


@inner
def _backward_block(
    dy: Array, y: Array, relu: bool, x: Array, C: int, kernel_: Array, g: Geometry, W: int, dx: Array, needs_dx: bool,
    dbias: Array, dkernel: Array, first: int, last: int,
) -> None:  # fmt: skip
    group, size, one = g.down.size // g.OH, max(g.padded, g.pixels), ZERO + 1
    padded, dz, dbias_W = zeros(group * g.padded, x), scratch(group * g.pixels, x), zeros(W, x)
    for begin in range(first, last, group):
        count, at = min(group, last - begin), begin * g.windows * C
        relu_gradient(dy, y, begin * g.pixels, relu, count * g.pixels // W, W, dz, ZERO, dbias_W)
        image = dz
        if g.padded > 0:
            image = padded
            for n in range(count):
                pad_image(dz, n * g.pixels, g, padded[n * size : (n + 1) * size])
        matrix_product(
            image, ZERO, g.taps, ZERO, g.K, g.down, count * g.OH, g.OW, g.across, x, at, C, C, dkernel, ZERO, C, one
        )  # (K, C)
        if needs_dx:
            matrix_product(
                image, ZERO, g.places, ZERO, count * g.windows, g.runs, g.runs.size, g.run, 1, kernel_, ZERO, C, C, dx,
                at, C, ZERO,
            )  # fmt: skip
    sum_blocks(dbias_W, W // dbias.size, dbias)


@kernel(parallel=True)
def backward(
    dy: Array, y: Array, relu: bool, x: Array, C: int, kernel_: Array, g: Geometry, W: int, dx: Array, needs_dx: bool,
    samples: int, partial: Array, dkernel: Array, dbias: Array,
) -> None:  # fmt: skip
    """Fill dkernel (KH, KW, F, C), dbias (F,) and, if it is needed, dx (samples, H, W, C).

    W is the length of a long row; `partial` is scratch for BLOCKS times dkernel and dbias.

    Raises:
        ValueError: the arrays have other sizes.
    """
    F, length = dbias.size, partial.size // BLOCKS
    if not (
        x.size == samples * g.windows * C
        and dy.size == y.size == samples * g.pixels
        and kernel_.size == dkernel.size == g.K * C
        and g.C == F
        and W % F == g.pixels % W == 0
        and length == g.K * C + F
        and (dx.size == x.size or not needs_dx)
    ):
        raise ValueError("A transposed convolution's gradient was given arrays whose sizes do not belong together.")
    blocks = blocks_of(samples)
    for block in prange(blocks):
        own = partial[block * length : (block + 1) * length]
        fill(own)
        _backward_block(
            dy, y, relu, x, C, kernel_, g, W, dx, needs_dx, own[:F], own[F:], block * samples // blocks,
            (block + 1) * samples // blocks,
        )  # fmt: skip
    sum_gradients(partial, blocks, dkernel, dbias)
