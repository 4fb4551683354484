"""dense-dw: the sum over the batch is a product of matrices."""


def dkernel(x, dz):
    """Return dkernel[d,u] = Σ_n x[n,d] dz[n,u], (D, N)·(N, U) = (D, U)."""
    return x.T @ dz
