"""batchnorm-backward: dy less its mean, less its part along x̂."""


def backward(dy, x_hat, sigma, gamma):
    """Return dx (M, C), dgamma (C,) and dbeta (C,)."""
    M = len(dy)
    dbeta = dy.sum(axis=0)
    dgamma = (dy * x_hat).sum(axis=0)
    dx = gamma / sigma * (dy - dbeta / M - x_hat * dgamma / M)
    return dx, dgamma, dbeta
