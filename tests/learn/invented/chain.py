# --- db=b*dz
def backward(w, b, x, t):
    z = w * x + b
    y = z**2
    dy = y - t
    dz = dy * 2 * z
    return dz * x, dz * b


# --- half L grad: 2*(y-t)
def backward(w, b, x, t):
    z = w * x + b
    y = z**2
    dy = 2 * (y - t)
    dz = dy * 2 * z
    return dz * x, dz


# --- 2 mistakes sign + x
def backward(w, b, x, t):
    z = w * x + b
    y = z**2
    dy = t - y
    dz = dy * 2 * z
    return dz * w, dz


# --- hard-coded
def backward(w, b, x, t):
    return 6, 4
