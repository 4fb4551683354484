"""contract: the gradients are right, and the layer is still wrong.

Below is a Dense layer with a ReLU behind it, x (N, D) → y (N, U). Its gradients agree with the difference quotients,
each entry of them. In a network it would still go wrong, since it breaks four of the promises that layers live by:

    x and dy belong to the caller. A layer reads them and never writes.
    y and dx belong to the caller, too, once they are returned: he may write into them.
    What forward keeps for backward is the layer's own: no one else can write there. The caller may fill the same x
        with the next batch, before backward is called.
    float32 in, float32 out. One float64 array somewhere makes everything behind it twice as large.

Find the four and mend them. You write no formula here. (The grader does to your layer what a careless caller does:
it overwrites x after forward, and the y that was returned, and looks whether the gradients change.)

To check by hand: x = [[1, 2], [3, 4]], kernel = [[1], [-1]], bias = [1.5], dy = [[2], [3]] give y = [[½], [½]],
dx = [[2, -2], [3, -3]], dkernel = [[11], [16]], dbias = [5].
"""

import numpy as np


class Dense:
    """y = ReLU(x·kernel + bias); backward leaves its gradients in dkernel (D, U) and dbias (U,)."""

    def __init__(self, kernel, bias):
        self.kernel, self.bias = kernel, bias

    def forward(self, x):
        """Return y (N, U): x (N, D)."""
        self.x = x
        self.y = np.maximum(x @ self.kernel + self.bias, 0)
        return self.y

    def backward(self, dy):
        """Return dx (N, D): dy (N, U)."""
        dy[self.y <= 0] = 0
        self.dkernel = self.x.T @ dy
        self.dbias = np.zeros(len(self.bias))
        for row in dy:
            self.dbias += row
        return dy @ self.kernel.T
