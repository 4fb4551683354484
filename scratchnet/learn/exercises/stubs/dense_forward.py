"""dense-forward: every output is a weighted sum of every input.

A Dense layer has D inputs and U units. Each unit has a weight for each input, and a bias. For a batch of N samples:

    x (N, D)      kernel (D, U)      bias (U,)      →      z (N, U)

    z[n,u] = Σ_d x[n,d] kernel[d,u] + bias[u]

N·U sums of D products: that is a product of matrices, which NumPy writes `@`. Loops are right too, only slow.
What goes in as float32 comes out as float32, so an array that you make yourself gets x.dtype.

To check by hand, with N = 2, D = 3, U = 2:

    x = [[1, 0, 2], [0, 1, -1]]   kernel = [[1, 2], [3, 4], [5, 6]]   bias = [10, 20]
    z[0,0] = 1·1 + 0·3 + 2·5 + 10 = 21,   and in all   z = [[21, 34], [8, 18]]
"""


def forward(x, kernel, bias):
    """Return z: x (N, D), kernel (D, U), bias (U,) → (N, U)."""
    z = ...
    return z
