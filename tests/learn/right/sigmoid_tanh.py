# --- multiplied out
def backward(dy, s, t):
    return dy * (s - s * s), dy - dy * t * t


# --- as a list, with factors
def backward(dy, s, t):
    return [s * dy * (1 - s), (1 - t) * (1 + t) * dy]


# --- with arrays made first
import numpy as np


def backward(dy, s, t):
    a, b = np.empty_like(dy), np.empty_like(dy)
    np.multiply(s, 1 - s, out=a)
    np.subtract(1, np.square(t), out=b)
    a *= dy
    b *= dy
    return a, b
