"""dense-db: what comes back to the bias.

    z[n,u] = Σ_d x[n,d] kernel[d,u] + bias[u]        bias (U,), z (N, U)

dz (N, U) says how much the loss moves with each z[n,u]. Wanted is dbias (U,). There is one bias for each unit, and
the same number is added in every sample: bias[u] touches z[0,u], z[1,u], …, z[N-1,u], each with slope 1.

    dbias[u] = Σ_n …               (yours)

Like dkernel it is a sum over the batch, not a mean: 1/N is in dz already, the loss has put it there.
A bias is a kernel's weight whose input is always 1; put x = 1 into dkernel and see that the same comes out.

To check by hand, with N = 2, U = 2:      dz = [[1, -1], [2, 0]]   →   dbias = [3, -1]
"""


def dbias(dz):
    """Return the slope of the loss with respect to the bias: dz (N, U) → (U,)."""
    return ...
