"""dropout: random, and yet the same mask on the way back.

In training, each number is dropped (set to 0) with probability `rate`, so that no unit can rely on another one. To
keep the mean as it is, what stays is made larger. At inference nothing happens: y = x.

    x, y, dy, dx of one shape;   draws of that shape, random numbers from 0 to 1 that are handed in

    mask[i] = 0 if draws[i] < rate, else …           so that the mean of x[i] mask[i] is x[i]       (yours)
    y[i] = x[i] mask[i]

For x the mask is a constant. So backward is …, with the mask that forward used; forward has to keep it. The same layer
may see a batch in training, and then one at inference: backward belongs to the last forward. And with rate = 1
everything is 0, and nothing is divided by zero.

To check by hand: rate = 0.5, draws = [0.1, 0.6, 0.5, 0.9], x = [1, 2, 3, 4] give y = [0, 4, 6, 8], and
dy = [1, 1, 1, 1] gives dx = [0, 2, 2, 2].
"""


class Dropout:
    """x → x·mask in training, x at inference; all of one shape."""

    def __init__(self, rate):
        self.rate = rate

    def forward(self, x, draws, training):
        """Return y, and keep in `self` what backward needs."""
        return ...

    def backward(self, dy):
        """Return dx for the last forward."""
        return ...
