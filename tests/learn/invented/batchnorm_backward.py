# --- mean over axis 1
def backward(dy, x_hat, sigma, gamma):
    M = dy.shape[1]
    b = dy.sum(0)
    g = (dy * x_hat).sum(0)
    return gamma / sigma * (dy - b / M - x_hat * g / M), g, b


# --- half
def backward(dy, x_hat, sigma, gamma):
    M = len(dy)
    b = dy.sum(0)
    g = (dy * x_hat).sum(0)
    return gamma / sigma * (dy - b / M - 0.5 * x_hat * g / M), g, b


# --- dgamma without xhat
def backward(dy, x_hat, sigma, gamma):
    M = len(dy)
    b = dy.sum(0)
    g = (dy * x_hat).sum(0)
    return gamma / sigma * (dy - b / M - x_hat * g / M), dy.sum(0), b
