# --- a product with ones
import numpy as np


def dbias(dz):
    return np.ones(len(dz), dz.dtype) @ dz


# --- row by row
import numpy as np


def dbias(dz):
    total = np.zeros_like(dz[0])
    for row in dz:
        total += row
    return total


# --- einsum
import numpy as np


def dbias(dz):
    return np.einsum("nu->u", dz)
