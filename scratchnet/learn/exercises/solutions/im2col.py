"""im2col: the pixels under number (i, j) of all windows are a piece of the image."""

import numpy as np


def im2col(x, KH, KW):
    """Return all windows (N, OH, OW, KH, KW, C)."""
    N, H, W, C = x.shape
    OH, OW = H - KH + 1, W - KW + 1
    cols = np.zeros((N, OH, OW, KH, KW, C), x.dtype)
    for i in range(KH):
        for j in range(KW):
            cols[:, :, :, i, j] = x[:, i : i + OH, j : j + OW]
    return cols
