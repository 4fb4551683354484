"""dropout: the mask is kept, for backward to use the same."""

import numpy as np


class Dropout:
    """x → x·mask in training, x at inference."""

    def __init__(self, rate):
        self.rate = rate

    def forward(self, x, draws, training):
        """Return y."""
        if not training:
            self.mask = np.ones_like(x)
        else:
            larger = 1 / (1 - self.rate) if self.rate < 1 else 0
            self.mask = (draws >= self.rate).astype(x.dtype) * larger
        return x * self.mask

    def backward(self, dy):
        """Return dx."""
        return dy * self.mask
