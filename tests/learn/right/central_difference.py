# --- a unit vector for each entry
import numpy as np


def numerical_gradient(f, x, h):
    steps = h * np.eye(x.size).reshape(x.size, *x.shape)
    return np.array([(f(x + e) - f(x - e)) / (2 * h) for e in steps]).reshape(x.shape)


# --- moved, and put back, in one copy
import numpy as np


def numerical_gradient(f, x, h):
    x = x.astype(float)
    gradient = np.zeros_like(x)
    for i in range(x.size):
        old = x.flat[i]
        x.flat[i] = old + h
        above = f(x)
        x.flat[i] = old - h
        gradient.flat[i] = (above - f(x)) / 2 / h
        x.flat[i] = old
    return gradient


# --- with an iterator
import numpy as np


def numerical_gradient(f, x, h):
    def moved(place, by):
        y = np.array(x, dtype=np.float64)
        y[place] += by
        return f(y)

    gradient = np.empty(x.shape)
    for place, _ in np.ndenumerate(x):
        gradient[place] = (moved(place, h) - moved(place, -h)) * 0.5 / h
    return gradient
