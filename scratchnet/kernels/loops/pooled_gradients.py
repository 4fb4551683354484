"""The gradients of Conv2D + bias + ReLU + MaxPooling2D (`steps/conv2d_maxpool.py`).

1. dy has one number for each pooling window, not one for each place: with 2x2 windows three quarters of the dense
   products would multiply zeros. `by_winners` adds up the winners' patches for dkernel and the winners' kernels for dx,
   with nothing spread out; `by_squares` does the same for dx a whole window at a time, where that fits.
2. Patches shorter than a vector (few input channels) go by vectors of filters instead: `by_filters`.
3. Blocks of samples add up their own dkernel; the blocks are summed in order, so threads change no bit.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from scratchnet.kernels.loops.bias_and_relu import relu_gradient
from scratchnet.kernels.loops.convolution import scatter_product
from scratchnet.kernels.loops.nonzero_product import mark_nonzeros, words_in
from scratchnet.kernels.loops.pooled_input_gradient import input_gradient
from scratchnet.kernels.loops.pooled_input_gradient_squares import input_gradient_of_squares
from scratchnet.kernels.loops.pooled_kernel_gradient import TAPS, kernel_gradient, kernel_gradient_by_filters
from scratchnet.kernels.loops.pooling_windows import Pooling
from scratchnet.kernels.loops.transpose import transpose
from scratchnet.kernels.loops.vectors import BLOCKS, blocks_of, copy_to, fill, sum_blocks, sum_gradients
from scratchnet.kernels.loops.windows import Geometry, crop_image, pad_image
from scratchnet.kernels.machine.hints import never_inline
from scratchnet.kernels.machine.processor import TILE, VECTOR_BYTES
from scratchnet.kernels.machine.runtime import inner, kernel
from scratchnet.kernels.machine.scratch import scratch, zeros
from scratchnet.kernels.machine.simd import ZERO
from scratchnet.typing import Array


@inner
def _add_sample(
    dy: Array, y: Array, winners: Array, i: int, relu: bool, image: Array, at: int, g: Geometry, p: Pooling, dz: Array,
    dz_t: Array, words: Array, dbias: Array, dkernel: Array,
) -> None:  # fmt: skip
    """Add one sample, whose windows begin at `i` and whose padded image at `at`, to dbias and dkernel; leaves dz."""
    F = dbias.size
    relu_gradient(dy, y, i, relu, p.windows, F, dz, ZERO, dbias)
    transpose(dz, ZERO, F, p.windows, F, dz_t, ZERO, p.windows)
    mark_nonzeros(dz_t, F, p.windows, words)
    kernel_gradient(image, at, g.runs, g.run, p.window_places, p.size, p.windows, dz_t, words, winners, i, F, dkernel)


@inner
def _winners_block(
    dy: Array, y: Array, winners: Array, relu: bool, x: Array, kernel_t: Array, g: Geometry, p: Pooling, dx: Array,
    needs_dx: bool, dbias: Array, dkernel: Array, first: int, last: int,
) -> None:  # fmt: skip
    F = dbias.size
    padded, dpadded = zeros(g.padded, x), zeros(g.padded, x)
    dz, dz_t = scratch(p.windows * F, x), scratch(p.windows * F, x)
    words = np.empty(max(F * words_in(p.windows), p.windows * p.size), np.int64)
    for n in range(first, last):
        i, image, dimage, at = n * p.windows * F, x, dx, n * g.pixels
        if g.padded > 0:
            pad_image(x, at, g, padded)
            image, dimage, at = padded, dpadded, ZERO
        _add_sample(dy, y, winners, i, relu, image, at, g, p, dz, dz_t, words, dbias, dkernel)
        if needs_dx:
            fill(dimage[at : at + g.HP * g.WP * g.C])
            input_gradient(
                kernel_t, g.runs, g.run, p.window_places, p.cells, p.size, p.windows, dz, winners, i, F, words, dimage,
                at,
            )  # fmt: skip
            if g.padded > 0:
                crop_image(dpadded, g, dx, n * g.pixels)


@inner
def _sizes_belong(
    dy: Array, y: Array, winners: Array, x: Array, kernel_: Array, g: Geometry, p: Pooling, dx: Array, needs_dx: bool,
    samples: int, dkernel: Array, dbias: Array,
) -> bool:  # fmt: skip
    never_inline()
    F = dbias.size
    return (
        x.size == samples * g.pixels
        and kernel_.size == dkernel.size == g.K * F
        and dy.size == y.size == winners.size == samples * p.windows * F
        and (dx.size == x.size or not needs_dx)
    )


@kernel(parallel=True)
def by_winners(
    dy: Array, y: Array, winners: Array, relu: bool, x: Array, kernel_: Array, g: Geometry, p: Pooling, dx: Array,
    needs_dx: bool, samples: int, partial: Array, dkernel: Array, dbias: Array,
) -> None:  # fmt: skip
    """Fill dkernel (K, F), dbias (F,) and, if it is needed, dx (samples, H, W, C).

    `partial` is scratch for BLOCKS times as many numbers as dkernel and dbias have.

    Raises:
        ValueError: the arrays have other sizes.
    """
    F, length, blocks = dbias.size, partial.size // BLOCKS, blocks_of(samples)
    if length != (g.K + 1) * F or not _sizes_belong(
        dy, y, winners, x, kernel_, g, p, dx, needs_dx, samples, dkernel, dbias
    ):
        raise ValueError("by_winners was given arrays whose sizes do not belong together.")
    kernel_t = scratch(g.K * F, x)
    transpose(kernel_, 0, F, g.K, F, kernel_t, 0, g.K)
    for block in prange(blocks):
        own = partial[block * length : (block + 1) * length]
        fill(own)
        _winners_block(
            dy, y, winners, relu, x, kernel_t, g, p, dx, needs_dx, own[:F], own[F:], block * samples // blocks,
            (block + 1) * samples // blocks,
        )  # fmt: skip
    total = scratch(length, x)
    sum_blocks(partial, blocks, total)
    copy_to(dbias, total[:F])
    transpose(total, F, g.K, F, g.K, dkernel, 0, F)


@inner
def _squares_block(
    dy: Array, y: Array, winners: Array, relu: bool, x: Array, kernel_t: Array, g: Geometry, p: Pooling, taps: int,
    columns: int, dx: Array, dbias: Array, dkernel: Array, first: int, last: int,
) -> None:  # fmt: skip
    F, rows = dbias.size, p.windows // columns
    outside = 2 * rows + taps <= g.HP or 2 * columns + taps <= g.WP  # pixels that no window looks at
    padded, dpadded = zeros(g.padded, x), zeros(g.padded, x)
    dz, dz_t = scratch(p.windows * F, x), scratch(p.windows * F, x)
    words = np.empty(max(F * words_in(p.windows), 4 * p.windows * words_in(F)), np.int64)
    for n in range(first, last):
        i, image, dimage, at = n * p.windows * F, x, dx, n * g.pixels
        if g.padded > 0:
            pad_image(x, at, g, padded)
            image, dimage, at = padded, dpadded, ZERO
        _add_sample(dy, y, winners, i, relu, image, at, g, p, dz, dz_t, words, dbias, dkernel)
        if outside:
            fill(dimage[at : at + g.HP * g.WP * g.C])
        input_gradient_of_squares(kernel_t, taps, g.C, dz, winners, i, F, words, g.WP * g.C, rows, columns, dimage, at)
        if g.padded > 0:
            crop_image(dpadded, g, dx, n * g.pixels)


def squares_fit(taps: int, filters: int, channels: int, itemsize: int) -> bool:
    """Whether `by_squares` can do it: kernels of 2x2 or 3x3, channels in whole vectors."""
    return 2 <= taps <= 3 and filters > 0 and channels > 0 and channels % (VECTOR_BYTES // itemsize) == 0


_squares_fit = inner(squares_fit)


@inner
def _two_apart(g: Geometry, p: Pooling, columns: int) -> bool:
    """Whether the windows are 2x2, in rows of `columns`, and each pixel of theirs belongs to one."""
    if p.size != 4 or not p.alone or columns < 1 or p.windows % columns != 0:
        return False
    for row in range(p.windows // columns):
        for column in range(columns):
            if p.places[4 * (row * columns + column)] != 2 * (row * g.WP + column) * g.C:
                return False
    return True


@kernel(parallel=True)
def by_squares(
    dy: Array, y: Array, winners: Array, relu: bool, x: Array, kernel_: Array, g: Geometry, p: Pooling, taps: int,
    columns: int, dx: Array, samples: int, partial: Array, dkernel: Array, dbias: Array,
) -> None:  # fmt: skip
    """As `by_winners`, always with dx, for kernels of `taps` times `taps` and `columns` windows of 2x2 in each row.

    Raises:
        ValueError: it does not fit (see `squares_fit`), windows are not two places apart, or the arrays have other
            sizes.
    """
    F, length, blocks = dbias.size, partial.size // BLOCKS, blocks_of(samples)
    if not (_squares_fit(taps, F, g.C, x.itemsize) and taps * taps * g.C == g.K and _two_apart(g, p, columns)):
        raise ValueError("by_squares takes kernels of 2x2 or 3x3, channels in whole vectors, windows of 2x2, 2 apart.")
    if length != (g.K + 1) * F or not _sizes_belong(
        dy, y, winners, x, kernel_, g, p, dx, True, samples, dkernel, dbias
    ):
        raise ValueError("by_squares was given arrays whose sizes do not belong together.")
    kernel_t = scratch(g.K * F, x)
    transpose(kernel_, 0, F, g.K, F, kernel_t, 0, g.K)
    for block in prange(blocks):
        own = partial[block * length : (block + 1) * length]
        fill(own)
        _squares_block(
            dy, y, winners, relu, x, kernel_t, g, p, taps, columns, dx, own[:F], own[F:], block * samples // blocks,
            (block + 1) * samples // blocks,
        )  # fmt: skip
    total = scratch(length, x)
    sum_blocks(partial, blocks, total)
    copy_to(dbias, total[:F])
    transpose(total, F, g.K, F, g.K, dkernel, 0, F)


@inner
def _spread(dz: Array, won: Array, won_at: int, p: Pooling, F: int, out: Array) -> None:
    """`out` (used, F) = dz at the winners, 0 elsewhere."""
    fill(out)
    for w in range(p.windows):
        for f in range(F):
            out[p.cells[w * p.size + np.int64(won[won_at + w * F + f])] * F + f] += dz[w * F + f]


@inner
def _filters_block(
    dy: Array, y: Array, winners: Array, relu: bool, x: Array, kernel_t: Array, g: Geometry, p: Pooling, rows: Array,
    dx: Array, needs_dx: bool, dbias: Array, dkernel: Array, first: int, last: int,
) -> None:  # fmt: skip
    F = dbias.size
    padded, dpadded, dz = zeros(g.padded, x), zeros(g.padded, x), scratch(p.windows * F, x)
    dense, cols = scratch(p.used * F if needs_dx else 0, x), scratch(TILE * g.K if needs_dx else 0, x)
    for n in range(first, last):
        i = n * p.windows * F
        relu_gradient(dy, y, i, relu, p.windows, F, dz, ZERO, dbias)
        image, dimage, at = x, dx, n * g.pixels
        if g.padded > 0:
            pad_image(x, at, g, padded)
            image, dimage, at = padded, dpadded, ZERO
        kernel_gradient_by_filters(image, at, g, p.window_places, p.size, p.windows, dz, winners, i, F, dkernel)
        if needs_dx:
            fill(dimage[at : at + g.HP * g.WP * g.C])
            _spread(dz, winners, i, p, F, dense)
            scatter_product(dense, rows, kernel_t, p.places, p.used, g, F, dimage, at, cols)
            if g.padded > 0:
                crop_image(dpadded, g, dx, n * g.pixels)


def filters_rows(K: int) -> int:
    """Rows of F numbers that one block needs in the `partial` of `by_filters`, beside dbias."""
    return -(-K // TAPS) * TAPS


_filters_rows = inner(filters_rows)


@kernel(parallel=True)
def by_filters(
    dy: Array, y: Array, winners: Array, relu: bool, x: Array, kernel_: Array, g: Geometry, p: Pooling, rows: Array,
    dx: Array, needs_dx: bool, samples: int, partial: Array, dkernel: Array, dbias: Array,
) -> None:  # fmt: skip
    """As `by_winners`; in `partial` there is room for dkernel with K rounded up to TAPS.

    Raises:
        ValueError: the arrays have other sizes.
    """
    F, length = dbias.size, partial.size // BLOCKS
    if (
        length != (_filters_rows(g.K) + 1) * F
        or rows.size < p.used + TILE - 1
        or not _sizes_belong(dy, y, winners, x, kernel_, g, p, dx, needs_dx, samples, dkernel, dbias)
    ):
        raise ValueError("by_filters was given arrays whose sizes do not belong together.")
    kernel_t = scratch(g.K * F, x)
    if needs_dx:
        transpose(kernel_, 0, F, g.K, F, kernel_t, 0, g.K)
    blocks = blocks_of(samples)
    for block in prange(blocks):
        own = partial[block * length : (block + 1) * length]
        fill(own)
        _filters_block(
            dy, y, winners, relu, x, kernel_t, g, p, rows, dx, needs_dx, own[:F], own[F:], block * samples // blocks,
            (block + 1) * samples // blocks,
        )  # fmt: skip
    sum_gradients(partial, blocks, dkernel, dbias)
