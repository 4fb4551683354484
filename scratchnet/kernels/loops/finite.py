"""Whether numbers are finite, asked of a whole gradient before any weight is moved by it.

1. A sum of ``0 g`` is 0, or NaN if some g is NaN or infinite: one multiplication and one addition for each number, no
   branch, and in any order.
2. Reading a large gradient once more takes as long as reading it for the update. The dense layer, whose gradient is
   nearly all of a small network's, looks at each part while it still lies in the nearest cache (dense_products.py).
3. A gradient of a few thousand numbers, such as a convolution's, is looked at on the thread that asks: waking the
   others takes longer, and the update that comes next is slower by three times as much again.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from scratchnet.kernels.machine.runtime import any_order, kernel
from scratchnet.typing import Array

BLOCK = 4096
MANY = 16 * BLOCK
"""Numbers from which on all threads look."""


@any_order  # the sum is 0 or NaN
def not_finite(g: Array) -> int:
    """1 if a number of g (P,) is NaN or infinite, else 0."""
    zero = g.dtype.type(0)
    total = zero
    for i in range(g.size):
        total += g[i] * zero  # NaN for NaN and infinity
    return 0 if total == zero else 1


@any_order  # no term is negative, so no order hides an overflow
def square_is_finite(g: Array) -> bool:
    """Whether the sum of the squares of g (P,) is a finite number: then no number of g is infinite or NaN."""
    total = g.dtype.type(0)
    for i in range(g.size):
        total += g[i] * g[i]
    return total < np.inf  # NaN is not


@kernel()
def _few_are_finite(g: Array) -> bool:
    return not_finite(g) == 0


@kernel(parallel=True)
def _many_are_finite(g: Array) -> bool:
    count = 0
    for block in prange((g.size + BLOCK - 1) // BLOCK):
        i = block * BLOCK
        count += not_finite(g[i : i + BLOCK])
    return count == 0


def is_finite(g: Array) -> bool:
    """Whether no number of g (P,) is NaN or infinite."""
    return bool(_few_are_finite(g) if g.size < MANY else _many_are_finite(g))
