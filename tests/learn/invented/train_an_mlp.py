# --- gate z2
import numpy as np


def step(params, x, labels, rate):
    N = len(x)
    r = np.arange(N)
    z1 = x @ params["kernel1"] + params["bias1"]
    h = np.maximum(z1, 0)
    z2 = h @ params["kernel2"] + params["bias2"]
    s = z2 - z2.max(1, keepdims=True)
    e = np.exp(s)
    tot = e.sum(1, keepdims=True)
    loss = (np.log(tot[:, 0]) - s[r, labels]).mean()
    dz2 = e / tot
    dz2[r, labels] -= 1
    dz2 /= N
    dh = dz2 @ params["kernel2"].T
    dz1 = dh * (dh > 0)
    for k, g in dict(kernel1=x.T @ dz1, bias1=dz1.sum(0), kernel2=h.T @ dz2, bias2=dz2.sum(0)).items():
        params[k] -= rate * g
    return loss


# --- bias mean
import numpy as np


def step(params, x, labels, rate):
    N = len(x)
    r = np.arange(N)
    z1 = x @ params["kernel1"] + params["bias1"]
    h = np.maximum(z1, 0)
    z2 = h @ params["kernel2"] + params["bias2"]
    s = z2 - z2.max(1, keepdims=True)
    e = np.exp(s)
    tot = e.sum(1, keepdims=True)
    loss = (np.log(tot[:, 0]) - s[r, labels]).mean()
    dz2 = e / tot
    dz2[r, labels] -= 1
    dz2 /= N
    dz1 = (dz2 @ params["kernel2"].T) * (z1 > 0)
    for k, g in dict(kernel1=x.T @ dz1, bias1=dz1.mean(0), kernel2=h.T @ dz2, bias2=dz2.mean(0)).items():
        params[k] -= rate * g
    return loss


# --- h for x
import numpy as np


def step(params, x, labels, rate):
    N = len(x)
    r = np.arange(N)
    z1 = x @ params["kernel1"] + params["bias1"]
    h = np.maximum(z1, 0)
    z2 = h @ params["kernel2"] + params["bias2"]
    s = z2 - z2.max(1, keepdims=True)
    e = np.exp(s)
    tot = e.sum(1, keepdims=True)
    loss = (np.log(tot[:, 0]) - s[r, labels]).mean()
    dz2 = e / tot
    dz2[r, labels] -= 1
    dz2 /= N
    dz1 = (dz2 @ params["kernel2"].T) * (z1 > 0)
    for k, g in dict(kernel1=x.T @ dz1, bias1=dz1.sum(0), kernel2=z1.T @ dz2, bias2=dz2.sum(0)).items():
        params[k] -= rate * g
    return loss


# --- rate ignored
import numpy as np


def step(params, x, labels, rate):
    N = len(x)
    r = np.arange(N)
    z1 = x @ params["kernel1"] + params["bias1"]
    h = np.maximum(z1, 0)
    z2 = h @ params["kernel2"] + params["bias2"]
    s = z2 - z2.max(1, keepdims=True)
    e = np.exp(s)
    tot = e.sum(1, keepdims=True)
    loss = (np.log(tot[:, 0]) - s[r, labels]).mean()
    dz2 = e / tot
    dz2[r, labels] -= 1
    dz2 /= N
    dz1 = (dz2 @ params["kernel2"].T) * (z1 > 0)
    for k, g in dict(kernel1=x.T @ dz1, bias1=dz1.sum(0), kernel2=h.T @ dz2, bias2=dz2.sum(0)).items():
        params[k] -= 0.1 * g
    return loss


# --- no return
import numpy as np


def step(params, x, labels, rate):
    N = len(x)
    r = np.arange(N)
    z1 = x @ params["kernel1"] + params["bias1"]
    h = np.maximum(z1, 0)
    z2 = h @ params["kernel2"] + params["bias2"]
    s = z2 - z2.max(1, keepdims=True)
    e = np.exp(s)
    tot = e.sum(1, keepdims=True)
    loss = (np.log(tot[:, 0]) - s[r, labels]).mean()
    dz2 = e / tot
    dz2[r, labels] -= 1
    dz2 /= N
    dz1 = (dz2 @ params["kernel2"].T) * (z1 > 0)
    for k, g in dict(kernel1=x.T @ dz1, bias1=dz1.sum(0), kernel2=h.T @ dz2, bias2=dz2.sum(0)).items():
        params[k] -= rate * g
