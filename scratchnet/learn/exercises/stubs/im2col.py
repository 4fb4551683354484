"""im2col: cut out all windows of an image.

A convolution looks at an image through a small window that steps across it. To compute with products of matrices, all
windows are cut out and laid side by side. Images are (N, H, W, C): batch, rows, columns, channels. A window of KH × KW
pixels that steps by one has OH = H - KH + 1 places down and OW = W - KW + 1 across:

    x (N, H, W, C)   →   cols (N, OH, OW, KH, KW, C)

    cols[n,oh,ow,i,j,c] = x[n, …, …, c]        (yours: which pixel lies under number (i, j) of the window (oh, ow)?)

A loop over the windows is right. Quicker is a loop over (i, j) only: the pixels under number (i, j) of all windows are
a piece of the image, OH × OW pixels large, that begins at (i, j). The windows are yours: copies, not views into x.

To check by hand: a 3 × 3 image with the numbers 1 to 9, windows of 2 × 2. The four windows are
[[1, 2], [4, 5]]   [[2, 3], [5, 6]]   [[4, 5], [7, 8]]   [[5, 6], [8, 9]].
"""

import numpy as np


def im2col(x, KH, KW):
    """Return all windows: x (N, H, W, C) → (N, OH, OW, KH, KW, C)."""
    N, H, W, C = x.shape
    OH, OW = H - KH + 1, W - KW + 1
    cols = np.zeros((N, OH, OW, KH, KW, C), x.dtype)
    for i in range(KH):
        for j in range(KW):
            cols[:, :, :, i, j] = ...
    return cols
