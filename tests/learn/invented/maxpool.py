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
