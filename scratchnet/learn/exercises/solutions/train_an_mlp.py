"""train-an-mlp: forward, loss, back, and one step downhill."""

import numpy as np


def step(params, x, labels, rate):
    """Take one step and return the loss before it."""
    N, rows = len(x), np.arange(len(x))
    z1 = x @ params["kernel1"] + params["bias1"]  # (N, H)
    h = np.maximum(z1, 0)
    z2 = h @ params["kernel2"] + params["bias2"]  # (N, K)
    shifted = z2 - z2.max(axis=1, keepdims=True)
    e = np.exp(shifted)
    total = e.sum(axis=1, keepdims=True)
    loss = (np.log(total[:, 0]) - shifted[rows, labels]).mean()

    dz2 = e / total
    dz2[rows, labels] -= 1
    dz2 /= N  # (N, K)
    dz1 = (dz2 @ params["kernel2"].T) * (z1 > 0)  # (N, H)
    gradients = {
        "kernel1": x.T @ dz1,
        "bias1": dz1.sum(axis=0),
        "kernel2": h.T @ dz2,
        "bias2": dz2.sum(axis=0),
    }
    for name, gradient in gradients.items():
        params[name] -= rate * gradient
    return loss
