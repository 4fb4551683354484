"""adam: a step of about the same length in every direction.

Adam keeps two running means for each parameter, of its gradient and of the gradient's square:

    m ← β₁·m + (1 - β₁)·g          v ← β₂·v + (1 - β₂)·g²           w, g, m, v of one shape

and moves by m/√v: where gradients are large, it divides by something large. But m and v begin at 0, so at first they
are too small. After t steps (the first has t = 1), with a constant g, m would be (1 - β₁ᵗ) g and v (1 - β₂ᵗ) g². So m
has to be divided by …, and v by …, which then stands under the root. (Yours.) Both factors are put into one number:

    step = rate · … / …            w ← w - step · m / (√v + ε)

ε keeps the quotient from 0/0. Here, as in Keras, it is added to √v as it is ("ε hat"), after the root.
Return new arrays, and leave w, g, m and v as they are.

To check by hand: w = 1, g = 2, m = v = 0, t = 1, rate = 0.1, β₁ = 0.9, β₂ = 0.99, ε = 0 give m = 0.2, v = 0.04,
step = 0.1·0.1/0.1 = 0.1 and w = 1 - 0.1·0.2/0.2 = 0.9.
"""

import numpy as np


def update(w, g, m, v, t, rate, beta_1, beta_2, epsilon):
    """Return the new w, m and v, arrays of w's shape; t is 1, 2, 3, …, the number of this step."""
    m = ...
    v = ...
    w = ...
    return w, m, v
