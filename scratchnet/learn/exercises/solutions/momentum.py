"""momentum: friction, a push downhill, and a move with what came of it."""


def update(w, g, v, rate, momentum):
    """Return the new w and v."""
    v = momentum * v - rate * g
    return w + v, v
