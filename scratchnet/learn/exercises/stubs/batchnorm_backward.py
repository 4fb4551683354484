"""batchnorm-backward: everyone reaches everyone.

Batch normalization shifts and scales each channel so that over the batch it has mean 0 and variance 1, and then lets
the network choose another scale γ and shift β. For each channel by itself, with its M numbers x[m]:

    mean = 1/M Σ x[m]     var = 1/M Σ (x[m] - mean)²     σ = √(var + ε)     x̂[m] = (x[m] - mean)/σ     y[m] = γ x̂[m] + β

    x, x̂, y, dy (M, C)       mean, σ, γ, β (C,)

γ and β stand in every y[m]:   dβ = Σ dy[m],   dγ = Σ dy[m] …        (yours)

x[m] reaches the loss on three ways: through its own x̂[m], through mean, and through var, which are in all x̂. Write
dx̂[m] = γ dy[m] and work out dvar and dmean first, or think so: shifting or stretching all x leaves x̂ as it is, so
dx has no part along 1 and none along x̂. Take both out of dy, and multiply by γ/σ:

    dx[m] = γ/σ · (dy[m] - … - …)

To check by hand: x̂ = [-1, -1, 1, 1], σ = 2, γ = 4, dy = [1, 0, 0, 0] give dβ = 1, dγ = -1, dx = [1, -1, 0, 0].
"""


def backward(dy, x_hat, sigma, gamma):
    """Return dx (M, C), dgamma (C,) and dbeta (C,): dy and x_hat (M, C), sigma and gamma (C,)."""
    dx = ...
    dgamma = ...
    dbeta = ...
    return dx, dgamma, dbeta
