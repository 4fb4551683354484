# --- y-dy
import numpy as np


class Softmax:
    def forward(self, z):
        e = np.exp(z - z.max(axis=1, keepdims=True))
        self.y = e / e.sum(axis=1, keepdims=True)
        return self.y.copy()

    def backward(self, dy):
        y = self.y
        return y - dy


# --- mean plain
import numpy as np


class Softmax:
    def forward(self, z):
        e = np.exp(z - z.max(axis=1, keepdims=True))
        self.y = e / e.sum(axis=1, keepdims=True)
        return self.y.copy()

    def backward(self, dy):
        y = self.y
        return y * (dy - dy.mean(1, keepdims=True))


# --- sum axis0
import numpy as np


class Softmax:
    def forward(self, z):
        e = np.exp(z - z.max(axis=1, keepdims=True))
        self.y = e / e.sum(axis=1, keepdims=True)
        return self.y.copy()

    def backward(self, dy):
        y = self.y
        return y * (dy - (dy * y).sum(0, keepdims=True))


# --- sum no axis
import numpy as np


class Softmax:
    def forward(self, z):
        e = np.exp(z - z.max(axis=1, keepdims=True))
        self.y = e / e.sum(axis=1, keepdims=True)
        return self.y.copy()

    def backward(self, dy):
        y = self.y
        return y * (dy - (dy * y).sum())


# --- sign
import numpy as np


class Softmax:
    def forward(self, z):
        e = np.exp(z - z.max(axis=1, keepdims=True))
        self.y = e / e.sum(axis=1, keepdims=True)
        return self.y.copy()

    def backward(self, dy):
        y = self.y
        return y * ((dy * y).sum(1, keepdims=True) - dy)


# --- e not normalised
import numpy as np


class Softmax:
    def forward(self, z):
        self.y = np.exp(z - z.max(axis=1, keepdims=True))
        return self.y.copy()

    def backward(self, dy):
        y = self.y
        return y * (dy - (dy * y).sum(1, keepdims=True))


# --- whole sum
import numpy as np


class Softmax:
    def forward(self, z):
        e = np.exp(z - z.max(axis=1, keepdims=True))
        self.y = e / e.sum()
        return self.y.copy()

    def backward(self, dy):
        y = self.y
        return y * (dy - (dy * y).sum(1, keepdims=True))


# --- min not max
import numpy as np


class Softmax:
    def forward(self, z):
        e = np.exp(z - z.min(axis=1, keepdims=True))
        self.y = e / e.sum(axis=1, keepdims=True)
        return self.y.copy()

    def backward(self, dy):
        y = self.y
        return y * (dy - (dy * y).sum(1, keepdims=True))
