"""The products of a dense layer: y = relu(x * kernel + bias), and its gradients.

1. Forward, each block is a strip of columns and a strip of rows; bias and ReLU are added when its sum is complete.
2. Backward, dkernel = x^T dz and dx = dz kernel^T, where most of dz is 0 behind a ReLU. So both go over the numbers of
   dz that are not 0 (`nonzero_product.py`); forward does so with an x that comes from a ReLU, or from dark pixels.
3. Where there are few zeros, all is computed by `matrix_product`; dx then as (kernel dz^T)^T: what is transposed are
   dz, which is small, and tiles of the result in the cache, never the whole kernel.
4. Where the rows of the kernel lie two memory pages or more apart, they compete for the same few places of a cache:
   such a kernel is packed, piece by piece.
5. The features are cut in two: forward the sum over them (then the halves are added), backward the strips in their
   order. The optimizer's blocks cut the kernel at about the same place, so with two threads each reads the half that it
   has written and will write again. A cache line that another core has read must be taken back from it before it can be
   written: where the two share no cache, Adam's update of the CNN took 640 us instead of 55.
6. Whether dkernel is finite is most often known from x and dz, which are smaller where samples are few (`finite.py`).
   A block looks at what it has written only if one of them is not finite, or so large that a sum of their products may
   overflow.
7. Every number is the same sum in the same order however the work is divided, so threads change no bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from scratchnet.kernels.loops.bias_and_relu import bias_and_relu, relu_gradient
from scratchnet.kernels.loops.finite import not_finite, products_are_finite, sum_of_squares
from scratchnet.kernels.loops.matrix_product import matrix_product
from scratchnet.kernels.loops.nonzero_product import (
    add_nonzero_product,
    mark_nonzeros,
    pack_strip,
    strip_of,
    words_in,
)
from scratchnet.kernels.loops.transpose import transpose
from scratchnet.kernels.loops.vectors import add_to, fill
from scratchnet.kernels.machine.processor import TILE, VECTOR_BYTES
from scratchnet.kernels.machine.runtime import inner, kernel
from scratchnet.kernels.machine.scratch import scratch
from scratchnet.kernels.machine.simd import WORD, ZERO
from scratchnet.typing import Array

APART = 8192
"""Bytes between two rows of a kernel from which on they compete for the same few places of a cache, and are packed."""
STRIP = 8 * TILE
"""Rows of a strip, forward (samples) and backward (features)."""
SAMPLES = 8 * TILE
"""Rows of x for which a strip of the kernel is packed."""
WORTH_PACKING = 8
"""Rows of x from which on packing costs less than it saves."""
GROUP = 16 * WORD
"""Units whose part of dkernel is one block."""


def middle_of(D: int) -> int:
    """Where the sum over D features is cut in two: at a word, and not at all (D) if it is short."""
    return D if D < 4 * WORD else (D + WORD) // (2 * WORD) * WORD


@inner
def _nonzero_forward_block(
    x: Array, kernel_: Array, D: int, U: int, words: Array, y: Array, first_row: int, last_row: int, first: int,
    start: int, stop: int,
) -> None:  # fmt: skip
    strip, few = strip_of(x, U), last_row - first_row < WORTH_PACKING
    tile = scratch(ZERO if few else WORD * strip, x)
    for word in range(start // WORD, words_in(stop)):
        d = word * WORD
        if few:
            panel, at, step = kernel_, d * U + first, U
        else:
            pack_strip(kernel_, d * U + first, U, min(WORD, stop - d), strip, tile)
            panel, at, step = tile, ZERO, strip
        add_nonzero_product(
            x, D, words, word, first_row, last_row, panel, at, step, strip, y, first_row * U + first, U, d == start
        )  # fmt: skip


@inner
def _forward_block(
    x: Array, kernel_: Array, U: int, rows: Array, D: int, words: Array, sparse: bool, y: Array, first_row: int,
    last_row: int, first: int, last: int, start: int, stop: int,
) -> None:  # fmt: skip
    """Columns `first` to `last` of the sum over the features from `start` to `stop`."""
    nothing, strip = np.zeros(1, np.int64), last - first
    if sparse and strip == strip_of(x, U):
        _nonzero_forward_block(x, kernel_, D, U, words, y, first_row, last_row, first, start, stop)
    elif U * x.itemsize < APART:
        matrix_product(
            x, start, rows, first_row, last_row - first_row, nothing, 1, stop - start, 1, kernel_, start * U + first, U,
            strip, y, first_row * U + first, U, ZERO,
        )  # fmt: skip
    else:
        tile = scratch(2 * WORD * strip, x)
        for d in range(start, stop, 2 * WORD):
            count = min(2 * WORD, stop - d)
            pack_strip(kernel_, d * U + first, U, count, strip, tile)
            matrix_product(
                x, d, rows, first_row, last_row - first_row, nothing, 1, count, 1, tile, ZERO, strip, strip,
                y, first_row * U + first, U, d - start,
            )  # fmt: skip


@kernel(parallel=True)
def forward(
    x: Array, kernel_: Array, bias: Array, relu: bool, rows: Array, D: int, middle: int, y: Array, half: Array,
    samples: int, words: Array, sparse_below: float,
) -> None:  # fmt: skip
    """y (samples, U) = relu(x (samples, D) times the kernel (D, U) + bias); no cut at 0 unless `relu`.

    The sum over the features is cut at `middle`; `half` is scratch for its second part, `words` for the bits of x.
    Zeros are passed over where the share of other numbers is below `sparse_below`.

    Raises:
        ValueError: the arrays have other sizes.
    """
    U, column_strip = bias.size, 2 * (VECTOR_BYTES // x.itemsize)
    if not (
        x.size == samples * D
        and kernel_.size == D * U
        and y.size == samples * U
        and rows.size >= samples + TILE - 1
        and words.size >= samples * words_in(D)
        and (middle == D or (0 < middle < D and middle % WORD == 0 and half.size >= y.size))
    ):
        raise ValueError("A dense layer was given arrays whose sizes do not belong together.")
    row_strip = STRIP if column_strip < U else TILE
    count = 0
    for row in prange(samples if strip_of(x, U) <= U else 0):
        count += mark_nonzeros(x[row * D :], 1, D, words[row * words_in(D) :])
    sparse = strip_of(x, U) <= U and count < sparse_below * samples * D
    if sparse:
        row_strip, column_strip = SAMPLES, strip_of(x, U)
    elif U * x.itemsize >= APART:
        column_strip *= 2
    across = (U + column_strip - 1) // column_strip
    blocks = across * ((samples + row_strip - 1) // row_strip)
    parts = 2 if middle < D else 1
    for block in prange(parts * blocks):
        row, column = block % blocks // across * row_strip, block % across * column_strip
        last_row, last_column = min(row + row_strip, samples), min(column + column_strip, U)
        if block < blocks:
            _forward_block(
                x, kernel_, U, rows, D, words, sparse, y, row, last_row, column, last_column, ZERO, middle
            )  # fmt: skip
        else:
            _forward_block(
                x, kernel_, U, rows, D, words, sparse, half, row, last_row, column, last_column, middle, D
            )  # fmt: skip
    for strip in prange((samples + STRIP - 1) // STRIP):
        i, j = strip * STRIP * U, min(strip * STRIP + STRIP, samples) * U
        if middle < D:
            add_to(y[i:j], half[i:j])
        bias_and_relu(y[i:j], U, bias, relu)


@inner
def _rows_not_finite(
    x: Array, D: int, samples: int, dz_squares: Any, U: int, first: int, last: int, rows: Array
) -> int:  # fmt: skip
    """1 if a number of these `rows` of dkernel, from `first` to `last`, is not finite, else 0."""
    if samples < U:
        x_squares = x.dtype.type(0)
        for n in range(samples):
            x_squares += sum_of_squares(x[n * D + first : n * D + last])
        if products_are_finite(x_squares, dz_squares):
            return 0
    return not_finite(rows)


@inner
def _backward_block(
    x: Array, kernel_: Array, dz: Array, dz_t: Array, samples: int, D: int, U: int, d_rows: Array, kernel_rows: Array,
    dkernel: Array, dx: Array, needs_dx: bool, first: int, last: int, dz_squares: Any,
) -> int:  # fmt: skip
    """Rows `first` to `last` of dkernel, and these columns of dx: dz comes from the cache for both.

    Returns 1 if a number of dkernel is not finite, else 0.
    """
    nothing = np.zeros(1, np.int64)
    matrix_product(
        x, ZERO, d_rows, first, last - first, nothing, 1, samples, D, dz, ZERO, U, U, dkernel, first * U, U, ZERO
    )  # (D strip, U)
    if needs_dx:
        tile = scratch(2 * TILE * samples, x)
        for d in range(first, last, 2 * TILE):
            count = min(2 * TILE, last - d)
            matrix_product(  # (2 TILE, N)
                kernel_, ZERO, kernel_rows, d, count, nothing, 1, U, 1, dz_t, ZERO, samples, samples, tile, ZERO,
                samples, ZERO,
            )  # fmt: skip
            transpose(tile, ZERO, samples, count, samples, dx, d, D)
    return _rows_not_finite(x, D, samples, dz_squares, U, first, last, dkernel[first * U : last * U])


@inner
def _nonzero_dkernel(
    x: Array, dz_t: Array, words: Array, samples: int, D: int, U: int, dkernel: Array, first: int, u: int,
    dz_squares: Any,
) -> int:  # fmt: skip
    """A strip of rows of dkernel, from `first`, for one group of units, from `u`; returns 0 if all are finite."""
    strip, count = strip_of(x, D), min(GROUP, U - u)
    tile, sums = scratch(WORD * strip, x), scratch(count * strip, x)
    for word in range(words_in(samples)):
        pack_strip(x, word * WORD * D + first, D, min(WORD, samples - word * WORD), strip, tile)
        add_nonzero_product(
            dz_t, samples, words, word, u, u + count, tile, ZERO, strip, strip, sums, ZERO, strip, word == 0
        )  # fmt: skip
    lane = VECTOR_BYTES // x.itemsize
    for d in range(0, strip, lane):  # so that the rows of dkernel are written from left to right
        transpose(sums, d, strip, count, lane, dkernel, (first + d) * U + u, U)
    return _rows_not_finite(x, D, samples, dz_squares, U, first, first + strip, sums)


@inner
def _nonzero_dx(kernel_: Array, dz: Array, words: Array, samples: int, D: int, U: int, dx: Array, first: int) -> None:
    """A strip of columns of dx, from `first`."""
    strip = strip_of(dz, D)
    tile = scratch(WORD * strip, dz)
    for word in range(words_in(U)):
        u = word * WORD
        transpose(kernel_, first * U + u, U, strip, min(WORD, U - u), tile, ZERO, strip)
        add_nonzero_product(dz, U, words, word, ZERO, samples, tile, ZERO, strip, strip, dx, first, D, word == 0)


@kernel(parallel=True)
def backward(
    dy: Array, y: Array, relu: bool, x: Array, kernel_: Array, d_rows: Array, kernel_rows: Array, D: int,
    dx: Array, needs_dx: bool, samples: int, dkernel: Array, dbias: Array, dz: Array, dz_t: Array, words: Array,
    words_t: Array, sparse_below: float,
) -> bool:  # fmt: skip
    """Fill dkernel (D, U), dbias (U,) and, if it is needed, dx (samples, D); return whether the first two are finite.

    `dz` and `dz_t` are scratch for samples times U numbers, `words` and `words_t` for the bits of both. Zeros are
    passed over where the share of other numbers in dz is below `sparse_below`.

    Raises:
        ValueError: the arrays have other sizes.
    """
    U, strip, groups = dbias.size, STRIP, 1
    if not (
        x.size == samples * D
        and dy.size == y.size == dz.size == dz_t.size == samples * U
        and kernel_.size == dkernel.size == D * U
        and min(d_rows.size, kernel_rows.size) >= D + TILE - 1
        and words.size >= samples * words_in(U)
        and words_t.size >= words_in(samples) * U
        and (dx.size == x.size or not needs_dx)
    ):
        raise ValueError("A dense layer's gradient was given arrays whose sizes do not belong together.")
    fill(dbias)
    relu_gradient(dy, y, ZERO, relu, samples, U, dz, ZERO, dbias)
    transpose(dz, 0, U, samples, U, dz_t, 0, samples)
    sparse = strip_of(x, D) <= D and mark_nonzeros(dz_t, U, samples, words_t) < sparse_below * samples * U
    if sparse:
        strip, groups = strip_of(x, D), (U + GROUP - 1) // GROUP
        if needs_dx:
            mark_nonzeros(dz, samples, U, words)
            groups += 1
    broken, dz_squares = not_finite(dbias), sum_of_squares(dz)
    for block in prange(groups * ((D + strip - 1) // strip)):
        group, first = block % groups, block // groups * strip
        if not sparse or (group == 0 and first + strip > D):
            broken += _backward_block(
                x, kernel_, dz, dz_t, samples, D, U, d_rows, kernel_rows, dkernel, dx, needs_dx, first,
                min(first + strip, D), dz_squares,
            )  # fmt: skip
        elif first + strip > D:
            pass  # the rest that fills no strip was the part of group 0
        elif group * GROUP < U:
            broken += _nonzero_dkernel(x, dz_t, words_t, samples, D, U, dkernel, first, group * GROUP, dz_squares)
        else:
            _nonzero_dx(kernel_, dz, words, samples, D, U, dx, first)
    return broken == 0
