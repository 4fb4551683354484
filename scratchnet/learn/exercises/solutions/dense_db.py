"""dense-db: the same bias in every sample."""


def dbias(dz):
    """Return dbias[u] = Σ_n dz[n,u] (U,)."""
    return dz.sum(axis=0)
