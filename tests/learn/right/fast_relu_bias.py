# --- with if
from numba import njit


@njit
def relu_bias(z, bias, out):
    for m in range(z.shape[0]):
        for f in range(z.shape[1]):
            value = z[m, f] + bias[f]
            out[m, f] = value if value > 0 else 0


# --- compiled NumPy, in one walk over rows
import numpy as np
from numba import njit


@njit(fastmath=True)
def relu_bias(z, bias, out):
    for m in range(len(z)):
        out[m] = np.maximum(z[m] + bias, np.float32(0))


# --- the rows in blocks, with NumPy, so that each stays in the cache
import numpy as np


def relu_bias(z, bias, out):
    for start in range(0, len(z), 1024):
        block = out[start : start + 1024]
        np.add(z[start : start + 1024], bias, out=block)
        np.maximum(block, 0, out=block)
