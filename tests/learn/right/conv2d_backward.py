# --- for each place within the window
import numpy as np


def backward(x, kernel, dz):
    KH, KW, C, F = kernel.shape
    N, OH, OW, _ = dz.shape
    dx, dkernel = np.zeros_like(x), np.zeros_like(kernel)
    for i in range(KH):
        for j in range(KW):
            piece = x[:, i : i + OH, j : j + OW]
            dkernel[i, j] = np.tensordot(piece, dz, ((0, 1, 2), (0, 1, 2)))
            dx[:, i : i + OH, j : j + OW] += dz @ kernel[i, j].T
    return dx, dkernel, dz.sum(axis=(0, 1, 2))


# --- for each window
import numpy as np


def backward(x, kernel, dz):
    KH, KW, C, F = kernel.shape
    dx, dkernel = np.zeros_like(x), np.zeros_like(kernel)
    for n, oh, ow in np.ndindex(dz.shape[:3]):
        window = np.s_[n, oh : oh + KH, ow : ow + KW]
        dkernel += x[window][..., None] * dz[n, oh, ow]
        dx[window] += kernel @ dz[n, oh, ow]
    return dx, dkernel, dz.reshape(-1, F).sum(0)


# --- dx as a convolution of the padded dz with the turned kernel
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def backward(x, kernel, dz):
    KH, KW, C, F = kernel.shape
    windows = sliding_window_view(x, (KH, KW), axis=(1, 2))  # (N, OH, OW, C, KH, KW)
    dkernel = np.einsum("nhwcij,nhwf->ijcf", windows, dz)
    padded = np.pad(dz, ((0, 0), (KH - 1, KH - 1), (KW - 1, KW - 1), (0, 0)))
    around = sliding_window_view(padded, (KH, KW), axis=(1, 2))  # (N, H, W, F, KH, KW)
    dx = np.einsum("nhwfij,ijcf->nhwc", around, kernel[::-1, ::-1])
    return dx, dkernel, np.einsum("nhwf->f", dz)
