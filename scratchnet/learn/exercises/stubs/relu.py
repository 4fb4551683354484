"""relu: a gate.

    y[i] = max(x[i], 0)                      x and y of any shape, entry by entry

Without something that bends, layers behind each other are one matrix, and learn no more than one layer. ReLU is the
simplest bend: what is positive goes through as it is, what is negative becomes 0.

Its slope is that of two straight lines: 1 where x > 0, and 0 where x < 0. So for the gradient it is a gate, which
forward has set, and which backward uses as it stands:

    dx[i] = dy[i] · slope(x[i])             (yours)

At x = 0 there is a corner, and no slope. A choice has to be made; here, and in Keras, it is 0.
dy is not yours to change: others may need it. Return a new array.

To check by hand: x = [[-1, 2], [3, -4]], dy = [[5, 6], [7, 8]]   →   dx = [[0, 6], [7, 0]]
"""


def backward(dy, x):
    """Return dx: dy and x of one shape → that shape."""
    dx = ...
    return dx
