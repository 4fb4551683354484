# --- bias-forgotten
def forward(x, kernel, bias):
    z = x @ kernel
    return z


# --- bias-for-each-feature
import numpy as np


def forward(x, kernel, bias):
    z = np.zeros((len(x), kernel.shape[1]), x.dtype)
    for n in range(len(x)):
        for u in range(kernel.shape[1]):
            for d in range(x.shape[1]):
                z[n, u] += x[n, d] * kernel[d, u] + bias[u]
    return z
