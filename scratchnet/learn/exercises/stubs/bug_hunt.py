"""bug-hunt: it trains, but it is wrong.

Three networks, each with one planted mistake in its backward pass; forward and loss are right. All three train.
With 2,000 images of clothing, 10 epochs, batches of 50 and a rate of 0.1 they reach, on images they never saw:

                                                     the loss falls      accuracy     without the mistake
    round 1: Dense, ReLU, Dense                        1.40 → 0.52         0.79              0.79
    round 2: the same with another mistake             2.20 → 0.86         0.73              0.80
    round 3: Dense, batch normalization, ReLU, Dense   1.40 → 0.81         0.70              0.81

In round 1 nobody would notice, in the others one would turn at the learning rate. A falling loss proves little: what
proves something is "central-difference". The grader compares each gradient with quotients, back from the loss, and
says which is the first that is wrong. Find the line, and mend it; you write no new function.

Shapes: x (N, D), labels (N,), kernel1 (D, H), bias1, gamma, beta (H,), kernel2 (H, K), bias2 (K,). To check by hand:
with N = 1, a wrong 1/N does not show. With one sample per batch, which of the three mistakes could not be found?
"""

import numpy as np


def softmax(z):
    """Return probabilities (N, K)."""
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def round_1(params, x, labels):
    """Return the loss and the gradients by name."""
    N, rows = len(x), np.arange(len(x))
    z1 = x @ params["kernel1"] + params["bias1"]  # (N, H)
    h = np.maximum(z1, 0)
    y = softmax(h @ params["kernel2"] + params["bias2"])  # (N, K)
    loss = -np.log(y[rows, labels]).mean()

    dz2 = y.copy()
    dz2[rows, labels] -= 1
    dz2 /= N
    dh = dz2 @ params["kernel2"].T  # (N, H)
    dz1 = dh
    gradients = {"kernel2": h.T @ dz2, "bias2": dz2.sum(axis=0)}
    gradients["kernel1"] = x.T @ dz1
    gradients["bias1"] = dz1.sum(axis=0)
    return loss, gradients


def round_2(params, x, labels):
    """Return the loss and the gradients by name."""
    N, rows = len(x), np.arange(len(x))
    z1 = x @ params["kernel1"] + params["bias1"]  # (N, H)
    h = np.maximum(z1, 0)
    y = softmax(h @ params["kernel2"] + params["bias2"])  # (N, K)
    loss = -np.log(y[rows, labels]).mean()

    dz2 = y.copy()
    dz2[rows, labels] -= 1
    dz2 /= N
    dh = dz2 @ params["kernel2"].T  # (N, H)
    dz1 = dh * (z1 > 0)
    gradients = {"kernel2": h.T @ dz2, "bias2": dz2.sum(axis=0)}
    gradients["kernel1"] = x.T @ dz1 / N
    gradients["bias1"] = dz1.sum(axis=0)
    return loss, gradients


def round_3(params, x, labels):
    """Return the loss and the gradients by name."""
    N, rows = len(x), np.arange(len(x))
    z1 = x @ params["kernel1"]  # (N, H)
    sigma = np.sqrt(z1.var(axis=0) + 1e-3)
    x_hat = (z1 - z1.mean(axis=0)) / sigma
    a = params["gamma"] * x_hat + params["beta"]
    h = np.maximum(a, 0)
    y = softmax(h @ params["kernel2"] + params["bias2"])  # (N, K)
    loss = -np.log(y[rows, labels]).mean()

    dz2 = y.copy()
    dz2[rows, labels] -= 1
    dz2 /= N
    da = (dz2 @ params["kernel2"].T) * (a > 0)  # (N, H)
    gradients = {"kernel2": h.T @ dz2, "bias2": dz2.sum(axis=0)}
    gradients["gamma"] = (da * x_hat).sum(axis=0)
    gradients["beta"] = da.sum(axis=0)
    dz1 = params["gamma"] / sigma * da
    gradients["kernel1"] = x.T @ dz1
    return loss, gradients
