# --- forgot col2im
"""conv2d-backward: Dense for every window, and col2im behind it."""

import numpy as np


def im2col(x, KH, KW):
    """Return all windows: x (N, H, W, C) → (N, OH, OW, KH, KW, C)."""
    windows = np.lib.stride_tricks.sliding_window_view(x, (KH, KW), axis=(1, 2))
    return windows.transpose(0, 1, 2, 4, 5, 3).copy()


def col2im(dcols, H, W):
    """Return the gradient for the images: dcols (N, OH, OW, KH, KW, C) → (N, H, W, C)."""
    N, OH, OW, KH, KW, C = dcols.shape
    dx = np.zeros((N, H, W, C), dcols.dtype)
    for i in range(KH):
        for j in range(KW):
            dx[:, i : i + OH, j : j + OW] += dcols[:, :, :, i, j]
    return dx


def backward(x, kernel, dz):
    """Return dx (N, H, W, C), dkernel (KH, KW, C, F) and dbias (F,)."""
    KH, KW, C, F = kernel.shape
    windows = im2col(x, KH, KW)  # (N, OH, OW, KH, KW, C)
    cols = windows.reshape(-1, KH * KW * C)  # (N·OH·OW, KH·KW·C)
    rows = dz.reshape(-1, F)  # (N·OH·OW, F)
    dkernel = (cols.T @ rows).reshape(kernel.shape)
    dbias = rows.sum(axis=0)
    dcols = rows @ kernel.reshape(-1, F).T  # (N·OH·OW, KH·KW·C)
    return dcols.reshape(windows.shape).sum((3, 4)), dkernel, dbias


# --- dkernel not reshaped
"""conv2d-backward: Dense for every window, and col2im behind it."""

import numpy as np


def im2col(x, KH, KW):
    """Return all windows: x (N, H, W, C) → (N, OH, OW, KH, KW, C)."""
    windows = np.lib.stride_tricks.sliding_window_view(x, (KH, KW), axis=(1, 2))
    return windows.transpose(0, 1, 2, 4, 5, 3).copy()


def col2im(dcols, H, W):
    """Return the gradient for the images: dcols (N, OH, OW, KH, KW, C) → (N, H, W, C)."""
    N, OH, OW, KH, KW, C = dcols.shape
    dx = np.zeros((N, H, W, C), dcols.dtype)
    for i in range(KH):
        for j in range(KW):
            dx[:, i : i + OH, j : j + OW] += dcols[:, :, :, i, j]
    return dx


def backward(x, kernel, dz):
    """Return dx (N, H, W, C), dkernel (KH, KW, C, F) and dbias (F,)."""
    KH, KW, C, F = kernel.shape
    windows = im2col(x, KH, KW)  # (N, OH, OW, KH, KW, C)
    cols = windows.reshape(-1, KH * KW * C)  # (N·OH·OW, KH·KW·C)
    rows = dz.reshape(-1, F)  # (N·OH·OW, F)
    dkernel = cols.T @ rows
    dbias = rows.sum(axis=0)
    dcols = rows @ kernel.reshape(-1, F).T  # (N·OH·OW, KH·KW·C)
    return col2im(dcols.reshape(windows.shape), *x.shape[1:3]), dkernel, dbias


# --- kernel reshape wrong order
"""conv2d-backward: Dense for every window, and col2im behind it."""

import numpy as np


def im2col(x, KH, KW):
    """Return all windows: x (N, H, W, C) → (N, OH, OW, KH, KW, C)."""
    windows = np.lib.stride_tricks.sliding_window_view(x, (KH, KW), axis=(1, 2))
    return windows.transpose(0, 1, 2, 4, 5, 3).copy()


def col2im(dcols, H, W):
    """Return the gradient for the images: dcols (N, OH, OW, KH, KW, C) → (N, H, W, C)."""
    N, OH, OW, KH, KW, C = dcols.shape
    dx = np.zeros((N, H, W, C), dcols.dtype)
    for i in range(KH):
        for j in range(KW):
            dx[:, i : i + OH, j : j + OW] += dcols[:, :, :, i, j]
    return dx


def backward(x, kernel, dz):
    """Return dx (N, H, W, C), dkernel (KH, KW, C, F) and dbias (F,)."""
    KH, KW, C, F = kernel.shape
    windows = im2col(x, KH, KW)  # (N, OH, OW, KH, KW, C)
    cols = windows.reshape(-1, KH * KW * C)  # (N·OH·OW, KH·KW·C)
    rows = dz.reshape(-1, F)  # (N·OH·OW, F)
    dkernel = (cols.T @ rows).reshape(kernel.shape)
    dbias = rows.sum(axis=0)
    dcols = rows @ kernel.reshape(F, -1)  # (N·OH·OW, KH·KW·C)
    return col2im(dcols.reshape(windows.shape), *x.shape[1:3]), dkernel, dbias


# --- order returned
"""conv2d-backward: Dense for every window, and col2im behind it."""

import numpy as np


def im2col(x, KH, KW):
    """Return all windows: x (N, H, W, C) → (N, OH, OW, KH, KW, C)."""
    windows = np.lib.stride_tricks.sliding_window_view(x, (KH, KW), axis=(1, 2))
    return windows.transpose(0, 1, 2, 4, 5, 3).copy()


def col2im(dcols, H, W):
    """Return the gradient for the images: dcols (N, OH, OW, KH, KW, C) → (N, H, W, C)."""
    N, OH, OW, KH, KW, C = dcols.shape
    dx = np.zeros((N, H, W, C), dcols.dtype)
    for i in range(KH):
        for j in range(KW):
            dx[:, i : i + OH, j : j + OW] += dcols[:, :, :, i, j]
    return dx


