# --- one-taken-from-every-row
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
    dz[:, labels] -= 1
    return loss, dz / N


# --- loss-a-sum
import numpy as np


def loss_and_dz(z, labels):
    N = len(z)
    r = np.arange(N)
    s = z - z.max(axis=1, keepdims=True)
    e = np.exp(s)
    tot = e.sum(axis=1, keepdims=True)
    y = e / tot
    loss = -np.log(y[r, labels]).sum()
    dz = y.copy()
    dz[r, labels] -= 1
    return loss, dz
