# --- where
import numpy as np


def backward(dy, x):
    return np.where(x > 0, dy, 0)


# --- a copy with zeros
def backward(dy, x):
    dx = dy.copy()
    dx[x <= 0] = 0
    return dx


# --- the gate as numbers
import numpy as np


def backward(dy, x):
    gate = np.zeros_like(x)
    gate[x > 0] = 1
    return gate * dy
