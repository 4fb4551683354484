# --- s + 1
import numpy as np


def backward(dy, s, t):
    return dy * s * (1 + s), dy * (1 - t**2)


# --- sqrt
import numpy as np


def backward(dy, s, t):
    return dy * s * (1 - s), dy * (1 - np.sqrt(abs(t)))


# --- 1+t2
import numpy as np


def backward(dy, s, t):
    return dy * s * (1 - s), dy * (1 + t**2)


# --- 2t
def backward(dy, s, t):
    return dy * s * (1 - s), dy * (1 - 2 * t)


# --- both t wrong and s
import numpy as np


def backward(dy, s, t):
    return s * (1 - s), dy * (1 - t)
