"""The optimizers' updates (optimizers.py) over one flat vector: one pass through memory instead of one per operation.

1. The vector is cut into blocks of 4096 numbers, each for one thread; every number is independent of the others.
2. Constants are cast to the vectors' dtype first, as NumPy does with Python floats, so that no sum promotes.
3. Here as in every kernel, inner loops run from 0 over a slice: for ``x[start + i]`` Numba must ask whether the index is
   negative, and the loop is then not vectorised.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from scratchnet.kernels.runtime import inner, kernel

BLOCK = 4096


@inner
def _adam_block(w, g, m, v, alpha, decay_1, decay_2, epsilon):
    for i in range(w.size):
        m[i] += (g[i] - m[i]) * decay_1
        v[i] += (g[i] * g[i] - v[i]) * decay_2
        w[i] -= alpha * m[i] / (np.sqrt(v[i]) + epsilon)


@kernel(parallel=True)
def adam(w, g, m, v, alpha, beta_1, beta_2, epsilon):
    """One step of Adam in place; `alpha` is the step size with the bias correction in it. All vectors (P,)."""
    cast = w.dtype.type
    a, d1, d2, e = cast(alpha), cast(1 - beta_1), cast(1 - beta_2), cast(epsilon)
    for block in prange((w.size + BLOCK - 1) // BLOCK):
        i = block * BLOCK
        j = i + BLOCK
        _adam_block(w[i:j], g[i:j], m[i:j], v[i:j], a, d1, d2, e)


@inner
def _momentum_block(w, g, v, rate, keep, nesterov):
    for i in range(w.size):
        step = rate * g[i]
        v[i] = v[i] * keep - step
        w[i] += keep * v[i] - step if nesterov else v[i]


@kernel(parallel=True)
def momentum(w, g, v, learning_rate, mu, nesterov):
    """One step of SGD with momentum in place: v = mu v - rate g, then w += v, or mu v - rate g with Nesterov's variant."""
    rate, keep = w.dtype.type(learning_rate), w.dtype.type(mu)
    for block in prange((w.size + BLOCK - 1) // BLOCK):
        i = block * BLOCK
        j = i + BLOCK
        _momentum_block(w[i:j], g[i:j], v[i:j], rate, keep, nesterov)
