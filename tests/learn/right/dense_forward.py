# --- einsum
import numpy as np


def forward(x, kernel, bias):
    return np.einsum("nd,du->nu", x, kernel) + bias


# --- loops
import numpy as np


def forward(x, kernel, bias):
    z = np.zeros((len(x), len(bias)), x.dtype)
    for n in range(len(x)):
        for u in range(len(bias)):
            z[n, u] = bias[u]
            for d in range(len(kernel)):
                z[n, u] += x[n, d] * kernel[d, u]
    return z


# --- the bias as a weight of an input that is 1
import numpy as np


def forward(x, kernel, bias):
    ones = np.ones((len(x), 1), x.dtype)
    return np.concatenate([x, ones], axis=1) @ np.vstack([kernel, bias])
