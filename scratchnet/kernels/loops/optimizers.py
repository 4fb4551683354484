"""The optimizers' updates (optimizers.py) over one flat vector: one pass through memory instead of one per operation.

1. The vector is cut into blocks of 4096 numbers, each for one thread; every number is independent of the others.
2. Constants are cast to the vectors' dtype first, as NumPy does with Python floats, so that no sum promotes.
3. Adam's m of a weight whose gradient has become 0 (a pixel that is dark from now on, a dead unit) shrinks by a tenth
   at every step. Within a thousand steps it is denormal, and the processor needs many times as long for such numbers:
   here it becomes 0 before that. What is lost could not move a weight.
4. Here as in every kernel, inner loops run from 0 over a slice: for ``x[start + i]`` Numba must ask whether the index
   is negative, and the loop is then not vectorised.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from scratchnet.kernels.machine.hints import no_overlap
from scratchnet.kernels.machine.runtime import inner, kernel
from scratchnet.typing import Array

BLOCK = 4096


@inner
def _adam_block(
    w: Array, g: Array, m: Array, v: Array, alpha: Any, decay_1: Any, decay_2: Any, epsilon: Any, least: Any
) -> None:
    no_overlap()
    zero = w.dtype.type(0)
    for i in range(w.size):
        mean = m[i] + (g[i] - m[i]) * decay_1
        m[i] = zero if abs(mean) < least else mean
        v[i] += (g[i] * g[i] - v[i]) * decay_2
        w[i] -= alpha * m[i] / (np.sqrt(v[i]) + epsilon)


@kernel(parallel=True)
def adam(w: Array, g: Array, m: Array, v: Array, alpha: float, beta_1: float, beta_2: float, epsilon: float) -> None:
    """One step of Adam in place; `alpha` is the step size with the bias correction in it. All vectors (P,).

    Raises:
        ValueError: the vectors are not of one length.
    """
    if not w.size == g.size == m.size == v.size:
        raise ValueError("adam takes vectors of one length.")
    cast = w.dtype.type
    a, d1, d2, e = cast(alpha), cast(1 - beta_1), cast(1 - beta_2), cast(epsilon)
    least = cast(1e-31 if w.itemsize == 4 else 1e-292)  # the smallest normal number / the dtype's precision
    for block in prange((w.size + BLOCK - 1) // BLOCK):
        i = block * BLOCK
        j = i + BLOCK
        _adam_block(w[i:j], g[i:j], m[i:j], v[i:j], a, d1, d2, e, least)


@inner
def _momentum_block(w: Array, g: Array, v: Array, rate: Any, keep: Any, nesterov: bool) -> None:
    no_overlap()
    for i in range(w.size):
        step = rate * g[i]
        v[i] = v[i] * keep - step
        w[i] += keep * v[i] - step if nesterov else v[i]


@kernel(parallel=True)
def momentum(w: Array, g: Array, v: Array, learning_rate: float, mu: float, nesterov: bool) -> None:
    """One step of SGD with momentum in place: v = mu v - rate g; then w += v or, as Nesterov does, mu v - rate g.

    Raises:
        ValueError: the vectors are not of one length.
    """
    if not w.size == g.size == v.size:
        raise ValueError("momentum takes vectors of one length.")
    rate, keep = w.dtype.type(learning_rate), w.dtype.type(mu)
    for block in prange((w.size + BLOCK - 1) // BLOCK):
        i = block * BLOCK
        j = i + BLOCK
        _momentum_block(w[i:j], g[i:j], v[i:j], rate, keep, nesterov)
