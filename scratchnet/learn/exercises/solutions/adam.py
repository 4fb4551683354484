"""adam: two running means, and their corrections in one number."""

import numpy as np


def update(w, g, m, v, t, rate, beta_1, beta_2, epsilon):
    """Return the new w, m and v."""
    m = beta_1 * m + (1 - beta_1) * g
    v = beta_2 * v + (1 - beta_2) * g**2
    step = rate * (1 - beta_2**t) ** 0.5 / (1 - beta_1**t)
    return w - step * m / (np.sqrt(v) + epsilon), m, v
