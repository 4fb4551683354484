# --- ways-multiplied
def backward(x, a):
    p = a * x
    q = x**2
    dp, dq = q, p
    dx = dp * a * dq * 2 * x
    return dx


# --- mean-of-ways
import numpy as np


def backward(x, a):
    p = a * x
    q = x**2
    dp, dq = q, p
    return (dp * a + dq * 2 * x) / 2


# --- first-way-lost
def backward(x, a):
    p = a * x
    q = x**2
    dp, dq = q, p
    dx = dp * a
    dx = dq * 2 * x
    return dx


# --- p-for-q
def backward(x, a):
    p = a * x
    q = x**2
    dp, dq = p, q
    return dp * a + dq * 2 * x
