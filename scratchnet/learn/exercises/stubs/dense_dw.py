"""dense-dw: what comes back to the kernel.

    z[n,u] = Σ_d x[n,d] kernel[d,u] + bias[u]        x (N, D), kernel (D, U), z (N, U)

From behind comes dz (N, U): how much the loss L moves with each z[n,u]. Wanted is dkernel (D, U), how much L moves
with each kernel[d,u]. As in "fan-out": find all that kernel[d,u] touches, and add up what comes back.

    kernel[d,u] touches z[n,u] in every sample n, with slope x[n,d]. So

    dkernel[d,u] = Σ_n …           (yours; then look for the product of matrices that has the shape (D, U))

Where 1/N goes: nowhere here. L is a mean over the batch, and the loss has put 1/N into dz already.

To check by hand, with N = 2, D = 3, U = 2:

    x = [[1, 0, 2], [0, 1, -1]]   dz = [[1, -1], [2, 0]]   →   dkernel = [[1, -1], [2, 0], [0, -2]]
"""


def dkernel(x, dz):
    """Return the slope of the loss with respect to the kernel: x (N, D), dz (N, U) → (D, U)."""
    return ...
