"""Normalizing each channel over the rows of a matrix (M, C), and its gradient; each pass reads x once.

1. Channels last means rows of C contiguous numbers; all inner loops run along a row, so vectors hold channels.
2. Rows are divided into at most BLOCKS blocks, whatever the number of threads. Each adds up its sums; the blocks are
   then summed in order, so threads change no bit.
3. x̂ is worked out again from x where it is needed: reading x costs as much as reading x̂ would, and writing is saved.
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
    x: Array, rows: int, C: int, mean: Array, sigma: Array, gamma: Array, beta: Array, y: Array
) -> None:  # fmt: skip
    """y = γ (x - mean) / σ + β, row by row."""
    never_inline()
    no_overlap()
    for row in range(rows):
        for c in range(C):
            y[row * C + c] = gamma[c] * ((x[row * C + c] - mean[c]) / sigma[c]) + beta[c]


@inner
def _add_products(
    dy: Array, x: Array, rows: int, C: int, mean: Array, sigma: Array, dbeta: Array, dgamma: Array
) -> None:  # fmt: skip
    """dbeta (C,) = the sum of dy, dgamma (C,) = the sum of dy x̂."""
    never_inline()
    no_overlap()
    for c in range(C):
        dbeta[c] = 0
        dgamma[c] = 0
    for row in range(rows):
        for c in range(C):
            d = dy[row * C + c]
            dbeta[c] += d
            dgamma[c] += d * (x[row * C + c] - mean[c])
    for c in range(C):
        dgamma[c] /= sigma[c]


@inner
def _gradient_rows(
    dy: Array, x: Array, rows: int, C: int, mean: Array, factor: Array, level: Array, along: Array, dx: Array
) -> None:  # fmt: skip
    """dx = factor (dy - level - (x - mean) along), row by row."""
    never_inline()
    no_overlap()
    for row in range(rows):
        for c in range(C):
            i = row * C + c
            dx[i] = factor[c] * (dy[i] - level[c] - (x[i] - mean[c]) * along[c])


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
    x: Array, M: int, C: int, mean: Array, sigma: Array, gamma: Array, beta: Array, y: Array
) -> None:  # fmt: skip
    """y (M, C) = gamma (x - mean) / sigma + beta.

    Raises:
        ValueError: the arrays have other sizes.
    """
    if x.size != M * C or y.size != x.size or not mean.size == sigma.size == gamma.size == beta.size == C:
        raise ValueError("A batch normalization was given arrays whose sizes do not belong together.")
    blocks = min(BLOCKS, M)
    for block in prange(blocks):
        first, last = block * M // blocks, (block + 1) * M // blocks
        i, j = first * C, last * C
        _scale_rows(x[i:j], last - first, C, mean, sigma, gamma, beta, y[i:j])


@kernel(parallel=True)
def gradient_sums(
    dy: Array, x: Array, M: int, C: int, mean: Array, sigma: Array, partial: Array, total: Array
) -> None:  # fmt: skip
    """total (2 * C,) = dbeta, then dgamma.

    Raises:
        ValueError: the arrays have other sizes.
    """
    if dy.size != M * C or x.size != dy.size or partial.size < BLOCKS * 2 * C or total.size != 2 * C:
        raise ValueError("A batch normalization's gradient was given arrays whose sizes do not belong together.")
    if not mean.size == sigma.size == C:
        raise ValueError("A batch normalization's gradient was given arrays whose sizes do not belong together.")
    blocks = min(BLOCKS, M)
    for block in prange(blocks):
        first, last = block * M // blocks, (block + 1) * M // blocks
        i, j, k = first * C, last * C, block * 2 * C
        _add_products(dy[i:j], x[i:j], last - first, C, mean, sigma, partial[k : k + C], partial[k + C : k + 2 * C])
    sum_blocks(partial, blocks, total)


@kernel(parallel=True)
def backward(
    dy: Array, x: Array, M: int, C: int, mean: Array, factor: Array, level: Array, along: Array, dx: Array
) -> None:  # fmt: skip
    """dx (M, C) = factor (dy - level - (x - mean) along).

    Raises:
        ValueError: the arrays have other sizes.
    """
    if not dy.size == x.size == dx.size == M * C or not mean.size == factor.size == level.size == along.size == C:
        raise ValueError("A batch normalization's gradient was given arrays whose sizes do not belong together.")
    blocks = min(BLOCKS, M)
    for block in prange(blocks):
        first, last = block * M // blocks, (block + 1) * M // blocks
        i, j = first * C, last * C
        _gradient_rows(dy[i:j], x[i:j], last - first, C, mean, factor, level, along, dx[i:j])
