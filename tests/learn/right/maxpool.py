# --- window by window
import numpy as np


def backward(dy, x):
    dx = np.zeros_like(x)
    for n, oh, ow, c in np.ndindex(dy.shape):
        window = x[n, 2 * oh : 2 * oh + 2, 2 * ow : 2 * ow + 2, c]
        i, j = divmod(int(window.argmax()), 2)
        dx[n, 2 * oh + i, 2 * ow + j, c] = dy[n, oh, ow, c]
    return dx


# --- four pieces, and who has not been paid yet
import numpy as np


def backward(dy, x):
    N, OH, OW, C = dy.shape
    pieces = [np.s_[:, i : 2 * OH : 2, j : 2 * OW : 2] for i in (0, 1) for j in (0, 1)]
    top = np.maximum.reduce([x[piece] for piece in pieces])
    dx, unpaid = np.zeros_like(x), np.ones(dy.shape, bool)
    for piece in pieces:
        winner = unpaid & (x[piece] == top)
        dx[piece] = np.where(winner, dy, 0)
        unpaid &= ~winner
    return dx


# --- put_along_axis
import numpy as np


def backward(dy, x):
    N, OH, OW, C = dy.shape
    tiles = x[:, : 2 * OH, : 2 * OW].reshape(N, OH, 2, OW, 2, C).swapaxes(2, 3).reshape(N, OH, OW, 4, C)
    paid = np.zeros_like(tiles)
    np.put_along_axis(paid, tiles.argmax(axis=3)[:, :, :, None], dy[:, :, :, None], axis=3)
    dx = np.zeros_like(x)
    dx[:, : 2 * OH, : 2 * OW] = paid.reshape(N, OH, OW, 2, 2, C).swapaxes(2, 3).reshape(N, 2 * OH, 2 * OW, C)
    return dx
