# --- top-left
import numpy as np


def backward(dy, x):
    N, OH, OW, C = dy.shape
    dx = np.zeros_like(x)
    dx[:, : 2 * OH : 2, : 2 * OW : 2] = dy
    return dx


# --- argmax across channels
import numpy as np


def backward(dy, x):
    N, OH, OW, C = dy.shape
    dx = np.zeros_like(x)
    for n in range(N):
        for i in range(OH):
            for j in range(OW):
                w = x[n, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
                k = w.max(axis=2).argmax()
                dx[n, 2 * i + k // 2, 2 * j + k % 2] = dy[n, i, j]
    return dx


# --- column order
import numpy as np


def backward(dy, x):
    N, OH, OW, C = dy.shape
    dx = np.zeros_like(x)
    for n in range(N):
        for i in range(OH):
            for j in range(OW):
                for c in range(C):
                    w = x[n, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2, c]
                    k = w.T.ravel().argmax()
                    dx[n, 2 * i + k % 2, 2 * j + k // 2, c] = dy[n, i, j, c]
    return dx


# --- overlap stride1
import numpy as np


def backward(dy, x):
    N, OH, OW, C = dy.shape
    dx = np.zeros_like(x)
    for n in range(N):
        for i in range(OH):
            for j in range(OW):
                for c in range(C):
                    w = x[n, i : i + 2, j : j + 2, c]
                    k = w.argmax()
                    dx[n, i + k // 2, j + k % 2, c] += dy[n, i, j, c]
    return dx
