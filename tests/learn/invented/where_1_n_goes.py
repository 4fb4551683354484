# --- loss no half but grad with
def loss_and_dkernel(x, kernel, t):
    y = x @ kernel
    N = len(x)
    return ((y - t) ** 2).sum() / N, x.T @ (y - t) / N


# --- loss mean all, grad right
def loss_and_dkernel(x, kernel, t):
    y = x @ kernel
    N = len(x)
    return ((y - t) ** 2).mean() / 2, x.T @ (y - t) / N


# --- abs
def loss_and_dkernel(x, kernel, t):
    y = x @ kernel
    N = len(x)
    return abs(y - t).sum() / N, x.T @ (y - t) / N


# --- N=x.shape[1]
def loss_and_dkernel(x, kernel, t):
    y = x @ kernel
    N = x.shape[1]
    return ((y - t) ** 2).sum() / 2 / N, x.T @ (y - t) / N


# --- x transposed
def loss_and_dkernel(x, kernel, t):
    y = x @ kernel
    N = len(x)
    return ((y - t) ** 2).sum() / 2 / N, ((y - t).T @ x) / N
