# --- keeps what was kept
import numpy as np


class Dropout:
    def __init__(self, rate):
        self.rate = rate

    def forward(self, x, draws, training):
        self.kept = draws >= self.rate if training else np.full(x.shape, True)
        self.factor = 1 if not training or self.rate >= 1 else 1 / (1 - self.rate)
        return np.where(self.kept, x * self.factor, 0)

    def backward(self, dy):
        return np.where(self.kept, dy * self.factor, 0)


# --- no mask at inference
import numpy as np


class Dropout:
    def __init__(self, rate):
        self.rate, self.mask = rate, None

    def forward(self, x, draws, training):
        self.mask = None
        if not training or self.rate == 0:
            return x.copy()
        self.mask = np.zeros_like(x)
        if self.rate < 1:
            self.mask[draws >= self.rate] = 1 / (1 - self.rate)
        return x * self.mask

    def backward(self, dy):
        return dy.copy() if self.mask is None else dy * self.mask


# --- zeros written into a copy
class Dropout:
    def __init__(self, rate):
        self.rate = rate

    def apply(self, array):
        if not self.training:
            return array.copy()
        result = array.copy()
        result[self.dropped] = 0
        return result if self.rate == 1 else result / (1 - self.rate)

    def forward(self, x, draws, training):
        self.dropped, self.training = draws < self.rate, training
        return self.apply(x)

    def backward(self, dy):
        return self.apply(dy)
