"""momentum: a step with memory.

Plain gradient descent steps down the slope, w ← w - rate·g. In a narrow valley it zigzags between the walls. With
momentum the parameters are like a ball: they have a velocity v, which a gradient changes little by little. What points
to and fro cancels, what points the same way again and again adds up.

    w, g, v of one shape: parameters, gradient, velocity;   rate and momentum are numbers

    v ← momentum·v - …            (yours: friction, and a push downhill)
    w ← w + …                     (with the velocity before or after the push?)

Conventions differ, in PyTorch the rate comes in at the end. Here it is Keras's: the rate multiplies g on its way
into v. Return new arrays, and leave w, g and v as they are.

To check by hand: w = 1, g = 2, v = 0.5, rate = 0.1, momentum = 0.9 give v = 0.45 - 0.2 = 0.25 and w = 1.25.
"""


def update(w, g, v, rate, momentum):
    """Return the new w and the new v, arrays of w's shape."""
    v = ...
    w = ...
    return w, v
