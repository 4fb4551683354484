"""Sums of arrays of one shape, number by number.

1. A ReLU behind the sum is applied before the sum leaves its register.
2. The numbers are cut into blocks for the threads.
"""

from __future__ import annotations

from numba import prange

from scratchnet.kernels.loops.bias_and_relu import BLOCK
from scratchnet.kernels.machine.hints import no_overlap
from scratchnet.kernels.machine.runtime import inner, kernel
from scratchnet.typing import Array


@inner
def _add(a: Array, b: Array, relu: bool, y: Array) -> None:
    no_overlap()
    zero = y.dtype.type(0)
    for i in range(y.size):
        value = a[i] + b[i]
        y[i] = zero if relu and value <= 0 else value


@kernel(parallel=True)
def add(a: Array, b: Array, relu: bool, y: Array) -> None:
    """y = a + b, cut off at 0 if `relu`; all (P,).

    Raises:
        ValueError: the arrays have other sizes.
    """
    if not a.size == b.size == y.size:
        raise ValueError("An addition was given arrays whose sizes do not belong together.")
    for block in prange((y.size + BLOCK - 1) // BLOCK):
        i = block * BLOCK
        _add(a[i : i + BLOCK], b[i : i + BLOCK], relu, y[i : i + BLOCK])
