# --- keeps the gate in place of y
import numpy as np


class Dense:
    def __init__(self, kernel, bias):
        self.kernel, self.bias = kernel, bias

    def forward(self, x):
        z = x @ self.kernel + self.bias
        self.x, self.gate = np.array(x), z > 0
        return np.where(self.gate, z, 0)

    def backward(self, dy):
        dz = np.where(self.gate, dy, 0)
        self.dkernel, self.dbias = self.x.T @ dz, dz.sum(axis=0)
        return dz @ self.kernel.T


# --- the loop for dbias, in the right dtype
import numpy as np


class Dense:
    def __init__(self, kernel, bias):
        self.kernel, self.bias = kernel.copy(), bias.copy()

    def forward(self, x):
        self.x = x.copy()
        self.y = np.maximum(x @ self.kernel + self.bias, 0)
        return self.y.copy()

    def backward(self, dy):
        dz = dy.copy()
        dz[self.y <= 0] = 0
        self.dkernel = np.einsum("nd,nu->du", self.x, dz)
        self.dbias = np.zeros_like(self.bias)
        for row in dz:
            self.dbias += row
        return dz @ self.kernel.T


# --- forward once more in backward
import numpy as np


class Dense:
    def __init__(self, kernel, bias):
        self.kernel, self.bias = kernel, bias

    def _z(self, x):
        return x @ self.kernel + self.bias

    def forward(self, x):
        self.x = x + 0
        return np.maximum(self._z(x), 0)

    def backward(self, dy):
        dz = dy * (self._z(self.x) > 0)
        self.dkernel = self.x.T @ dz
        self.dbias = np.ones(len(dz), dz.dtype) @ dz
        return dz @ self.kernel.T
