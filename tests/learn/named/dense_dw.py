# --- transposed
def dkernel(x, dz):
    return dz.T @ x


# --- last-sample-only
import numpy as np


def dkernel(x, dz):
    g = np.zeros((x.shape[1], dz.shape[1]), x.dtype)
    for n in range(len(x)):
        g = np.outer(x[n], dz[n])
    return g


# --- sums-multiplied
import numpy as np


def dkernel(x, dz):
    return np.outer(x.sum(0), dz.sum(0))


# --- divided-by-features
def dkernel(x, dz):
    return x.T @ dz / x.shape[1]


# --- sign-turned
def dkernel(x, dz):
    return -x.T @ dz


# --- mean-for-sum
import numpy as np


def dkernel(x, dz):
    return np.einsum("nd,nu->ndu", x, dz).mean(0)
