"""Conv2D + bias + ReLU + MaxPooling2D in one pass (layers/conv2d.py, layers/max_pooling2d.py).

1. Only the pooled maxima and the number of each winner are written. The convolution's places are computed in the order
   in which the pooling windows ask for them; places that no window looks at are not computed at all.
2. Where windows of four places do not overlap (2x2 with stride 2, say), bias, ReLU and pooling happen in registers
   (`pooled_convolution_tile.py`), else from a scratch of one sample's places.
3. Registers hold whole vectors of filters. Of filters that fill none, such as the six of LeNet, the kernel is packed
   with zeros behind them, and what comes out for these runs into the next window's places, which are written later: the
   windows come in order, and of each the filters that are left over come first. One sample at a time goes to a scratch
   with room for the last window's overrun, and is copied from there.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from scratchnet.kernels.loops.matrix_product import matrix_product
from scratchnet.kernels.loops.max_pooling import compete
from scratchnet.kernels.loops.pooled_convolution_tile import POOLED, narrow_pool_tile, wide_pool_tile
from scratchnet.kernels.loops.pooling_windows import Pooling
from scratchnet.kernels.loops.vectors import copy_to
from scratchnet.kernels.loops.windows import Geometry, pad_image
from scratchnet.kernels.machine.hints import never_inline
from scratchnet.kernels.machine.processor import VECTOR_BYTES
from scratchnet.kernels.machine.runtime import inner, kernel
from scratchnet.kernels.machine.scratch import scratch, zeros
from scratchnet.kernels.machine.simd import ZERO
from scratchnet.typing import Array


@inner
def _pool(z: Array, bias: Array, relu: bool, p: Pooling, y: Array, winners: Array) -> None:
    """Reduce z (used, F) to y (windows, F) and the numbers of the winners in their windows."""
    F, zero = bias.size, z.dtype.type(0)
    for i in range(p.used):
        row = z[i * F : (i + 1) * F]
        for f in range(F):
            v = row[f] + bias[f]
            row[f] = zero if relu and v <= 0 else v
    for w in range(p.windows):
        first = True
        for q in range(p.size):
            i = p.cells[w * p.size + q] * F
            if i >= 0:
                compete(z[i : i + F], q, first, y[w * F : (w + 1) * F], winners[w * F : (w + 1) * F])
                first = False


@inner
def _convolve_and_pool(
    x: Array, x_at: int, kernel_: Array, bias: Array, rest: Array, relu: bool, g: Geometry, p: Pooling, y: Array,
    winners: Array, to: int,
) -> None:  # fmt: skip
    """One sample whose windows have four places each, of their own: all in registers. `rest` is that of `_rest`."""
    F, on = bias.size, np.int64(relu)
    lane = VECTOR_BYTES // x.itemsize
    whole = F - F % lane
    for w in range(0, p.windows, POOLED):
        first = min(w, p.windows - POOLED)
        if whole < F:
            narrow_pool_tile(
                x, x_at, p.places, 4 * first, g.runs, g.runs.size, g.run, 1, rest, lane, lane, rest, ZERO, on, y,
                winners, to + first * F + whole, F,
            )  # fmt: skip
        f = ZERO
        while f + 2 * lane <= whole:
            wide_pool_tile(
                x, x_at, p.places, 4 * first, g.runs, g.runs.size, g.run, 1, kernel_, f, F, bias, f, on, y, winners,
                to + first * F + f, F,
            )  # fmt: skip
            f += 2 * lane
        if f < whole:
            narrow_pool_tile(
                x, x_at, p.places, 4 * first, g.runs, g.runs.size, g.run, 1, kernel_, f, F, bias, f, on, y, winners,
                to + first * F + f, F,
            )  # fmt: skip


@inner
def _rest(kernel_: Array, bias: Array) -> Array:
    """Bias and kernel (1 + K, a vector) of the filters that fill no vector, with zeros behind; empty without any."""
    lane, F = VECTOR_BYTES // bias.itemsize, bias.size
    whole, K = F - F % lane, kernel_.size // F
    rest = zeros((1 + K) * lane if whole < F else 0, bias)
    if whole < F:
        copy_to(rest[: F - whole], bias[whole:])
        for k in range(K):
            copy_to(rest[(1 + k) * lane : (1 + k) * lane + F - whole], kernel_[k * F + whole : (k + 1) * F])
    return rest


@inner
def _in_registers_block(
    x: Array, kernel_: Array, bias: Array, relu: bool, g: Geometry, p: Pooling, y: Array, winners: Array, first: int,
    last: int,
) -> None:  # fmt: skip
    padded, rest = zeros(g.padded, x), _rest(kernel_, bias)
    size = p.windows * bias.size
    length = size + rest.size if rest.size > 0 else 0
    room, room_w = scratch(length, y), scratch(length, winners)
    for n in range(first, last):
        image, at = x, n * g.pixels
        if g.padded > 0:
            pad_image(x, at, g, padded)
            image, at = padded, ZERO
        if rest.size == 0:
            _convolve_and_pool(image, at, kernel_, bias, rest, relu, g, p, y, winners, n * size)
        else:
            _convolve_and_pool(image, at, kernel_, bias, rest, relu, g, p, room, room_w, ZERO)
            copy_to(y[n * size : (n + 1) * size], room[:size])
            copy_to(winners[n * size : (n + 1) * size], room_w[:size])


@inner
def _sizes_belong(
    x: Array, kernel_: Array, bias: Array, g: Geometry, p: Pooling, y: Array, winners: Array, samples: int
) -> bool:
    never_inline()
    return (
        x.size == samples * g.pixels
        and kernel_.size == g.K * bias.size
        and y.size == winners.size == samples * p.windows * bias.size
    )


def registers_fit(alone: bool, windows: int, filters: int) -> bool:
    """Whether pooling can happen in registers: windows of four places of their own, and enough of them."""
    return alone and windows >= POOLED and filters > 0


_registers_fit = inner(registers_fit)


@kernel(parallel=True)
def forward_in_registers(
    x: Array, kernel_: Array, bias: Array, relu: bool, g: Geometry, p: Pooling, y: Array, winners: Array, samples: int
) -> None:
    """As `forward`, where it fits (see `registers_fit`).

    Raises:
        ValueError: it does not fit, or the arrays have other sizes.
    """
    if not _registers_fit(p.alone, p.windows, bias.size):
        raise ValueError("Pooling in registers takes windows of four places of their own.")
    if not _sizes_belong(x, kernel_, bias, g, p, y, winners, samples):
        raise ValueError("A pooled convolution was given arrays whose sizes do not belong together.")
    for block in prange((samples + 3) // 4):
        _in_registers_block(x, kernel_, bias, relu, g, p, y, winners, 4 * block, min(4 * block + 4, samples))


@inner
def _forward_block(
    x: Array, kernel_: Array, bias: Array, relu: bool, g: Geometry, p: Pooling, y: Array, winners: Array, first: int,
    last: int,
) -> None:  # fmt: skip
    F = bias.size
    padded, z = zeros(g.padded, x), scratch(p.used * F, x)
    for n in range(first, last):
        image, at = x, n * g.pixels
        if g.padded > 0:
            pad_image(x, at, g, padded)
            image, at = padded, ZERO
        i, j = n * p.windows * F, (n + 1) * p.windows * F
        matrix_product(
            image, at, p.places, ZERO, p.used, g.runs, g.runs.size, g.run, 1, kernel_, ZERO, F, F, z, ZERO, F, ZERO
        )  # (used, F)
        _pool(z, bias, relu, p, y[i:j], winners[i:j])


@kernel(parallel=True)
def forward(
    x: Array, kernel_: Array, bias: Array, relu: bool, g: Geometry, p: Pooling, y: Array, winners: Array, samples: int
) -> None:
    """Convolve and pool: y (samples, windows, F) and the numbers of the winners.

    Raises:
        ValueError: the arrays have other sizes.
    """
    if not _sizes_belong(x, kernel_, bias, g, p, y, winners, samples):
        raise ValueError("A pooled convolution was given arrays whose sizes do not belong together.")
    for block in prange((samples + 3) // 4):
        _forward_block(x, kernel_, bias, relu, g, p, y, winners, 4 * block, min(4 * block + 4, samples))
