"""chain: back from the loss, link by link."""


def backward(w, b, x, t):
    """Return dw and db."""
    z = w * x + b
    y = z**2
    dy = y - t
    dz = dy * 2 * z  # y = z²
    dw = dz * x  # z = w·x + b
    db = dz
    return dw, db
