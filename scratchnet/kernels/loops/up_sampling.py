"""Pixels repeated down and across, and what their copies give back.

1. A row is made once and then copied as a whole.
2. Samples are divided among threads; each writes only to its own, so threads change no bit.
"""

from __future__ import annotations

from numba import prange

from scratchnet.kernels.loops.vectors import copy_to, fill
from scratchnet.kernels.machine.hints import never_inline, no_overlap
from scratchnet.kernels.machine.runtime import inner, kernel
from scratchnet.typing import Array


@inner
def _spread(row: Array, C: int, across: int, wide: Array) -> None:
    """wide (W * across * C,) = the row (W * C,), each pixel `across` times."""
    no_overlap()
    for w in range(row.size // C):
        for k in range(across):
            for c in range(C):
                wide[(w * across + k) * C + c] = row[w * C + c]


@inner
def _collect(wide: Array, C: int, across: int, row: Array) -> None:
    """Add `wide` (W * across * C,) to the row (W * C,): each pixel gets what its copies have."""
    no_overlap()
    for w in range(row.size // C):
        for k in range(across):
            for c in range(C):
                row[w * C + c] += wide[(w * across + k) * C + c]


@inner
def _repeat(x: Array, W: int, C: int, down: int, across: int, y: Array) -> None:
    """One sample y (H * down * W * across * C,) of x (H * W * C,)."""
    never_inline()
    wide = W * across * C
    for h in range(x.size // (W * C)):
        to = h * down * wide
        _spread(x[h * W * C : (h + 1) * W * C], C, across, y[to : to + wide])
        for k in range(1, down):
            copy_to(y[to + k * wide : to + (k + 1) * wide], y[to : to + wide])


@inner
def _gather(dy: Array, W: int, C: int, down: int, across: int, dx: Array) -> None:
    """One sample dx (H * W * C,): each pixel gets the dy of all its copies."""
    never_inline()
    wide = W * across * C
    fill(dx)
    for row in range(dy.size // wide):
        at = row // down * W * C
        _collect(dy[row * wide : (row + 1) * wide], C, across, dx[at : at + W * C])


@kernel(parallel=True)
def forward(x: Array, H: int, W: int, C: int, down: int, across: int, y: Array) -> None:
    """y (N, H * down, W * across, C) = x (N, H, W, C), each pixel `down` times `across` times.

    Raises:
        ValueError: the arrays have other sizes.
    """
    small = H * W * C
    large, samples = small * down * across, x.size // small
    if x.size != samples * small or y.size != samples * large:
        raise ValueError("An up-sampling was given arrays whose sizes do not belong together.")
    for n in prange(samples):
        _repeat(x[n * small : (n + 1) * small], W, C, down, across, y[n * large : (n + 1) * large])


@kernel(parallel=True)
def backward(dy: Array, H: int, W: int, C: int, down: int, across: int, dx: Array) -> None:
    """Fill dx (N, H, W, C): each pixel gets the sum of the dy of its copies.

    Raises:
        ValueError: the arrays have other sizes.
    """
    small = H * W * C
    large, samples = small * down * across, dx.size // small
    if dx.size != samples * small or dy.size != samples * large:
        raise ValueError("An up-sampling's gradient was given arrays whose sizes do not belong together.")
    for n in prange(samples):
        _gather(dy[n * large : (n + 1) * large], W, C, down, across, dx[n * small : (n + 1) * small])
