# --- in one expression
def update(w, g, v, rate, momentum):
    return w + momentum * v - rate * g, momentum * v - rate * g


# --- in place, on copies
def update(w, g, v, rate, momentum):
    w, v = w.copy(), v.copy()
    v *= momentum
    v -= rate * g
    w += v
    return w, v


# --- entry by entry
import numpy as np


def update(w, g, v, rate, momentum):
    new_w, new_v = np.empty_like(w), np.empty_like(v)
    for i in range(w.size):
        new_v.flat[i] = momentum * v.flat[i] - rate * g.flat[i]
        new_w.flat[i] = w.flat[i] + new_v.flat[i]
    return [new_w, new_v]
