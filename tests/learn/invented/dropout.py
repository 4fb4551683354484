# --- new draw in backward
import numpy as np


class Dropout:
    def __init__(self, rate):
        self.rate = rate

    def forward(self, x, draws, training):
        if not training:
            self.m = np.ones_like(x)
        else:
            self.m = (draws >= self.rate) / (1 - self.rate)
        return x * self.m

    def backward(self, dy):
        return dy * (np.random.random(dy.shape) >= self.rate) / (1 - self.rate)


# --- float64 mask
import numpy as np


class Dropout:
    def __init__(self, rate):
        self.rate = rate

    def forward(self, x, draws, training):
        if not training:
            self.m = np.ones_like(x)
        else:
            self.m = (draws >= self.rate) / (1 - self.rate) if self.rate < 1 else np.zeros_like(draws)
        return x * self.m

    def backward(self, dy):
        return dy * self.m
