# --- in one line each
def backward(w, b, x, t):
    return 2 * (w * x + b) * ((w * x + b) ** 2 - t) * x, 2 * (w * x + b) * ((w * x + b) ** 2 - t)


# --- written out as a polynomial in z
def backward(w, b, x, t):
    z = w * x + b
    db = 2 * z**3 - 2 * t * z
    return [x * db, db]


# --- link by link, with NumPy's numbers
import numpy as np


def backward(w, b, x, t):
    links = np.array([(w * x + b) ** 2 - t, 2 * (w * x + b)])
    return np.prod(links) * x, np.prod(links)
