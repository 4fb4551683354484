# --- with means
def backward(dy, x_hat, sigma, gamma):
    dx = dy - dy.mean(axis=0) - x_hat * (dy * x_hat).mean(axis=0)
    return gamma * dx / sigma, (dy * x_hat).sum(axis=0), dy.sum(axis=0)


# --- step by step, through variance and mean
import numpy as np


def backward(dy, x_hat, sigma, gamma):
    M = len(dy)
    dgamma, dbeta = np.einsum("mc,mc->c", dy, x_hat), np.ones(M, dy.dtype) @ dy
    dx_hat = gamma * dy
    dvar = -(dx_hat * x_hat).sum(axis=0) / (2 * sigma**2)
    dmean = -dx_hat.sum(axis=0) / sigma
    return dx_hat / sigma + dvar * 2 * sigma * x_hat / M + dmean / M, dgamma, dbeta


# --- with a projection, channel by channel
import numpy as np


def backward(dy, x_hat, sigma, gamma):
    M, C = dy.shape
    dx = np.empty_like(dy)
    for c in range(C):
        jacobian = np.eye(M, dtype=dy.dtype) - (1 + np.outer(x_hat[:, c], x_hat[:, c])) / dy.dtype.type(M)
        dx[:, c] = gamma[c] / sigma[c] * (jacobian @ dy[:, c])
    return dx, (dy * x_hat).sum(0), dy.sum(0)