def backward(x, kernel, dz):
    """Return dx (N, H, W, C), dkernel (KH, KW, C, F) and dbias (F,)."""
    KH, KW, C, F = kernel.shape
    windows = im2col(x, KH, KW)  # (N, OH, OW, KH, KW, C)
    cols = windows.reshape(-1, KH * KW * C)  # (N·OH·OW, KH·KW·C)
    rows = dz.reshape(-1, F)  # (N·OH·OW, F)
    dkernel = (cols.T @ rows).reshape(kernel.shape)
    dbias = rows.sum(axis=0)
    dcols = rows @ kernel.reshape(-1, F).T  # (N·OH·OW, KH·KW·C)
    return dkernel, dbias, col2im(dcols.reshape(windows.shape), *x.shape[1:3])


# --- dbias mean dkernel neg
"""conv2d-backward: Dense for every window, and col2im behind it."""

import numpy as np


def im2col(x, KH, KW):
    """Return all windows: x (N, H, W, C) → (N, OH, OW, KH, KW, C)."""
    windows = np.lib.stride_tricks.sliding_window_view(x, (KH, KW), axis=(1, 2))
    return windows.transpose(0, 1, 2, 4, 5, 3).copy()


def col2im(dcols, H, W):
    """Return the gradient for the images: dcols (N, OH, OW, KH, KW, C) → (N, H, W, C)."""
    N, OH, OW, KH, KW, C = dcols.shape
    dx = np.zeros((N, H, W, C), dcols.dtype)
    for i in range(KH):
        for j in range(KW):
            dx[:, i : i + OH, j : j + OW] += dcols[:, :, :, i, j]
    return dx


def backward(x, kernel, dz):
    """Return dx (N, H, W, C), dkernel (KH, KW, C, F) and dbias (F,)."""
    KH, KW, C, F = kernel.shape
    windows = im2col(x, KH, KW)  # (N, OH, OW, KH, KW, C)
    cols = windows.reshape(-1, KH * KW * C)  # (N·OH·OW, KH·KW·C)
    rows = dz.reshape(-1, F)  # (N·OH·OW, F)
    dkernel = -(cols.T @ rows).reshape(kernel.shape)
    dbias = rows.mean(axis=0)
    dcols = rows @ kernel.reshape(-1, F).T  # (N·OH·OW, KH·KW·C)
    return col2im(dcols.reshape(windows.shape), *x.shape[1:3]), dkernel, dbias


# --- dbias over N only sum
"""conv2d-backward: Dense for every window, and col2im behind it."""

import numpy as np


def im2col(x, KH, KW):
    """Return all windows: x (N, H, W, C) → (N, OH, OW, KH, KW, C)."""
    windows = np.lib.stride_tricks.sliding_window_view(x, (KH, KW), axis=(1, 2))
    return windows.transpose(0, 1, 2, 4, 5, 3).copy()


def col2im(dcols, H, W):
    """Return the gradient for the images: dcols (N, OH, OW, KH, KW, C) → (N, H, W, C)."""
    N, OH, OW, KH, KW, C = dcols.shape
    dx = np.zeros((N, H, W, C), dcols.dtype)
    for i in range(KH):
        for j in range(KW):
            dx[:, i : i + OH, j : j + OW] += dcols[:, :, :, i, j]
    return dx


def backward(x, kernel, dz):
    """Return dx (N, H, W, C), dkernel (KH, KW, C, F) and dbias (F,)."""
    KH, KW, C, F = kernel.shape
    windows = im2col(x, KH, KW)  # (N, OH, OW, KH, KW, C)
    cols = windows.reshape(-1, KH * KW * C)  # (N·OH·OW, KH·KW·C)
    rows = dz.reshape(-1, F)  # (N·OH·OW, F)
    dkernel = (cols.T @ rows).reshape(kernel.shape)
    dbias = dz.sum(axis=(1, 2)).mean(axis=0)
    dcols = rows @ kernel.reshape(-1, F).T  # (N·OH·OW, KH·KW·C)
    return col2im(dcols.reshape(windows.shape), *x.shape[1:3]), dkernel, dbias


# --- cols channels first
"""conv2d-backward: Dense for every window, and col2im behind it."""

import numpy as np


def im2col(x, KH, KW):
    """Return all windows: x (N, H, W, C) → (N, OH, OW, KH, KW, C)."""
    windows = np.lib.stride_tricks.sliding_window_view(x, (KH, KW), axis=(1, 2))
    return windows.transpose(0, 1, 2, 4, 5, 3).copy()


def col2im(dcols, H, W):
    """Return the gradient for the images: dcols (N, OH, OW, KH, KW, C) → (N, H, W, C)."""
    N, OH, OW, KH, KW, C = dcols.shape
    dx = np.zeros((N, H, W, C), dcols.dtype)
    for i in range(KH):
        for j in range(KW):
            dx[:, i : i + OH, j : j + OW] += dcols[:, :, :, i, j]
    return dx


def backward(x, kernel, dz):
    """Return dx (N, H, W, C), dkernel (KH, KW, C, F) and dbias (F,)."""
    KH, KW, C, F = kernel.shape
    windows = im2col(x, KH, KW)  # (N, OH, OW, KH, KW, C)
    cols = windows.transpose(0, 1, 2, 5, 3, 4).reshape(-1, KH * KW * C)  # (N·OH·OW, KH·KW·C)
    rows = dz.reshape(-1, F)  # (N·OH·OW, F)
    dkernel = (cols.T @ rows).reshape(kernel.shape)
    dbias = rows.sum(axis=0)
    dcols = rows @ kernel.reshape(-1, F).T  # (N·OH·OW, KH·KW·C)
    return col2im(dcols.reshape(windows.shape), *x.shape[1:3]), dkernel, dbias
