"""col2im: each number goes back to the pixel that it came from, and is added there."""

import numpy as np


def col2im(dcols, H, W):
    """Return dx (N, H, W, C)."""
    N, OH, OW, KH, KW, C = dcols.shape
    dx = np.zeros((N, H, W, C), dcols.dtype)
    for i in range(KH):
        for j in range(KW):
            dx[:, i : i + OH, j : j + OW] += dcols[:, :, :, i, j]
    return dx
