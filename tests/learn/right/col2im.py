# --- window by window
import numpy as np


def col2im(dcols, H, W):
    N, OH, OW, KH, KW, C = dcols.shape
    dx = np.zeros((N, H, W, C), dcols.dtype)
    for oh in range(OH):
        for ow in range(OW):
            dx[:, oh : oh + KH, ow : ow + KW] += dcols[:, oh, ow]
    return dx


# --- add.at
import numpy as np


def col2im(dcols, H, W):
    N, OH, OW, KH, KW, C = dcols.shape
    dx = np.zeros((N, H, W, C), dcols.dtype)
    n, oh, ow, i, j, c = np.indices(dcols.shape)
    np.add.at(dx, (n, oh + i, ow + j, c), dcols)
    return dx


# --- padded and added
import numpy as np


def col2im(dcols, H, W):
    N, OH, OW, KH, KW, C = dcols.shape
    parts = [
        np.pad(dcols[:, :, :, i, j], ((0, 0), (i, KH - 1 - i), (j, KW - 1 - j), (0, 0)))
        for i in range(KH)
        for j in range(KW)
    ]
    return sum(parts)
