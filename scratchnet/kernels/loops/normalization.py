"""Normalizing each channel over the rows of a matrix (M, C), and its gradient; each pass reads x once.

1. Channels last means rows of C contiguous numbers; all inner loops run along a row, so vectors hold channels.
2. Rows are divided into at most BLOCKS blocks, whatever the number of threads. Each adds up its sums; the blocks are
   then summed in order, so threads change no bit.
3. x̂ is worked out again from x where it is needed: reading x costs as much as reading x̂ would, and writing is saved.
   So is whether a ReLU behind it was on, by the very same operations as forward.
4. Sums are taken of x - mean, not of x², whose difference to mean² would lose what float32 has.
5. The backward pass is the compact form, the last line of the layer's derivation: dx is dy and x̂ with one number each
   for every channel, and a third added.
"""

from __future__ import annotations

from numba import prange

from scratchnet.kernels.loops.vectors import BLOCKS, sum_blocks
from scratchnet.kernels.machine.hints import never_inline, no_overlap
from scratchnet.kernels.machine.runtime import inner, kernel
from scratchnet.typing import Array


@inner
def _add_rows(x: Array, rows: int, C: int, total: Array) -> None:
    """total (C,) = the sum of the rows x (rows * C,)."""
    never_inline()
    no_overlap()
    for c in range(C):
        total[c] = 0
    for row in range(rows):
        for c in range(C):
            total[c] += x[row * C + c]


@inner
def _add_squares(x: Array, rows: int, C: int, mean: Array, total: Array) -> None:
    """total (C,) = the sum of (x - mean)² over the rows."""
    never_inline()
    no_overlap()
    for c in range(C):
        total[c] = 0
    for row in range(rows):
        for c in range(C):
            centred = x[row * C + c] - mean[c]
            total[c] += centred * centred


@inner
def _scale_rows(
    x: Array, rows: int, C: int, mean: Array, factor: Array, beta: Array, relu: bool, y: Array
) -> None:  # fmt: skip
    """y = factor (x - mean) + β, row by row, cut off at 0 if `relu`."""
    never_inline()
    no_overlap()
    zero = x.dtype.type(0)
    for row in range(rows):
        for c in range(C):
            value = factor[c] * (x[row * C + c] - mean[c]) + beta[c]
            y[row * C + c] = zero if relu and value <= 0 else value


@inner
def _add_products(
    dy: Array, x: Array, rows: int, C: int, mean: Array, factor: Array, beta: Array, relu: bool, dbeta: Array,
    products: Array,
) -> None:  # fmt: skip
    """dbeta (C,) = the sum of dy, products (C,) = the sum of dy (x - mean), both where ReLU was on."""
    never_inline()
    no_overlap()
    zero = x.dtype.type(0)
    for c in range(C):
        dbeta[c] = 0
        products[c] = 0
    for row in range(rows):
        for c in range(C):
            centred = x[row * C + c] - mean[c]
            off = relu and factor[c] * centred + beta[c] <= 0
            d = zero if off else dy[row * C + c]
            dbeta[c] += d
            products[c] += d * centred


@inner
def _gradient_rows(
    dy: Array, x: Array, rows: int, C: int, mean: Array, factor: Array, beta: Array, relu: bool, level: Array,
    along: Array, dx: Array,
) -> None:  # fmt: skip
    """dx = factor (dy - level - (x - mean) along), row by row, with a dy of 0 where ReLU was off."""
    never_inline()
    no_overlap()
    zero = x.dtype.type(0)
    for row in range(rows):
        for c in range(C):
            i = row * C + c
            centred = x[i] - mean[c]
            off = relu and factor[c] * centred + beta[c] <= 0
            d = zero if off else dy[i]
            dx[i] = factor[c] * (d - level[c] - centred * along[c])


