# --- kernel updated in place
import numpy as np


class Dense:
    def __init__(self, kernel, bias):
        self.kernel, self.bias = kernel, bias

    def forward(self, x):
        self.x = x.copy()
        self.y = np.maximum(x @ self.kernel + self.bias, 0)
        return self.y.copy()

    def backward(self, dy):
        dz = dy * (self.y > 0)
        self.dkernel = self.x.T @ dz
        self.dbias = dz.sum(0)
        r = dz @ self.kernel.T
        self.kernel -= 0.1 * self.dkernel
        return r


# --- float32 always
import numpy as np


class Dense:
    def __init__(self, kernel, bias):
        self.kernel, self.bias = kernel, bias

    def forward(self, x):
        self.x = x.astype(np.float32)
        self.y = np.maximum(self.x @ self.kernel + self.bias, 0)
        return self.y.copy()

    def backward(self, dy):
        dz = dy * (self.y > 0)
        self.dkernel = self.x.T @ dz
        self.dbias = dz.sum(0)
        return dz @ self.kernel.T


# --- x ref and y handed out
import numpy as np


class Dense:
    def __init__(self, kernel, bias):
        self.kernel, self.bias = kernel, bias

    def forward(self, x):
        self.x = x
        self.y = np.maximum(x @ self.kernel + self.bias, 0)
        return self.y

    def backward(self, dy):
        dz = dy * (self.y > 0)
        self.dkernel = self.x.T @ dz
        self.dbias = dz.sum(0)
        return dz @ self.kernel.T
