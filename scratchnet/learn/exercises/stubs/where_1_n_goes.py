"""where-1-n-goes: the loss is a mean over the batch, and divides by N once.

    y = x·kernel      x (N, D), kernel (D, U), y (N, U);   targets t (N, U)

    L = 1/N Σ_n ½ Σ_u (y[n,u] - t[n,u])²               a mean over the N samples, a sum over the U units

So that the step downhill does not grow with the batch, the loss is a mean. But who divides by N: the loss, or each
gradient that is a sum over the batch? The chain rule answers. y[n,u] stands in one term of L, with 1/N before it:

    dy[n,u] = ∂L/∂y[n,u] = …            (yours)
    dkernel[d,u] = Σ_n x[n,d] dy[n,u]    as in "dense-dw": what is put together here is loss and layer

Other books take the mean over N·U, or no ½. That is another loss, with another gradient; this one is the convention
of this exercise.

To check by hand, with N = 2, D = U = 1: x = [[1], [2]], kernel = [[3]], t = [[1], [4]] give y = [[3], [6]],
L = ½·(½·4 + ½·4) = 2, and dkernel = [[3]].
"""


def loss_and_dkernel(x, kernel, t):
    """Return L, a number, and dkernel (D, U): x (N, D), kernel (D, U), t (N, U)."""
    y = x @ kernel
    loss = ...
    dkernel = ...
    return loss, dkernel
