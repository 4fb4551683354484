# --- y-for-z
def backward(w, b, x, t):
    z = w * x + b
    y = z**2
    dy = y - t
    dz = dy * 2 * y
    return dz * x, dz


# --- db-without-the-square
def backward(w, b, x, t):
    z = w * x + b
    y = z**2
    dy = y - t
    dz = dy * 2 * z
    return dz * x, dy


# --- exchanged
def backward(w, b, x, t):
    z = w * x + b
    y = z**2
    dy = y - t
    dz = dy * 2 * z
    return dz, dz * x


# --- sign-turned
def backward(w, b, x, t):
    z = w * x + b
    y = z**2
    dy = t - y
    dz = dy * 2 * z
    return dz * x, dz


# --- w-for-x
def backward(w, b, x, t):
    z = w * x + b
    y = z**2
    dy = y - t
    dz = dy * 2 * z
    return dz * w, dz


# --- two-forgotten
def backward(w, b, x, t):
    z = w * x + b
    y = z**2
    dy = y - t
    dz = dy * z
    return dz * x, dz


# --- square-forgotten
def backward(w, b, x, t):
    z = w * x + b
    y = z**2
    dy = y - t
    print("dy", dy)
    return dy * x, dy
