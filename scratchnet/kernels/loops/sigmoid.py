"""The sigmoid (activations/smooth.py), for the products it follows; and a sigmoid by itself.

1. One pass over the numbers and no arrays in between, where the definition needs six.
2. As there, e^(-|x|) cannot overflow.
3. The numbers are cut into blocks that fit into the nearest cache, for the threads.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from scratchnet.kernels.loops.bias_and_relu import BLOCK
from scratchnet.kernels.machine.hints import no_overlap
from scratchnet.kernels.machine.runtime import inner, kernel
from scratchnet.typing import Array


@inner
def _sigmoids(x: Array, y: Array) -> None:
    no_overlap()
    one = x.dtype.type(1)
    for i in range(y.size):
        e = np.exp(-abs(x[i]))
        y[i] = (one if x[i] >= 0 else e) / (one + e)


@inner
def _times_slope(dy: Array, y: Array, dx: Array) -> None:
    no_overlap()
    one = y.dtype.type(1)
    for i in range(dx.size):
        dx[i] = dy[i] * y[i] * (one - y[i])


@kernel(parallel=True)
def sigmoid(x: Array, y: Array) -> None:
    """y = 1 / (1 + e⁻ˣ); both (P,).

    Raises:
        ValueError: the arrays have other sizes.
    """
    if x.size != y.size:
        raise ValueError("A sigmoid was given arrays whose sizes do not belong together.")
    for block in prange((y.size + BLOCK - 1) // BLOCK):
        i = block * BLOCK
        _sigmoids(x[i : i + BLOCK], y[i : i + BLOCK])


@kernel(parallel=True)
def sigmoid_backward(dy: Array, y: Array, dx: Array) -> None:
    """dx = dy y (1 - y), for y the sigmoids; all (P,).

    Raises:
        ValueError: the arrays have other sizes.
    """
    if not dy.size == y.size == dx.size:
        raise ValueError("A sigmoid's gradient was given arrays whose sizes do not belong together.")
    for block in prange((dx.size + BLOCK - 1) // BLOCK):
        i = block * BLOCK
        _times_slope(dy[i : i + BLOCK], y[i : i + BLOCK], dx[i : i + BLOCK])
