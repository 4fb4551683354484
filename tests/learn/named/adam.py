# --- corrected-returned
import numpy as np


def update(w, g, m, v, t, rate, beta_1, beta_2, epsilon):
    m = beta_1 * m + (1 - beta_1) * g
    v = beta_2 * v + (1 - beta_2) * g**2
    mh = m / (1 - beta_1**t)
    vh = v / (1 - beta_2**t)
    return w - rate * mh / (np.sqrt(vh) + epsilon), mh, vh


# --- gradient-for-mean
import numpy as np


def update(w, g, m, v, t, rate, beta_1, beta_2, epsilon):
    m = beta_1 * m + (1 - beta_1) * g
    v = beta_2 * v + (1 - beta_2) * g**2
    s = rate * (1 - beta_2**t) ** 0.5 / (1 - beta_1**t)
    return w - s * g / (np.sqrt(v) + epsilon), m, v


# --- correction-upside-down
import numpy as np


def update(w, g, m, v, t, rate, beta_1, beta_2, epsilon):
    m = beta_1 * m + (1 - beta_1) * g
    v = beta_2 * v + (1 - beta_2) * g**2
    s = rate * (1 - beta_1**t) / (1 - beta_2**t) ** 0.5
    return w - s * m / (np.sqrt(v) + epsilon), m, v


# --- uphill
import numpy as np


def update(w, g, m, v, t, rate, beta_1, beta_2, epsilon):
    m = beta_1 * m + (1 - beta_1) * g
    v = beta_2 * v + (1 - beta_2) * g**2
    step = rate * np.sqrt(1 - beta_2**t) / (1 - beta_1**t)
    w = w + step * m / (np.sqrt(v) + epsilon)
    return w, m, v


# --- no-correction
import numpy as np


def update(w, g, m, v, t, rate, beta_1, beta_2, epsilon):
    m = beta_1 * m + (1 - beta_1) * g
    v = beta_2 * v + (1 - beta_2) * g**2
    step = rate
    w = w - step * m / (np.sqrt(v) + epsilon)
    return w, m, v


# --- correction-without-root
import numpy as np


def update(w, g, m, v, t, rate, beta_1, beta_2, epsilon):
    m = beta_1 * m + (1 - beta_1) * g
    v = beta_2 * v + (1 - beta_2) * g**2
    step = rate * (1 - beta_2**t) / (1 - beta_1**t)
    w = w - step * m / (np.sqrt(v) + epsilon)
    return w, m, v


# --- times-t-for-power
import numpy as np


def update(w, g, m, v, t, rate, beta_1, beta_2, epsilon):
    m = beta_1 * m + (1 - beta_1) * g
    v = beta_2 * v + (1 - beta_2) * g**2
    step = rate * np.sqrt(1 - beta_2 * t) / (1 - beta_1 * t)
    w = w - step * m / (np.sqrt(v) + epsilon)
    return w, m, v


# --- counts-from-two
import numpy as np


def update(w, g, m, v, t, rate, beta_1, beta_2, epsilon):
    m = beta_1 * m + (1 - beta_1) * g
    v = beta_2 * v + (1 - beta_2) * g**2
    step = rate * np.sqrt(1 - beta_2 ** (t + 1)) / (1 - beta_1 ** (t + 1))
    w = w - step * m / (np.sqrt(v) + epsilon)
    return w, m, v


# --- epsilon-inside-the-root
import numpy as np


def update(w, g, m, v, t, rate, beta_1, beta_2, epsilon):
    m = beta_1 * m + (1 - beta_1) * g
    v = beta_2 * v + (1 - beta_2) * g**2
    step = rate * np.sqrt(1 - beta_2**t) / (1 - beta_1**t)
    w = w - step * m / np.sqrt(v + epsilon)
    return w, m, v


# --- epsilon-of-the-paper
import numpy as np


def update(w, g, m, v, t, rate, beta_1, beta_2, epsilon):
    m = beta_1 * m + (1 - beta_1) * g
    v = beta_2 * v + (1 - beta_2) * g**2
    mh = m / (1 - beta_1**t)
    vh = v / (1 - beta_2**t)
    w = w - rate * mh / (np.sqrt(vh) + epsilon)
    return w, m, v


