"""Normalizing each row of a matrix (M, D), and its gradient; a row stays in the nearest cache from first to last.

1. A sum along a row is a chain of additions, each of which waits for the one before it. Here the compiler may take the
   summands in another order (`any_order`), so that vectors hold partial sums: the same for any number of threads.
2. Mean first, then squared distances from it: no square of a mean is taken away from a mean of squares.
3. Only mean and σ of each row are kept; x̂ is worked out again from x.
4. Rows are divided into at most BLOCKS blocks, whatever the number of threads. Each adds up its own dγ and dβ; the
   blocks are then summed in order, so threads change no bit.
"""

from __future__ import annotations

import math

from numba import prange

from scratchnet.kernels.loops.vectors import BLOCKS, add_to, blocks_of, fill, sum_blocks
from scratchnet.kernels.machine.hints import never_inline, no_overlap
from scratchnet.kernels.machine.runtime import any_order, inner, kernel
from scratchnet.kernels.machine.scratch import scratch
from scratchnet.typing import Array

SPAN = 256
"""Rows whose gradients are added up by themselves: fewer roundings follow each other."""


@any_order
def _sum(x: Array) -> float:
    total = x.dtype.type(0)
    for d in range(x.size):
        total += x[d]
    return total


@any_order
def _sum_of_squares(x: Array, mean: float) -> float:
    total = x.dtype.type(0)
    for d in range(x.size):
        total += (x[d] - mean) * (x[d] - mean)
    return total


@any_order
def _sum_of_products(x: Array, y: Array) -> float:
    total = x.dtype.type(0)
    for d in range(x.size):
        total += x[d] * y[d]
    return total


@inner
def _scale(x: Array, mean: float, sigma: float, gamma: Array, beta: Array, y: Array) -> None:
    no_overlap()
    for d in range(y.size):
        y[d] = (x[d] - mean) / sigma * gamma[d] + beta[d]


@inner
def _forward_rows(x: Array, gamma: Array, beta: Array, epsilon: float, y: Array, mean: Array, sigma: Array) -> None:
    never_inline()
    D, kind = gamma.size, x.dtype.type
    for row in range(mean.size):
        i, j = row * D, (row + 1) * D
        mean[row] = _sum(x[i:j]) / kind(D)
        sigma[row] = math.sqrt(_sum_of_squares(x[i:j], mean[row]) / kind(D) + kind(epsilon))
        _scale(x[i:j], mean[row], sigma[row], gamma, beta, y[i:j])


@inner
def _points(
    dy: Array, x: Array, mean: float, sigma: float, gamma: Array, dbeta: Array, dgamma: Array, x_hat: Array,
    dx_hat: Array,
) -> None:  # fmt: skip
    """x̂ and dx̂ of one row, and what it adds to dβ and dγ."""
    no_overlap()
    for d in range(x.size):
        x_hat[d] = (x[d] - mean) / sigma
        dx_hat[d] = dy[d] * gamma[d]
        dbeta[d] += dy[d]
        dgamma[d] += dy[d] * x_hat[d]


@inner
def _gradient_row(dx_hat: Array, x_hat: Array, common: float, along: float, sigma: float, dx: Array) -> None:
    no_overlap()
    for d in range(dx.size):
        dx[d] = (dx_hat[d] - common - x_hat[d] * along) / sigma


@inner
def _backward_rows(
    dy: Array, x: Array, gamma: Array, mean: Array, sigma: Array, dx: Array, needs_dx: bool, dbeta: Array,
    dgamma: Array,
) -> None:  # fmt: skip
    never_inline()
    D, kind = gamma.size, x.dtype.type
    x_hat, dx_hat = scratch(D, x), scratch(D, x)
    for row in range(mean.size):
        i, j = row * D, (row + 1) * D
        _points(dy[i:j], x[i:j], mean[row], sigma[row], gamma, dbeta, dgamma, x_hat, dx_hat)
        if needs_dx:
            common, along = _sum(dx_hat) / kind(D), _sum_of_products(dx_hat, x_hat) / kind(D)
            _gradient_row(dx_hat, x_hat, common, along, sigma[row], dx[i:j])


@kernel(parallel=True)
def forward(x: Array, gamma: Array, beta: Array, epsilon: float, y: Array, mean: Array, sigma: Array) -> None:
    """y (M, D) = gamma (x - mean) / sigma + beta, row by row; also fill mean (M,) and sigma (M,).

    Raises:
        ValueError: the arrays have other sizes.
    """
    D, M = gamma.size, mean.size
    if not (x.size == y.size == M * D and beta.size == D and sigma.size == M):
        raise ValueError("A layer normalization was given arrays whose sizes do not belong together.")
    blocks = blocks_of(M)
    for block in prange(blocks):
        first, last = block * M // blocks, (block + 1) * M // blocks
        i, j = first * D, last * D
        _forward_rows(x[i:j], gamma, beta, epsilon, y[i:j], mean[first:last], sigma[first:last])


@kernel(parallel=True)
def backward(
    dy: Array, x: Array, gamma: Array, mean: Array, sigma: Array, dx: Array, needs_dx: bool, partial: Array,
    total: Array,
) -> None:  # fmt: skip
    """Fill total (2 * D,), dβ and then dγ, and dx (M, D) if needed; `partial` is scratch for BLOCKS times `total`.

    Raises:
        ValueError: the arrays have other sizes.
    """
    D, M = gamma.size, mean.size
    if not (
        dy.size == x.size == M * D
        and sigma.size == M
        and (dx.size == x.size or not needs_dx)
        and total.size == 2 * D
        and partial.size == BLOCKS * total.size
    ):
        raise ValueError("A layer normalization's gradient was given arrays whose sizes do not belong together.")
    fill(partial)
    blocks = blocks_of(M)
    for block in prange(blocks):
        first, last = block * M // blocks, (block + 1) * M // blocks
        part = scratch(2 * D, x)
        for start in range(first, last, SPAN):
            stop = min(start + SPAN, last)
            i, j = start * D, stop * D
            fill(part)
            _backward_rows(
                dy[i:j], x[i:j], gamma, mean[start:stop], sigma[start:stop], dx[i:j], needs_dx, part[:D], part[D:]
            )  # fmt: skip
            add_to(partial[block * 2 * D : (block + 1) * 2 * D], part)
    sum_blocks(partial, blocks, total)
