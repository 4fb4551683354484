"""fan-out: a number that is used twice.

In a network a number often goes to several places: a pixel is seen by many windows, a unit feeds all units behind it.
Here x goes to two. With vectors x and a of D numbers, all done entry by entry:

    p = a·x (D,)      q = x² (D,)      L = Σ_d p[d] q[d]       a number

If x[d] moves, p[d] moves and q[d] moves, and each of them moves L. What comes back over the two ways is added up:

    dp[d] = ∂L/∂p[d] = q[d]       dq[d] = ∂L/∂q[d] = p[d]
    dx[d] = dp[d] · ∂p[d]/∂x[d] + …                            (yours)

That plus is why backward passes are full of `+=`.

To check by hand: x = [2, -1] and a = [3, 1] give p = [6, -1], q = [4, 1], L = 23, and dx = [36, 3].
"""


def backward(x, a):
    """Return dx, the slope of L with respect to x: x (D,), a (D,) → (D,)."""
    p = a * x
    q = x**2
    dp, dq = q, p
    dx = ...
    return dx
