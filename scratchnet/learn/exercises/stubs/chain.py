"""chain: one weight, and how the loss feels it.

A network is a chain of simple steps. Here it has one input x, one weight w, one bias b, and a target t:

    z = w·x + b      y = z²      L = ½(y - t)²          all of them single numbers

To lower the loss L we ask: if w moves a little, how much does L move? That is the slope ∂L/∂w, "dw" for short.
Each step has a slope that is easy. If y moves 3 times as much as z, and L moves 2 times as much as y, then L moves
6 times as much as z: along a chain, slopes are multiplied. So walk back from the loss:

    dy = ∂L/∂y = y - t
    dz = dy · ∂y/∂z = …           (yours, and on to dw and db)

A number to check by hand: w = 2, b = -1, x = 1.5, t = 3 give z = 2, y = 4, L = 0.5, and dw = 6, db = 4.
"""


def backward(w, b, x, t):
    """Return dw and db, the slopes of L with respect to w and b; four numbers in, two numbers out."""
    z = w * x + b
    y = z**2
    dy = y - t
    dw = ...
    db = ...
    return dw, db
