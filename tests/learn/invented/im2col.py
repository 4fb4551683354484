# --- first image
import numpy as np


def im2col(x, KH, KW):
    N, H, W, C = x.shape
    OH, OW = H - KH + 1, W - KW + 1
    c = np.zeros((N, OH, OW, KH, KW, C), x.dtype)
    for i in range(KH):
        for j in range(KW):
            c[:, :, :, i, j] = x[0, i : i + OH, j : j + OW]
    return c


# --- flattened
import numpy as np


def im2col(x, KH, KW):
    N, H, W, C = x.shape
    OH, OW = H - KH + 1, W - KW + 1
    return (
        np.lib.stride_tricks.sliding_window_view(x, (KH, KW), axis=(1, 2))
        .transpose(0, 1, 2, 4, 5, 3)
        .reshape(N * OH * OW, -1)
    )


# --- padded same
import numpy as np


def im2col(x, KH, KW):
    x = np.pad(x, ((0, 0), (KH // 2, KH // 2), (KW // 2, KW // 2), (0, 0)))
    return np.lib.stride_tricks.sliding_window_view(x, (KH, KW), axis=(1, 2)).transpose(0, 1, 2, 4, 5, 3).copy()


# --- float64
import numpy as np


def im2col(x, KH, KW):
    N, H, W, C = x.shape
    OH, OW = H - KH + 1, W - KW + 1
    c = np.zeros((N, OH, OW, KH, KW, C))
    for i in range(KH):
        for j in range(KW):
            c[:, :, :, i, j] = x[:, i : i + OH, j : j + OW]
    return c
