"""col2im: add the windows' gradients back to the pixels.

im2col copied each pixel into every window that covers it:

    cols[n,oh,ow,i,j,c] = x[n, oh+i, ow+j, c]          x (N, H, W, C) → cols (N, OH, OW, KH, KW, C)

From behind comes dcols, of the shape of cols: how much the loss moves with each number of each window. Wanted is dx
(N, H, W, C). It is "fan-out" again: a pixel that went to several windows gets what comes back from all of them.

    dx[n,h,w,c] = Σ dcols[n,oh,ow,i,j,c]   over all (oh,ow,i,j) with … = h and … = w          (yours)

im2col is a matrix that has a single 1 in each row, and col2im is its transpose.

To check by hand: the image is 3 × 3, the windows are 2 × 2, and every number of dcols is 1. Then each pixel gets the
number of windows that it lies in:   dx = [[1, 2, 1], [2, 4, 2], [1, 2, 1]].
"""

import numpy as np


def col2im(dcols, H, W):
    """Return the gradient for the images: dcols (N, OH, OW, KH, KW, C) → (N, H, W, C)."""
    N, OH, OW, KH, KW, C = dcols.shape
    dx = np.zeros((N, H, W, C), dcols.dtype)
    dx[...] = ...  # in place of this line, add dcols up
    return dx
