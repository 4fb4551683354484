# --- divided-and-multiplied
import numpy as np


def numerical_gradient(f, x, h):
    g = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        a = np.array(x, float)
        a[i] += h
        b = np.array(x, float)
        b[i] -= h
        g[i] = (f(a) - f(b)) / 2 * h
    return g


# --- forward-difference
import numpy as np


def numerical_gradient(f, x, h):
    g = np.zeros(x.shape)
    for p in np.ndindex(x.shape):
        a = x.astype(float)
        a[p] += h
        g[p] = (f(a) - f(x)) / h
    return g


# --- divided-by-h
import numpy as np


def numerical_gradient(f, x, h):
    g = np.zeros(x.shape)
    for p in np.ndindex(x.shape):
        a = x.astype(float)
        a[p] += h
        b = x.astype(float)
        b[p] -= h
        g[p] = (f(a) - f(b)) / h
    return g


# --- step-not-taken-back
import numpy as np


def numerical_gradient(f, x, h):
    g = np.zeros(x.shape)
    for p in np.ndindex(x.shape):
        x[p] += h
        u = f(x)
        x[p] -= 2 * h
        v = f(x)
        g[p] = (u - v) / (2 * h)
    return g


# --- whole-numbers
import numpy as np


def numerical_gradient(f, x, h):
    g = np.zeros(x.shape)
    for p in np.ndindex(x.shape):
        a = x.copy()
        a[p] += h
        b = x.copy()
        b[p] -= h
        g[p] = (f(a) - f(b)) / (2 * h)
    return g


# --- all-entries-moved
import numpy as np


def numerical_gradient(f, x, h):
    g = np.zeros(x.shape)
    for p in np.ndindex(x.shape):
        g[p] = (f(x + h) - f(x - h)) / (2 * h)
    return g


# --- same-place-twice
import numpy as np


def numerical_gradient(f, x, h):
    g = np.zeros(x.shape)
    for p in np.ndindex(x.shape):
        a = x
        a[p] += h
        b = x
        b[p] -= h
        g[p] = (f(a) - f(b)) / (2 * h)
    return g


# --- sign-turned
import numpy as np


def numerical_gradient(f, x, h):
    g = np.zeros(x.shape)
    for p in np.ndindex(x.shape):
        a = x.astype(float)
        a[p] += h
        b = x.astype(float)
        b[p] -= h
        g[p] = (f(b) - f(a)) / (2 * h)
    return g


# --- first-entry-only
import numpy as np


def numerical_gradient(f, x, h):
    g = np.zeros(x.shape)
    for p in np.ndindex(x.shape):
        a = x.astype(float)
        a[p] += h
        b = x.astype(float)
        b[p] -= h
        g[p] = (f(a) - f(b)) / (2 * h)
        return g