# --- root-forgotten
import numpy as np


def update(w, g, m, v, t, rate, beta_1, beta_2, epsilon):
    m = beta_1 * m + (1 - beta_1) * g
    v = beta_2 * v + (1 - beta_2) * g**2
    step = rate * np.sqrt(1 - beta_2**t) / (1 - beta_1**t)
    w = w - step * m / (v + epsilon)
    return w, m, v


# --- gradient-for-square
import numpy as np


def update(w, g, m, v, t, rate, beta_1, beta_2, epsilon):
    m = beta_1 * m + (1 - beta_1) * g
    v = beta_2 * v + (1 - beta_2) * g
    step = rate * np.sqrt(1 - beta_2**t) / (1 - beta_1**t)
    w = w - step * m / (np.sqrt(v) + epsilon)
    return w, m, v


# --- betas-exchanged
import numpy as np


def update(w, g, m, v, t, rate, beta_1, beta_2, epsilon):
    m = beta_2 * m + (1 - beta_2) * g
    v = beta_1 * v + (1 - beta_1) * g**2
    step = rate * np.sqrt(1 - beta_2**t) / (1 - beta_1**t)
    w = w - step * m / (np.sqrt(v) + epsilon)
    return w, m, v


# --- weights-exchanged
import numpy as np


def update(w, g, m, v, t, rate, beta_1, beta_2, epsilon):
    m = (1 - beta_1) * m + beta_1 * g
    v = (1 - beta_2) * v + beta_2 * g**2
    step = rate * np.sqrt(1 - beta_2**t) / (1 - beta_1**t)
    w = w - step * m / (np.sqrt(v) + epsilon)
    return w, m, v


# --- of-the-step-before
import numpy as np


def update(w, g, m, v, t, rate, beta_1, beta_2, epsilon):
    w = w - rate * np.sqrt(1 - beta_2**t) / (1 - beta_1**t) * m / (np.sqrt(v) + epsilon)
    m = beta_1 * m + (1 - beta_1) * g
    v = beta_2 * v + (1 - beta_2) * g**2
    return w, m, v


# --- epsilon-forgotten
import numpy as np


def update(w, g, m, v, t, rate, beta_1, beta_2, epsilon):
    m = beta_1 * m + (1 - beta_1) * g
    v = beta_2 * v + (1 - beta_2) * g**2
    step = rate * np.sqrt(1 - beta_2**t) / (1 - beta_1**t)
    w = w - step * m / np.sqrt(v)
    return w, m, v


# --- sums-for-means
import numpy as np


def update(w, g, m, v, t, rate, beta_1, beta_2, epsilon):
    m = beta_1 * m + g
    v = beta_2 * v + g**2
    step = rate * np.sqrt(1 - beta_2**t) / (1 - beta_1**t)
    w = w - step * m / (np.sqrt(v) + epsilon)
    return w, m, v


# --- rate-forgotten
import numpy as np


def update(w, g, m, v, t, rate, beta_1, beta_2, epsilon):
    m = beta_1 * m + (1 - beta_1) * g
    v = beta_2 * v + (1 - beta_2) * g**2
    step = np.sqrt(1 - beta_2**t) / (1 - beta_1**t)
    w = w - step * m / (np.sqrt(v) + epsilon)
    return w, m, v


# --- v-not-corrected
import numpy as np


def update(w, g, m, v, t, rate, beta_1, beta_2, epsilon):
    m = beta_1 * m + (1 - beta_1) * g
    v = beta_2 * v + (1 - beta_2) * g**2
    step = rate / (1 - beta_1**t)
    w = w - step * m / (np.sqrt(v) + epsilon)
    return w, m, v


# --- m-not-corrected
import numpy as np


def update(w, g, m, v, t, rate, beta_1, beta_2, epsilon):
    m = beta_1 * m + (1 - beta_1) * g
    v = beta_2 * v + (1 - beta_2) * g**2
    step = rate * np.sqrt(1 - beta_2**t)
    w = w - step * m / (np.sqrt(v) + epsilon)
    return w, m, v
