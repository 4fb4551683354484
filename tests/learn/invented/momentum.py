# --- ema
def update(w, g, v, rate, momentum):
    v = momentum * v + (1 - momentum) * g
    return w - rate * v, v


# --- v returned old
def update(w, g, v, rate, momentum):
    n = momentum * v - rate * g
    return w + n, v


# --- plus v
def update(w, g, v, rate, momentum):
    v = momentum * v - rate * g
    return w - v, v


# --- swap
def update(w, g, v, rate, momentum):
    v = momentum * v - rate * g
    return v, w + v


# --- momentum^2 w
def update(w, g, v, rate, momentum):
    v = momentum * v - rate * g
    return w + momentum * v, v


# --- in place w
def update(w, g, v, rate, momentum):
    v = momentum * v - rate * g
    w += v
    return w, v
