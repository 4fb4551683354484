"""dense-dx: what is handed on to the layer before.

    z[n,u] = Σ_d x[n,d] kernel[d,u] + bias[u]        x (N, D), kernel (D, U), z (N, U)

x came out of the layer before, which needs dx (N, D) as this one needs dz (N, U): so backpropagation goes on.

    x[n,d] touches z[n,u] for every unit u, with slope kernel[d,u]. So

    dx[n,d] = Σ_u …                (yours)

No sum over n: a sample's x touches the z of that sample only. The product of matrices has the shape (N, D); where
does the transpose come from? From the sum: it goes over the *second* index of kernel, and `@` sums over the first.

To check by hand, with N = 2, D = 3, U = 2:

    dz = [[1, -1], [2, 0]]   kernel = [[1, 2], [3, 4], [5, 6]]
    dx[0,0] = 1·1 - 1·2 = -1,   and in all   dx = [[-1, -1, -1], [2, 6, 10]]
"""


def dx(dz, kernel):
    """Return the slope of the loss with respect to x: dz (N, U), kernel (D, U) → (N, D)."""
    return ...
