"""dense-dx: the sum over the units is a product with the transposed kernel."""


def dx(dz, kernel):
    """Return dx[n,d] = Σ_u dz[n,u] kernel[d,u], (N, U)·(U, D) = (N, D)."""
    return dz @ kernel.T
