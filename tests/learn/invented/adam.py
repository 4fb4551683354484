# --- beta*t
import numpy as np


def update(w, g, m, v, t, rate, beta_1, beta_2, epsilon):
    m = beta_1 * m + (1 - beta_1) * g
    v = beta_2 * v + (1 - beta_2) * g**2
    s = rate * (1 - beta_2 * t) ** 0.5 / (1 - beta_1 * t)
    return w - s * m / (np.sqrt(v) + epsilon), m, v


# --- 1-beta forgotten m
import numpy as np


def update(w, g, m, v, t, rate, beta_1, beta_2, epsilon):
    m = beta_1 * m + g
    v = beta_2 * v + (1 - beta_2) * g**2
    s = rate * (1 - beta_2**t) ** 0.5 / (1 - beta_1**t)
    return w - s * m / (np.sqrt(v) + epsilon), m, v


# --- weight decay
import numpy as np


def update(w, g, m, v, t, rate, beta_1, beta_2, epsilon):
    m = beta_1 * m + (1 - beta_1) * g
    v = beta_2 * v + (1 - beta_2) * g**2
    s = rate * (1 - beta_2**t) ** 0.5 / (1 - beta_1**t)
    return w - s * m / (np.sqrt(v) + epsilon) - rate * w, m, v


# --- two: uphill, eps inside
import numpy as np


def update(w, g, m, v, t, rate, beta_1, beta_2, epsilon):
    m = beta_1 * m + (1 - beta_1) * g
    v = beta_2 * v + (1 - beta_2) * g**2
    s = rate * (1 - beta_2**t) ** 0.5 / (1 - beta_1**t)
    return w + s * m / np.sqrt(v + epsilon), m, v
