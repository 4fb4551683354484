# --- drops-the-equal
import numpy as np


class Dropout:
    def __init__(self, rate):
        self.rate = rate

    def forward(self, x, draws, training):
        if not training:
            self.m = np.ones_like(x)
        else:
            self.m = (draws > self.rate).astype(x.dtype) / (1 - self.rate) if self.rate < 1 else np.zeros_like(x)
        return x * self.m

    def backward(self, dy):
        return dy * self.m


# --- keeps-with-rate
class Dropout:
    def __init__(self, rate):
        self.rate = rate

    def forward(self, x, draws, training):
        if not training:
            self.mask = 1
            return x.copy()
        self.mask = (draws < self.rate) / (1 - self.rate)
        return x * self.mask

    def backward(self, dy):
        return dy * self.mask


# --- not-made-larger
class Dropout:
    def __init__(self, rate):
        self.rate = rate

    def forward(self, x, draws, training):
        self.mask = (draws >= self.rate) if training else 1
        return x * self.mask

    def backward(self, dy):
        return dy * self.mask


# --- multiplied
class Dropout:
    def __init__(self, rate):
        self.rate = rate

    def forward(self, x, draws, training):
        self.mask = (draws >= self.rate) * (1 - self.rate) if training else 1
        return x * self.mask

    def backward(self, dy):
        return dy * self.mask


# --- divided-by-rate
class Dropout:
    def __init__(self, rate):
        self.rate = rate

    def forward(self, x, draws, training):
        self.mask = (draws >= self.rate) / self.rate if training else 1
        return x * self.mask

    def backward(self, dy):
        return dy * self.mask


# --- smaller-at-inference
class Dropout:
    def __init__(self, rate):
        self.rate = rate

    def forward(self, x, draws, training):
        if not training:
            self.mask = 1 - self.rate
            return x * (1 - self.rate)
        self.mask = draws >= self.rate
        return x * self.mask

    def backward(self, dy):
        return dy * self.mask


# --- drops-at-inference
class Dropout:
    def __init__(self, rate):
        self.rate = rate

    def forward(self, x, draws, training):
        self.mask = (draws >= self.rate) / (1 - self.rate)
        return x * self.mask

    def backward(self, dy):
        return dy * self.mask


# --- backward-passes-all
class Dropout:
    def __init__(self, rate):
        self.rate = rate

    def forward(self, x, draws, training):
        self.mask = (draws >= self.rate) * (1 / (1 - self.rate)) if training else 1  # raises for rate = 1
        return x * self.mask

    def backward(self, dy):
        return dy


# --- rate-one-divides-by-zero
class Dropout:
    def __init__(self, rate):
        self.rate = rate

    def forward(self, x, draws, training):
        if not training:
            self.mask = None
            return x.copy()
        self.mask = ((draws >= self.rate) / (1 - self.rate)).astype(x.dtype)
        return x * self.mask

    def backward(self, dy):
        return dy.copy() if self.mask is None else dy * self.mask


# --- backward-not-larger
class Dropout:
    def __init__(self, rate):
        self.rate = rate

    def forward(self, x, draws, training):
        self.mask = (draws >= self.rate) if training else 1
        return x * self.mask / (1 - self.rate) if training else x * 1

    def backward(self, dy):
        return dy * self.mask
