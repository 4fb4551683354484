"""softmax: K numbers become K probabilities.

    y[n,k] = exp z[n,k] / Σ_j exp z[n,j]             z (N, K) → y (N, K), each row adds up to 1

exp(1000) is infinite in floats. But if you take the same number off every z of a row, the quotient stays as it is:
so take each row's largest off first.

Until now every y depended on one x. Here z[n,k] is in *every* y of row n: above in y[n,k], and below in all of them.
With the rule for quotients, for j = k and for j ≠ k:

    ∂y[n,j]/∂z[n,k] = y[n,k] (1 - y[n,k])  if j = k,     else   - y[n,j] y[n,k]
    dz[n,k] = Σ_j dy[n,j] ∂y[n,j]/∂z[n,k] = …         (yours; y[n,k] can be taken out of the sum)

This one is a class: forward keeps what backward needs, as all layers do.

To check by hand: z = [[log 1, log 2, log 5]] gives y = [[1/8, 2/8, 5/8]]; with dy = [[8, 0, 0]] the sum Σ_j dy[j] y[j]
is 1, and dz = [[0.875, -0.25, -0.625]].
"""

import numpy as np


class Softmax:
    """z (N, K) → y (N, K), and back."""

    def forward(self, z):
        """Return y (N, K), and keep in `self` what backward needs."""
        return ...

    def backward(self, dy):
        """Return dz (N, K) for the z of the last forward; dy (N, K)."""
        return ...