@kernel(parallel=True)
def statistics(x: Array, M: int, C: int, partial: Array, mean: Array, variance: Array) -> None:
    """Fill mean (C,) and variance (C,) of x (M, C).

    `partial` is scratch for BLOCKS times C numbers.

    Raises:
        ValueError: the arrays have other sizes.
    """
    if x.size != M * C or partial.size < BLOCKS * C or mean.size != C or variance.size != C:
        raise ValueError("A batch normalization was given arrays whose sizes do not belong together.")
    blocks = min(BLOCKS, M)
    for block in prange(blocks):
        first, last = block * M // blocks, (block + 1) * M // blocks
        _add_rows(x[first * C : last * C], last - first, C, partial[block * C : (block + 1) * C])
    sum_blocks(partial, blocks, mean)
    for c in range(C):
        mean[c] /= M
    for block in prange(blocks):
        first, last = block * M // blocks, (block + 1) * M // blocks
        _add_squares(x[first * C : last * C], last - first, C, mean, partial[block * C : (block + 1) * C])
    sum_blocks(partial, blocks, variance)
    for c in range(C):
        variance[c] /= M


@kernel(parallel=True)
def forward(
    x: Array, M: int, C: int, mean: Array, factor: Array, beta: Array, relu: bool, y: Array
) -> None:  # fmt: skip
    """y (M, C) = factor (x - mean) + beta, cut off at 0 if `relu`; factor (C,) is gamma / sigma.

    Raises:
        ValueError: the arrays have other sizes.
    """
    if x.size != M * C or y.size != x.size or not mean.size == factor.size == beta.size == C:
        raise ValueError("A batch normalization was given arrays whose sizes do not belong together.")
    blocks = min(BLOCKS, M)
    for block in prange(blocks):
        first, last = block * M // blocks, (block + 1) * M // blocks
        i, j = first * C, last * C
        _scale_rows(x[i:j], last - first, C, mean, factor, beta, relu, y[i:j])


@kernel(parallel=True)
def gradient_sums(
    dy: Array, x: Array, M: int, C: int, mean: Array, factor: Array, beta: Array, relu: bool, partial: Array,
    total: Array,
) -> None:  # fmt: skip
    """total (2 * C,) = the sum of dy, then that of dy (x - mean), both where ReLU was on or everywhere.

    Raises:
        ValueError: the arrays have other sizes.
    """
    if not (
        dy.size == x.size == M * C
        and partial.size >= BLOCKS * 2 * C
        and total.size == 2 * C
        and mean.size == factor.size == beta.size == C
    ):
        raise ValueError("A batch normalization's gradient was given arrays whose sizes do not belong together.")
    blocks = min(BLOCKS, M)
    for block in prange(blocks):
        first, last = block * M // blocks, (block + 1) * M // blocks
        i, j, k = first * C, last * C, block * 2 * C
        _add_products(
            dy[i:j], x[i:j], last - first, C, mean, factor, beta, relu, partial[k : k + C],
            partial[k + C : k + 2 * C],
        )  # fmt: skip
    sum_blocks(partial, blocks, total)


@kernel(parallel=True)
def backward(
    dy: Array, x: Array, M: int, C: int, mean: Array, factor: Array, beta: Array, relu: bool, level: Array,
    along: Array, dx: Array,
) -> None:  # fmt: skip
    """dx (M, C) = factor (dy - level - (x - mean) along), with a dy of 0 where ReLU was off.

    Raises:
        ValueError: the arrays have other sizes.
    """
    if not (
        dy.size == x.size == dx.size == M * C and mean.size == factor.size == beta.size == level.size == along.size == C
    ):
        raise ValueError("A batch normalization's gradient was given arrays whose sizes do not belong together.")
    blocks = min(BLOCKS, M)
    for block in prange(blocks):
        first, last = block * M // blocks, (block + 1) * M // blocks
        i, j = first * C, last * C
        _gradient_rows(dy[i:j], x[i:j], last - first, C, mean, factor, beta, relu, level, along, dx[i:j])
