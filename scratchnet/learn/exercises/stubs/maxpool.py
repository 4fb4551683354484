"""maxpool: a gradient that goes to the winner.

Max-pooling cuts an image into windows of 2 × 2 that lie side by side, and keeps the largest number of each; each
channel by itself. A row or column that is left over at the bottom or right is dropped.

    x (N, H, W, C)   →   y (N, OH, OW, C)        OH = H // 2, OW = W // 2

    y[n,oh,ow,c] = max of x[n, 2·oh + i, 2·ow + j, c] over i, j = 0, 1

Raise the largest number of a window a little, and the maximum rises by as much: slope 1. Raise any other, and nothing
happens: slope 0. So dx is 0 nearly everywhere, and (yours:) who gets dy[n,oh,ow,c]?

At a tie there is a corner, and a choice to be made. Here, as in TensorFlow, the first of the largest is paid, row by
row: argmax finds that one. A window may be all negative; it has a largest number, too.

To check by hand: x = [[1, 4], [3, 2]], dy = 5   →   dx = [[0, 5], [0, 0]]
"""

import numpy as np


def backward(dy, x):
    """Return dx (N, H, W, C): dy (N, OH, OW, C), x (N, H, W, C)."""
    dx = np.zeros(x.shape, x.dtype)
    dx[...] = ...  # in place of this line, pay the winners
    return dx
