# --- leaky
import numpy as np


def backward(dy, x):
    return np.where(x > 0, dy, 0.01 * dy)


# --- x*(dy>0)
import numpy as np


def backward(dy, x):
    return x * (dy > 0)


# --- sign
import numpy as np


def backward(dy, x):
    return dy * np.sign(x)


# --- threshold 1
import numpy as np


def backward(dy, x):
    return dy * (x > 1)


# --- changes x
import numpy as np


def backward(dy, x):
    x[x > 0] = 1
    x[x < 0] = 0
    return dy * x
