# --- swap idx
import numpy as np


def col2im(dcols, H, W):
    N, OH, OW, KH, KW, C = dcols.shape
    dx = np.zeros((N, H, W, C), dcols.dtype)
    for i in range(KH):
        for j in range(KW):
            dx[:, i : i + OH, j : j + OW] += dcols[:, :, :, min(j, KH - 1), min(i, KW - 1)]
    return dx


# --- mult
import numpy as np


def col2im(dcols, H, W):
    N, OH, OW, KH, KW, C = dcols.shape
    dx = np.zeros((N, H, W, C), dcols.dtype)
    for i in range(KH):
        for j in range(KW):
            dx[:, i : i + OH, j : j + OW] -= dcols[:, :, :, i, j]
    return dx


# --- ones init
import numpy as np


def col2im(dcols, H, W):
    N, OH, OW, KH, KW, C = dcols.shape
    dx = np.ones((N, H, W, C), dcols.dtype)
    for i in range(KH):
        for j in range(KW):
            dx[:, i : i + OH, j : j + OW] += dcols[:, :, :, i, j]
    return dx
