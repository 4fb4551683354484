# --- divided at the end, in one place
def loss_and_dkernel(x, kernel, t):
    difference = x @ kernel - t
    return (difference**2).sum(axis=1).mean() / 2, x.T @ difference / len(x)


# --- sample by sample
import numpy as np


def loss_and_dkernel(x, kernel, t):
    loss, dkernel, N = 0.0, np.zeros_like(kernel), len(x)
    for n in range(N):
        e = x[n] @ kernel - t[n]
        loss += 0.5 * (e @ e) / N
        dkernel += np.outer(x[n], e) / N
    return loss, dkernel


# --- the square multiplied out
def loss_and_dkernel(x, kernel, t):
    N = x.shape[0]
    gram, cross = x.T @ x, x.T @ t
    loss = ((kernel * (gram @ kernel)).sum() - 2 * (kernel * cross).sum() + (t * t).sum()) / (2 * N)
    return loss, (gram @ kernel - cross) / N
