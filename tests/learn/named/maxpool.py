# --- top-left
import numpy as np


def backward(dy, x):
    N, OH, OW, C = dy.shape
    dx = np.zeros_like(x)
    dx[:, : 2 * OH : 2, : 2 * OW : 2] = dy
    return dx


# --- one-winner-for-all-channels
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


# --- windows-overlap
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


# --- pays-everyone
import numpy as np


def backward(dy, x):
    dx = np.zeros(x.shape, x.dtype)
    H, W = dy.shape[1:3]
    for i in range(2):
        for j in range(2):
            dx[:, i : 2 * H : 2, j : 2 * W : 2] = dy
    return dx


# --- mean-for-max
import numpy as np


def backward(dy, x):
    dx = np.zeros(x.shape, x.dtype)
    H, W = dy.shape[1:3]
    for i in range(2):
        for j in range(2):
            dx[:, i : 2 * H : 2, j : 2 * W : 2] = dy / 4
    return dx


# --- pays-every-tie
import numpy as np


def backward(dy, x):
    N, H, W, C = x.shape
    dx = np.zeros(x.shape, x.dtype)
    for n in range(N):
        for h in range(H // 2):
            for w in range(W // 2):
                for c in range(C):
                    p = x[n, 2 * h : 2 * h + 2, 2 * w : 2 * w + 2, c]
                    dx[n, 2 * h : 2 * h + 2, 2 * w : 2 * w + 2, c] = dy[n, h, w, c] * (p == p.max())
    return dx


# --- row-and-column-exchanged
import numpy as np


def backward(dy, x):
    N, H, W, C = x.shape
    dx = np.zeros(x.shape, x.dtype)
    for n in range(N):
        for h in range(H // 2):
            for w in range(W // 2):
                for c in range(C):
                    p = x[n, 2 * h : 2 * h + 2, 2 * w : 2 * w + 2, c]
                    k = p.argmax()
                    dx[n, 2 * h + k % 2, 2 * w + k // 2, c] = dy[n, h, w, c]
    return dx


# --- negative-windows-forgotten
import numpy as np


def backward(dy, x):
    N, H, W, C = x.shape
    dx = np.zeros(x.shape, x.dtype)
    for n in range(N):
        for h in range(H // 2):
            for w in range(W // 2):
                for c in range(C):
                    best = 0
                    at = None
                    for i in range(2):
                        for j in range(2):
                            if x[n, 2 * h + i, 2 * w + j, c] > best:
                                best = x[n, 2 * h + i, 2 * w + j, c]
                                at = (i, j)
                    if at:
                        dx[n, 2 * h + at[0], 2 * w + at[1], c] = dy[n, h, w, c]
    return dx


# --- last-of-ties
import numpy as np


def backward(dy, x):
    N, H, W, C = x.shape
    dx = np.zeros(x.shape, x.dtype)
    for n in range(N):
        for h in range(H // 2):
            for w in range(W // 2):
                for c in range(C):
                    best = -1e9
                    at = None
                    for i in range(2):
                        for j in range(2):
                            if x[n, 2 * h + i, 2 * w + j, c] >= best:
                                best = x[n, 2 * h + i, 2 * w + j, c]
                                at = (i, j)
                    if at:
                        dx[n, 2 * h + at[0], 2 * w + at[1], c] = dy[n, h, w, c]
    return dx


# --- one-for-dy
import numpy as np


def backward(dy, x):
    N, H, W, C = x.shape
    dx = np.zeros(x.shape, x.dtype)
    for n in range(N):
        for h in range(H // 2):
            for w in range(W // 2):
                for c in range(C):
                    p = x[n, 2 * h : 2 * h + 2, 2 * w : 2 * w + 2, c]
                    k = p.argmax()
                    dx[n, 2 * h + k // 2, 2 * w + k % 2, c] = 1
    return dx


# --- times-the-winner
import numpy as np


def backward(dy, x):
    N, H, W, C = x.shape
    dx = np.zeros(x.shape, x.dtype)
    for n in range(N):
        for h in range(H // 2):
            for w in range(W // 2):
                for c in range(C):
                    p = x[n, 2 * h : 2 * h + 2, 2 * w : 2 * w + 2, c]
                    k = p.argmax()
                    dx[n, 2 * h + k // 2, 2 * w + k % 2, c] = p.max() * dy[n, h, w, c]
    return dx


# --- smallest-wins
import numpy as np


def backward(dy, x):
    N, H, W, C = x.shape
    dx = np.zeros(x.shape, x.dtype)
    for n in range(N):
        for h in range(H // 2):
            for w in range(W // 2):
                for c in range(C):
                    p = x[n, 2 * h : 2 * h + 2, 2 * w : 2 * w + 2, c]
                    k = p.argmin()
                    dx[n, 2 * h + k // 2, 2 * w + k % 2, c] = dy[n, h, w, c]
    return dx
