"""Normalizing each channel over the rows of a matrix (M, C), and its gradient; every pass reads x once.

1. Several rows are taken as one long row, of W numbers, and what belongs to a channel is repeated along it. A sum over
   rows adds to the same numbers again and again; of few channels each addition would wait for the one before it.
2. Rows are cut into chunks that stay in the cache. A chunk is summed, and then its squared distances from its
   own mean, so x comes from memory once. Chunks are put together by Chan's formula: with n rows in a chunk,

       Σ (x - mean)² = Σ over the chunks of (Σ (x - own mean)² + n (own mean - mean)²)

   No square of a mean is taken away from a mean of squares, which would lose what float32 has.
3. Chunks depend on shapes alone and are summed in order, in float64, so threads change no bit.
4. x̂ is worked out again from x where it is needed: reading x costs as much as reading x̂ would, and writing is saved.
   So is whether a ReLU behind it was on, by the very same operations as forward.
5. The backward pass is the compact form, the last line of the layer's derivation: dx is dy and x̂ with one number each
   for every channel, and a third added.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from scratchnet.kernels.loops.vectors import repeated, sum_blocks
from scratchnet.kernels.machine.hints import never_inline, no_overlap
from scratchnet.kernels.machine.runtime import inner, kernel
from scratchnet.kernels.machine.scratch import scratch, zeros
from scratchnet.typing import Array

CHUNK_BYTES = 64 * 1024
"""Bytes of a chunk: they stay in the second cache of any processor."""


@inner
def chunk_rows(W: int, itemsize: int) -> int:
    """How many long rows a chunk has."""
    return max(1, CHUNK_BYTES // (W * itemsize))


@inner
def fold(total: Array, out: Array) -> None:
    """out (C,) = the sum of the rows of which the long row `total` was made."""
    never_inline()
    sum_blocks(total, total.size // out.size, out)


@inner
def _add_rows(x: Array, total: Array) -> None:
    """Add the long rows x (rows * W,) to total (W,)."""
    never_inline()
    no_overlap()
    W = total.size
    for row in range(x.size // W):
        for c in range(W):
            total[c] += x[row * W + c]


@inner
def _add_squares(x: Array, mean: Array, total: Array) -> None:
    """Add (x - mean)² of the long rows to total (W,)."""
    never_inline()
    no_overlap()
    W = total.size
    for row in range(x.size // W):
        for c in range(W):
            centred = x[row * W + c] - mean[c]
            total[c] += centred * centred


@inner
def chunk_moments(x: Array, W: int, found: Array) -> None:
    """found (2 * C,) = the sum of the long rows x, and that of their squared distances from their own mean."""
    C = found.size // 2
    total, mean = zeros(W, x), scratch(C, x)
    _add_rows(x, total)
    fold(total, found[:C])
    for c in range(C):
        mean[c] = found[c] / (x.size // C)
    for i in range(W):
        total[i] = 0
    _add_squares(x, repeated(mean, W), total)
    fold(total, found[C:])


@inner
def put_together(found: Array, chunk: int, M: int, mean: Array, variance: Array) -> None:
    """mean and variance (C,) of M rows, from what `chunk_moments` found of each `chunk` rows (the last may have fewer).

    By Chan's formula, in float64.
    """
    C = mean.size
    sums, squares = np.zeros(C), np.zeros(C)
    chunks = (M + chunk - 1) // chunk
    for k in range(chunks):
        for c in range(C):
            sums[c] += np.float64(found[k * 2 * C + c])
    for k in range(chunks):
        n = np.float64(min(chunk, M - k * chunk))
        for c in range(C):
            off = np.float64(found[k * 2 * C + c]) / n - sums[c] / M
            squares[c] += np.float64(found[(k * 2 + 1) * C + c]) + n * off * off
    for c in range(C):
        mean[c], variance[c] = sums[c] / M, squares[c] / M


@inner
def _scale_rows(x: Array, mean: Array, factor: Array, beta: Array, relu: bool, y: Array) -> None:
    """y = factor (x - mean) + β, long row by long row, cut off at 0 if `relu`."""
    never_inline()
    no_overlap()
    W, zero = mean.size, x.dtype.type(0)
    for row in range(x.size // W):
        for c in range(W):
            value = factor[c] * (x[row * W + c] - mean[c]) + beta[c]
            y[row * W + c] = zero if relu and value <= 0 else value


@inner
def _add_products(
    dy: Array, x: Array, mean: Array, factor: Array, beta: Array, relu: bool, dbeta: Array, products: Array
) -> None:
    """Add dy to dbeta (W,), and dy (x - mean) to products (W,), both where ReLU was on."""
    never_inline()
    no_overlap()
    W, zero = mean.size, x.dtype.type(0)
    for row in range(x.size // W):
        for c in range(W):
            centred = x[row * W + c] - mean[c]
            off = relu and factor[c] * centred + beta[c] <= 0
            d = zero if off else dy[row * W + c]
            dbeta[c] += d
            products[c] += d * centred


@inner
def _gradient_rows(
    dy: Array, x: Array, mean: Array, factor: Array, beta: Array, relu: bool, level: Array, along: Array, dx: Array
) -> None:
    """dx = factor (dy - level - (x - mean) along), long row by long row, with a dy of 0 where ReLU was off."""
    never_inline()
    no_overlap()
    W, zero = mean.size, x.dtype.type(0)
    for row in range(x.size // W):
        for c in range(W):
            i = row * W + c
            centred = x[i] - mean[c]
            off = relu and factor[c] * centred + beta[c] <= 0
            d = zero if off else dy[i]
            dx[i] = factor[c] * (d - level[c] - centred * along[c])


@kernel(parallel=True)
def statistics(x: Array, W: int, mean: Array, variance: Array) -> None:
    """Fill mean (C,) and variance (C,) of x (M, C), read as long rows of W numbers.

    Raises:
        ValueError: the arrays have other sizes.
    """
    C = mean.size
    if W % C or x.size % W or variance.size != C:
        raise ValueError("A batch normalization was given arrays whose sizes do not belong together.")
    chunk = chunk_rows(W, x.itemsize) * W
    chunks = (x.size + chunk - 1) // chunk
    found = scratch(chunks * 2 * C, x)
    for k in prange(chunks):
        chunk_moments(x[k * chunk : min((k + 1) * chunk, x.size)], W, found[k * 2 * C : (k + 1) * 2 * C])
    put_together(found, chunk // C, x.size // C, mean, variance)


@kernel(parallel=True)
def forward(x: Array, W: int, mean: Array, factor: Array, beta: Array, relu: bool, y: Array) -> None:
    """y (M, C) = factor (x - mean) + beta, cut off at 0 if `relu`; factor (C,) is gamma / sigma.

    Raises:
        ValueError: the arrays have other sizes.
    """
    if W % mean.size or x.size % W or y.size != x.size or not mean.size == factor.size == beta.size:
        raise ValueError("A batch normalization was given arrays whose sizes do not belong together.")
    mean_W, factor_W, beta_W = repeated(mean, W), repeated(factor, W), repeated(beta, W)
    chunk = chunk_rows(W, x.itemsize) * W
    for k in prange((x.size + chunk - 1) // chunk):
        i, j = k * chunk, min((k + 1) * chunk, x.size)
        _scale_rows(x[i:j], mean_W, factor_W, beta_W, relu, y[i:j])


@kernel(parallel=True)
def gradient_sums(
    dy: Array, x: Array, W: int, mean: Array, factor: Array, beta: Array, relu: bool, dbeta: Array, products: Array
) -> None:
    """dbeta (C,) = the sum of dy, products (C,) = that of dy (x - mean), both where ReLU was on or everywhere.

    Raises:
        ValueError: the arrays have other sizes.
    """
    C = mean.size
    if not (dy.size == x.size and C == factor.size == beta.size == dbeta.size == products.size) or W % C or x.size % W:
        raise ValueError("A batch normalization's gradient was given arrays whose sizes do not belong together.")
    mean_W, factor_W, beta_W = repeated(mean, W), repeated(factor, W), repeated(beta, W)
    chunk = chunk_rows(W, x.itemsize) * W
    chunks = (x.size + chunk - 1) // chunk
    found = scratch(chunks * 2 * C, x)
    for k in prange(chunks):
        i, j = k * chunk, min((k + 1) * chunk, x.size)
        total = zeros(2 * W, x)
        _add_products(dy[i:j], x[i:j], mean_W, factor_W, beta_W, relu, total[:W], total[W:])
        fold(total[:W], found[k * 2 * C : k * 2 * C + C])
        fold(total[W:], found[k * 2 * C + C : (k + 1) * 2 * C])
    both = np.zeros(2 * C)
    for k in range(chunks):
        for c in range(2 * C):
            both[c] += np.float64(found[k * 2 * C + c])
    for c in range(C):
        dbeta[c], products[c] = both[c], both[C + c]


@kernel(parallel=True)
def backward(
    dy: Array, x: Array, W: int, mean: Array, factor: Array, beta: Array, relu: bool, level: Array, along: Array,
    dx: Array,
) -> None:  # fmt: skip
    """dx (M, C) = factor (dy - level - (x - mean) along), with a dy of 0 where ReLU was off.

    Raises:
        ValueError: the arrays have other sizes.
    """
    C = mean.size
    if not (dy.size == x.size == dx.size and C == factor.size == beta.size == level.size == along.size) or (
        W % C or x.size % W
    ):
        raise ValueError("A batch normalization's gradient was given arrays whose sizes do not belong together.")
    mean_W, factor_W, beta_W = repeated(mean, W), repeated(factor, W), repeated(beta, W)
    level_W, along_W = repeated(level, W), repeated(along, W)
    chunk = chunk_rows(W, x.itemsize) * W
    for k in prange((x.size + chunk - 1) // chunk):
        i, j = k * chunk, min((k + 1) * chunk, x.size)
        _gradient_rows(
            dy[i:j], x[i:j], mean_W, factor_W, beta_W, relu, level_W, along_W, dx[i:j]
        )  # fmt: skip
