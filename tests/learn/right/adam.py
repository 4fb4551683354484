# --- the corrections by themselves, and epsilon scaled with the root
import numpy as np


def update(w, g, m, v, t, rate, beta_1, beta_2, epsilon):
    m = m + (1 - beta_1) * (g - m)
    v = v + (1 - beta_2) * (g * g - v)
    m_hat, v_hat = m / (1 - beta_1**t), v / (1 - beta_2**t)
    return w - rate * m_hat / (np.sqrt(v_hat) + epsilon / (1 - beta_2**t) ** 0.5), m, v


# --- entry by entry
import math

import numpy as np


def update(w, g, m, v, t, rate, beta_1, beta_2, epsilon):
    w, m, v = w.copy(), m.copy(), v.copy()
    for i in range(len(w)):
        m[i] = beta_1 * m[i] + (1 - beta_1) * g[i]
        v[i] = beta_2 * v[i] + (1 - beta_2) * g[i] ** 2
        w[i] -= rate * math.sqrt(1 - beta_2**t) / (1 - beta_1**t) * m[i] / (math.sqrt(v[i]) + epsilon)
    return w, m, v


# --- in place, on copies
import numpy as np


def update(w, g, m, v, t, rate, beta_1, beta_2, epsilon):
    m, v = beta_1 * m, beta_2 * v
    m += (1 - beta_1) * g
    v += (1 - beta_2) * np.square(g)
    move = m / (np.sqrt(v) + epsilon)
    move *= rate
    move *= float(np.sqrt(1 - beta_2**t)) / (1 - beta_1**t)
    return w - move, m, v
