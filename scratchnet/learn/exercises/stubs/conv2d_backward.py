"""conv2d-backward: Dense's gradients, for every window.

Filter f lays its kernel on each window, multiplies, adds up, and adds its bias:

    z[n,oh,ow,f] = Σ_i Σ_j Σ_c x[n, oh+i, ow+j, c] kernel[i,j,c,f] + bias[f]

    x (N, H, W, C)   kernel (KH, KW, C, F)   bias (F,)   →   z (N, OH, OW, F)

Write each window as a row, p = (n,oh,ow), and the numbers in it as columns, q = (i,j,c). With im2col (below):

    z[p,f] = Σ_q cols[p,q] kernel[q,f] + bias[f]       cols (N·OH·OW, KH·KW·C), kernel (KH·KW·C, F)

That is a Dense layer with the windows as samples. So dkernel, dbias and dcols are those of "dense-dw", "dense-db" and
"dense-dx", and dx is one step further, through col2im. (All yours. `reshape` makes rows of windows and back.)

To check by hand, an image of one row: x = [1, 2, 3], kernel = [10, 1], dz = [1, 2]. The windows are [1, 2] and [2, 3];
dkernel = 1·[1, 2] + 2·[2, 3] = [5, 8], dbias = [3], dx = [1·10, 1·1 + 2·10, 2·1] = [10, 21, 2].
"""

import numpy as np


def im2col(x, KH, KW):
    """Return all windows: x (N, H, W, C) → (N, OH, OW, KH, KW, C)."""
    windows = np.lib.stride_tricks.sliding_window_view(x, (KH, KW), axis=(1, 2))
    return windows.transpose(0, 1, 2, 4, 5, 3).copy()


def col2im(dcols, H, W):
    """Return the gradient for the images: dcols (N, OH, OW, KH, KW, C) → (N, H, W, C)."""
    N, OH, OW, KH, KW, C = dcols.shape
    dx = np.zeros((N, H, W, C), dcols.dtype)
    for i in range(KH):
        for j in range(KW):
            dx[:, i : i + OH, j : j + OW] += dcols[:, :, :, i, j]
    return dx


def backward(x, kernel, dz):
    """Return dx (N, H, W, C), dkernel (KH, KW, C, F) and dbias (F,); dz (N, OH, OW, F)."""
    dx = ...
    dkernel = ...
    dbias = ...
    return dx, dkernel, dbias
