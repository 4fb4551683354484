# --- backward diff
import numpy as np


def numerical_gradient(f, x, h):
    g = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        b = np.array(x, float)
        b[i] -= h
        g[i] = (f(x) - f(b)) / h
    return g


# --- last entry only
import numpy as np


def numerical_gradient(f, x, h):
    for i in np.ndindex(x.shape):
        g = np.zeros(x.shape)
        a = np.array(x, float)
        a[i] += h
        b = np.array(x, float)
        b[i] -= h
        g[i] = (f(a) - f(b)) / (2 * h)
    return g


# --- uses own h
import numpy as np


def numerical_gradient(f, x, h):
    h = 1e-3
    g = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        a = np.array(x, float)
        a[i] += h
        b = np.array(x, float)
        b[i] -= h
        g[i] = (f(a) - f(b)) / (2 * h)
    return g


# --- zeros_like int
import numpy as np


def numerical_gradient(f, x, h):
    g = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        a = x.copy()
        a[i] += h
        b = x.copy()
        b[i] -= h
        g[i] = (f(a) - f(b)) / (2 * h)
    return g
