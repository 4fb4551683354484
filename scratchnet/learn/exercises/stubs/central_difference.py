"""central-difference: the slope without calculus.

How do you know that a slope you derived is right? Measure it: move x a little to both sides, and see how f moves.

    slope ≈ (f(x + h) - f(x - h)) / 2h

Why both sides? f(x + h) = f + h f' + h²/2 f'' + … and f(x - h) = f - h f' + h²/2 f'' - …: in the difference the terms
with h² cancel, and after the division the error is of order h². To one side only, it is of order h, far worse.

With an array x there is one slope for each entry: move that entry alone, and leave all others as they are.
`f` takes an array of x's shape and returns a number. x may hold whole numbers, and it is not yours to change.

This exercise is the judge of all that follow: your gradients are compared with quotients like these.

To check by hand: f(x) = Σ x³ at x = [1, 2] with h = 0.1. For the first entry (1.1³ - 0.9³) / 0.2 = 3.01, for the
second 12.01. (The true slopes are 3x² = 3 and 12; the error is h².)
"""

import numpy as np


def numerical_gradient(f, x, h):
    """Return the central difference quotient of f for each entry of x: an array of floats with x's shape."""
    gradient = np.zeros(x.shape)
    for place in np.ndindex(x.shape):  # place is an index such as (0,) or (1, 2)
        gradient[place] = ...
    return gradient
