"""fan-out: two ways, added up."""


def backward(x, a):
    """Return dx (D,)."""
    p = a * x
    q = x**2
    dp, dq = q, p
    return dp * a + dq * 2 * x
