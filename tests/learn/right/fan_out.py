# --- the product written out first
def backward(x, a):
    return 3 * a * x**2


# --- added up with +=
import numpy as np


def backward(x, a):
    dx = np.zeros_like(x)
    dx += x**2 * a
    dx += a * x * 2 * x
    return dx


# --- entry by entry
import numpy as np


def backward(x, a):
    dx = np.empty(len(x), x.dtype)
    for d in range(len(x)):
        dx[d] = x[d] ** 2 * a[d] + a[d] * x[d] * 2 * x[d]
    return dx
