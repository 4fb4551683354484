"""A convolution of each channel by itself: y = relu(sum over the window of x * kernel + bias), and its gradients.

1. All loops run along the channels, which lie side by side: plain Numba, of which LLVM makes vectors. There are only
   KH KW products for each number, so memory decides, and vectors by hand would not be faster.
2. A channel with several filters of its own is first copied side by side, once for each: then each has a channel, and
   on the way back the copies are summed.
3. Each block of samples adds up its own dkernel; the blocks are then summed in order, so threads change no bit.
"""

from __future__ import annotations

from numba import prange

from scratchnet.kernels.loops.bias_and_relu import bias_and_relu, relu_gradient
from scratchnet.kernels.loops.vectors import BLOCKS, blocks_of, fill, sum_gradients
from scratchnet.kernels.loops.windows import Geometry, crop_image, pad_image
from scratchnet.kernels.machine.hints import no_overlap
from scratchnet.kernels.machine.runtime import inner, kernel
from scratchnet.kernels.machine.scratch import scratch, zeros
from scratchnet.kernels.machine.simd import ZERO
from scratchnet.typing import Array


@inner
def _add_products(out: Array, x: Array, y: Array) -> None:
    """out += x * y, number by number, in arrays apart from each other."""
    no_overlap()
    for i in range(out.size):
        out[i] += x[i] * y[i]


@inner
def _repeat(x: Array, times: int, out: Array) -> None:
    """`out` = each number of x so many times, side by side."""
    for i in range(x.size):
        for m in range(times):
            out[i * times + m] = x[i]


@inner
def _sum_repeated(x: Array, times: int, out: Array) -> None:
    """The transpose of `_repeat`."""
    for i in range(out.size):
        total = x[i * times]
        for m in range(1, times):
            total += x[i * times + m]
        out[i] = total


@inner
def _image_of(x: Array, n: int, times: int, g: Geometry, repeated: Array, padded: Array) -> None:
    """Fill `padded` with sample n, each channel `times` times, within its border; `repeated` is scratch."""
    size = g.pixels // times
    _repeat(x[n * size : (n + 1) * size], times, repeated)
    pad_image(repeated, ZERO, g, padded)


@inner
def _forward_block(
    x: Array, times: int, kernel_: Array, bias: Array, relu: bool, g: Geometry, y: Array, first: int, last: int
) -> None:
    C = bias.size
    repeated, padded = scratch(g.pixels, x), zeros(g.HP * g.WP * C, x)
    for n in range(first, last):
        _image_of(x, n, times, g, repeated, padded)
        i, j = n * g.windows * C, (n + 1) * g.windows * C
        fill(y[i:j])
        for w in range(g.windows):
            row = y[i + w * C : i + (w + 1) * C]
            for tap in range(kernel_.size // C):
                at = g.places[w] + g.taps[tap * C]
                _add_products(row, padded[at : at + C], kernel_[tap * C : (tap + 1) * C])
        bias_and_relu(y[i:j], C, bias, relu)


@kernel(parallel=True)
def forward(
    x: Array, times: int, kernel_: Array, bias: Array, relu: bool, g: Geometry, y: Array, samples: int
) -> None:  # fmt: skip
    """y (samples, OH, OW, C M) = relu(x (samples, H, W, C) convolved with the kernel (KH, KW, C, M) + bias).

    `times` is M, and `g` made for images of C M channels. There is no cut at 0 unless `relu`.

    Raises:
        ValueError: the arrays have other sizes.
    """
    if not (
        x.size * times == samples * g.pixels
        and kernel_.size == g.K
        and bias.size == g.C
        and y.size == samples * g.windows * g.C
    ):
        raise ValueError("A depthwise convolution was given arrays whose sizes do not belong together.")
    for block in prange((samples + 3) // 4):
        _forward_block(x, times, kernel_, bias, relu, g, y, 4 * block, min(4 * block + 4, samples))


@inner
def _backward_block(
    dy: Array, y: Array, relu: bool, x: Array, times: int, kernel_: Array, g: Geometry, dx: Array, needs_dx: bool,
    dbias: Array, dkernel: Array, first: int, last: int,
) -> None:  # fmt: skip
    C, size = dbias.size, g.pixels // times
    repeated, padded, dpadded = scratch(g.pixels, x), zeros(g.HP * g.WP * C, x), zeros(g.HP * g.WP * C, x)
    dz = scratch(g.windows * C, x)
    for n in range(first, last):
        relu_gradient(dy, y, n * g.windows * C, relu, g.windows, C, dz, ZERO, dbias)
        _image_of(x, n, times, g, repeated, padded)
        fill(dpadded)
        for w in range(g.windows):
            row = dz[w * C : (w + 1) * C]
            for tap in range(kernel_.size // C):
                at, i, j = g.places[w] + g.taps[tap * C], tap * C, (tap + 1) * C
                _add_products(dkernel[i:j], padded[at : at + C], row)
                if needs_dx:
                    _add_products(dpadded[at : at + C], kernel_[i:j], row)
        if needs_dx:
            crop_image(dpadded, g, repeated, ZERO)
            _sum_repeated(repeated, times, dx[n * size : (n + 1) * size])


@kernel(parallel=True)
def backward(
    dy: Array, y: Array, relu: bool, x: Array, times: int, kernel_: Array, g: Geometry, dx: Array, needs_dx: bool,
    samples: int, partial: Array, dkernel: Array, dbias: Array,
) -> None:  # fmt: skip
    """Fill dkernel (KH, KW, C, M), dbias (C M,) and, if it is needed, dx (samples, H, W, C).

    `partial` is scratch for BLOCKS times dkernel and dbias.

    Raises:
        ValueError: the arrays have other sizes.
    """
    C, length = dbias.size, partial.size // BLOCKS
    if not (
        x.size * times == samples * g.pixels
        and dy.size == y.size == samples * g.windows * C
        and kernel_.size == dkernel.size == g.K
        and g.C == C
        and length == g.K + C
        and (dx.size == x.size or not needs_dx)
    ):
        raise ValueError("A depthwise convolution's gradient was given arrays whose sizes do not belong together.")
    blocks = blocks_of(samples)
    for block in prange(blocks):
        own = partial[block * length : (block + 1) * length]
        fill(own)
        _backward_block(
            dy, y, relu, x, times, kernel_, g, dx, needs_dx, own[:C], own[C:], block * samples // blocks,
            (block + 1) * samples // blocks,
        )  # fmt: skip
    sum_gradients(partial, blocks, dkernel, dbias)
