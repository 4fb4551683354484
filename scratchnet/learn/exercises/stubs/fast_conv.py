"""fast-conv: a convolution that is fast.

    z[n,oh,ow,f] = Σ_i Σ_j Σ_c x[n, oh+i, ow+j, c] kernel[i,j,c,f]        x (N, H, W, C), kernel (KH, KW, C, F)

`slow_conv2d` below is right, and is what you wrote in "conv2d-backward": all windows are cut out, and one product of
matrices serves them all. But `cols` has KH·KW numbers for each one of x, here 21 MB: they are written to memory and
read back, and memory is slower than arithmetic. What does the work of one image at a time stays in the cache:

    for each image n: fill the same small cols (OH·OW, KH·KW·C) anew, and z[n] = …          (yours)

Numba goes further (@njit(parallel=True) and prange over the images): that is what scratchnet's own kernels do.

The grader takes turns between your function and this one, on x (64, 26, 26, 16) and a kernel (3, 3, 16, 16) in
float32, with new numbers in each turn, and asks for 1.5 times its speed. First it looks whether the numbers are right.

To check by hand: a 3 × 3 image with the numbers 1 to 9 and the kernel [[1, 0], [0, -1]] give -4 everywhere.
"""

import numpy as np


def slow_conv2d(x, kernel):
    """Return z (N, OH, OW, F): all windows at once."""
    N, H, W, C = x.shape
    KH, KW, _, F = kernel.shape
    OH, OW = H - KH + 1, W - KW + 1
    cols = np.empty((N, OH, OW, KH, KW, C), x.dtype)
    for i in range(KH):
        for j in range(KW):
            cols[:, :, :, i, j] = x[:, i : i + OH, j : j + OW]
    z = cols.reshape(-1, KH * KW * C) @ kernel.reshape(-1, F)
    return z.reshape(N, OH, OW, F)


def conv2d(x, kernel):
    """Return the same, sooner: x (N, H, W, C), kernel (KH, KW, C, F) → (N, OH, OW, F)."""
    return ...
