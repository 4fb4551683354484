"""Whether numbers are finite, asked of a whole gradient before any weight is moved by it.

1. A sum of ``0 g`` is 0, or NaN if some g is NaN or infinite: one multiplication and one addition for each number, no
   branch, and in any order.
2. Reading a large gradient once more takes as long as reading it for the update. The dense layer, whose gradient is
   nearly all of a small network's, most often need not read it at all: it is made of sums of products of far fewer
   numbers, and by Cauchy and Schwarz (sum of x y)^2 <= (sum of x^2) (sum of y^2). Where the right side is far from an
   overflow, so is every sum on the left, in whatever order it is taken (dense_products.py).
3. A gradient of a few thousand numbers, such as a convolution's, is looked at on the thread that asks: waking the
   others takes longer, and the update that comes next is slower by three times as much again.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from scratchnet.kernels.machine.runtime import any_order, inner, kernel
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
def sum_of_squares(g: Array) -> Any:
    """The sum of the squares of g (P,)."""
    total = g.dtype.type(0)
    for i in range(g.size):
        total += g[i] * g[i]
    return total


@inner
def square_is_finite(g: Array) -> bool:
    """Whether the sum of the squares of g (P,) is a finite number: then no number of g is infinite or NaN."""
    return sum_of_squares(g) < np.inf  # NaN is not


@inner
def products_are_finite(x_squares: Any, y_squares: Any) -> bool:
    """Whether a sum of products x y is finite for certain, by the sums of the squares of x and of y."""
    largest = 1e37  # far enough below that of float32 for all that is rounded on the way
    return np.sqrt(np.float64(x_squares)) * np.sqrt(np.float64(y_squares)) < largest  # NaN is not


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
