# --- p - onehot /N but loss log10
import numpy as np


def loss_and_dz(z, labels):
    N = len(z)
    r = np.arange(N)
    s = z - z.max(axis=1, keepdims=True)
    e = np.exp(s)
    tot = e.sum(axis=1, keepdims=True)
    y = e / tot
    loss = -np.log10(y[r, labels]).mean()
    dz = y.copy()
    dz[r, labels] -= 1
    return loss, dz / N


# --- log of sum over classes
import numpy as np


def loss_and_dz(z, labels):
    N = len(z)
    r = np.arange(N)
    s = z - z.max(axis=1, keepdims=True)
    e = np.exp(s)
    tot = e.sum(axis=1, keepdims=True)
    y = e / tot
    loss = -np.log(y).mean()
    dz = y.copy()
    dz[r, labels] -= 1
    return loss, dz / N


# --- y + onehot
import numpy as np


def loss_and_dz(z, labels):
    N = len(z)
    r = np.arange(N)
    s = z - z.max(axis=1, keepdims=True)
    e = np.exp(s)
    tot = e.sum(axis=1, keepdims=True)
    y = e / tot
    loss = -np.log(y[r, labels]).mean()
    dz = y.copy()
    dz[r, labels] += 1
    return loss, dz / N


# --- mse
import numpy as np


def loss_and_dz(z, labels):
    N = len(z)
    r = np.arange(N)
    s = z - z.max(axis=1, keepdims=True)
    e = np.exp(s)
    tot = e.sum(axis=1, keepdims=True)
    y = e / tot
    t = np.eye(z.shape[1])[labels]
    loss = ((y - t) ** 2).sum() / N
    return loss, (y - t) / N


# --- epsilon
import numpy as np


def loss_and_dz(z, labels):
    N = len(z)
    r = np.arange(N)
    s = z - z.max(axis=1, keepdims=True)
    e = np.exp(s)
    tot = e.sum(axis=1, keepdims=True)
    y = e / tot
    loss = -np.log(y[r, labels] + 1e-7).mean()
    dz = y.copy()
    dz[r, labels] -= 1
    return loss, dz / N


# --- through softmax jac twice
import numpy as np


def loss_and_dz(z, labels):
    N = len(z)
    r = np.arange(N)
    s = z - z.max(axis=1, keepdims=True)
    e = np.exp(s)
    tot = e.sum(axis=1, keepdims=True)
    y = e / tot
    loss = -np.log(y[r, labels]).mean()
    d = y.copy()
    d[r, labels] -= 1
    dz = y * (d - (d * y).sum(1, keepdims=True))
    return loss, dz / N
