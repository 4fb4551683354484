"""central-difference: one entry moves, in copies of x."""

import numpy as np


def numerical_gradient(f, x, h):
    """Return the central difference quotient for each entry of x."""
    gradient = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        above, below = np.array(x, float), np.array(x, float)  # floats: x + h would be lost in whole numbers
        above[place] += h
        below[place] -= h
        gradient[place] = (f(above) - f(below)) / (2 * h)
    return gradient
