# --- one product for each place within the window
import numpy as np


def conv2d(x, kernel):
    N, H, W, C = x.shape
    KH, KW, _, F = kernel.shape
    z = np.zeros((N, H - KH + 1, W - KW + 1, F), x.dtype)
    for i in range(KH):
        for j in range(KW):
            z += x[:, i : i + z.shape[1], j : j + z.shape[2]] @ kernel[i, j]
    return z


# --- image by image, from a sliding view
import numpy as np


def conv2d(x, kernel):
    KH, KW, C, F = kernel.shape
    rows = kernel.transpose(2, 0, 1, 3).reshape(-1, F)
    z = []
    for image in x:
        view = np.lib.stride_tricks.sliding_window_view(image, (KH, KW), axis=(0, 1))
        z.append(view.reshape(*view.shape[:2], -1) @ rows)
    return np.stack(z)


# --- loops, compiled
import numpy as np
from numba import njit


@njit
def conv2d(x, kernel):
    N, H, W, C = x.shape
    KH, KW, _, F = kernel.shape
    z = np.zeros((N, H - KH + 1, W - KW + 1, F), x.dtype)
    for n in range(N):
        for oh in range(H - KH + 1):
            for ow in range(W - KW + 1):
                for i in range(KH):
                    for j in range(KW):
                        for c in range(C):
                            for f in range(F):
                                z[n, oh, ow, f] += x[n, oh + i, ow + j, c] * kernel[i, j, c, f]
    return z
