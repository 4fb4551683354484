"""The largest number of each channel of an image; those that are equally large share the gradient.

1. Several pixels are taken as one long row, of W numbers: all of it is compared at once.
2. Who won is not remembered but asked again on the way back; only how many they were is counted there.
3. NaN is the largest number, and nobody's, as in NumPy. Samples are divided among threads.
"""

from __future__ import annotations

from numba import prange

from scratchnet.kernels.loops.vectors import copy_to, fill, repeated, sum_blocks
from scratchnet.kernels.machine.hints import never_inline, no_overlap
from scratchnet.kernels.machine.runtime import inner, kernel
from scratchnet.kernels.machine.scratch import scratch
from scratchnet.typing import Array


@inner
def _largest(x: Array, y: Array) -> None:
    """y = the largest number of each column of the rows x (rows * y.size,)."""
    never_inline()
    no_overlap()
    W = y.size
    copy_to(y, x[:W])
    for row in range(x.size // W):  # from 1 on, the compiler would not know that no index is negative
        for c in range(W):
            value, best = x[row * W + c], y[c]
            larger = value if value > best else best
            y[c] = value if value != value else larger


@inner
def _count(x: Array, y: Array, count: Array) -> None:
    """count (W,) = how many of each column of x (rows * W,) are as large as y (W,)."""
    never_inline()
    no_overlap()
    W, one, zero = y.size, y.dtype.type(1), y.dtype.type(0)
    fill(count)
    for row in range(x.size // W):
        for c in range(W):
            count[c] += one if x[row * W + c] == y[c] else zero


@inner
def _pay(dy: Array, x: Array, y: Array, winner: Array, other: Array, dx: Array) -> None:
    """dx (rows * W,) = dy (W,) times what a winner gets of it, or what the others get."""
    never_inline()
    no_overlap()
    W = y.size
    for row in range(x.size // W):
        for c in range(W):
            i = row * W + c
            won, lost = winner[c], other[c]
            dx[i] = dy[c] * (won if x[i] == y[c] else lost)


@kernel(parallel=True)
def forward(x: Array, C: int, W: int, y: Array) -> None:
    """y (N, C) = the largest of each channel of x (N, …, C), read as long rows of W numbers.

    Raises:
        ValueError: the arrays have other sizes.
    """
    samples = y.size // C
    size = x.size // max(samples, 1)
    if y.size % C or W % C or x.size != samples * size or size % W or (size < W and samples > 0):
        raise ValueError("A global max-pooling was given arrays whose sizes do not belong together.")
    for n in prange(samples):
        best = scratch(W, x)
        _largest(x[n * size : (n + 1) * size], best)
        _largest(best, y[n * C : (n + 1) * C])


@kernel(parallel=True)
def backward(dy: Array, x: Array, y: Array, C: int, W: int, dx: Array) -> None:
    """Fill dx (N, …, C), in long rows of W numbers: the largest pixels share dy (N, C).

    Raises:
        ValueError: the arrays have other sizes.
    """
    samples = y.size // C
    size = x.size // max(samples, 1)
    if not dy.size == y.size == samples * C or not x.size == dx.size == samples * size or W % C or size % W:
        raise ValueError("A global max-pooling's gradient was given arrays whose sizes do not belong together.")
    for n in prange(samples):
        i, j, k, m = n * size, (n + 1) * size, n * C, (n + 1) * C
        best, winner, other, count = repeated(y[k:m], W), scratch(C, x), scratch(C, x), scratch(W, x)
        _count(x[i:j], best, count)
        sum_blocks(count, W // C, winner)
        for c in range(C):
            other[c] = 0 / winner[c]  # NaN, if NaN is the largest: nobody is as large as that
            winner[c] = 1 / winner[c] if winner[c] > 0 else other[c]
        _pay(repeated(dy[k:m], W), x[i:j], best, repeated(winner, W), repeated(other, W), dx[i:j])
