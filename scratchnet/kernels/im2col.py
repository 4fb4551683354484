"""im2col and col2im (layers/windows.py) for a batch.

1. Numbers are copied in runs of KW*C that are contiguous in image and columns alike, not one by one.
2. Padding costs nothing: one sample at a time goes through a scratch image with the border already in it.
3. Training does not come here: the fused kernels read patches in place and never write a batch's columns, which for
   the notebook's second convolution would be 4.7 MB a step.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from scratchnet.kernels.conv2d import add_to
from scratchnet.kernels.geometry import Geometry, copy_to, crop_image, pad_image, window_geometry
from scratchnet.kernels.runtime import inner, kernel
from scratchnet.typing import Array


@inner
def im2col_sample(padded: Array, g: Geometry, cols: Array) -> None:
    """cols (windows * K,) = the numbers under each window of one padded image."""
    for p in range(g.windows):
        for r in range(g.runs.size):
            start, to = g.places[p] + g.runs[r], p * g.K + r * g.run
            copy_to(cols[to : to + g.run], padded[start : start + g.run])


@inner
def col2im_sample(dcols: Array, g: Geometry, dpadded: Array) -> None:
    """Add each number of dcols (windows * K,) to the pixel of one padded image that it came from."""
    for p in range(g.windows):
        for r in range(g.runs.size):
            to, start = g.places[p] + g.runs[r], p * g.K + r * g.run
            add_to(dpadded[to : to + g.run], dcols[start : start + g.run])


@kernel(parallel=True)
def _im2col(x: Array, g: Geometry, fill: float, cols: Array, samples: int) -> None:
    size = g.windows * g.K
    if not (x.size == samples * g.pixels and cols.size == samples * size):
        raise ValueError("im2col was given arrays whose sizes do not belong together.")
    for n in prange(samples):
        padded = np.full(max(g.padded, g.pixels), fill, x.dtype)
        pad_image(x, n * g.pixels, g, padded)
        im2col_sample(padded, g, cols[n * size : (n + 1) * size])


@kernel(parallel=True)
def _col2im(dcols: Array, g: Geometry, dx: Array, samples: int) -> None:
    size = g.windows * g.K
    if not (dx.size == samples * g.pixels and dcols.size == samples * size):
        raise ValueError("col2im was given arrays whose sizes do not belong together.")
    for n in prange(samples):
        dpadded = np.zeros(max(g.padded, g.pixels), dcols.dtype)
        col2im_sample(dcols[n * size : (n + 1) * size], g, dpadded)
        crop_image(dpadded, g, dx, n * g.pixels)


def im2col(x: Array, size: tuple[int, int], fill: float = 0.0, **how: Any) -> Array:
    """Cut the windows out of a batch of images.

    Args:
        x: images (N, H, W, C), C-contiguous, float32 or float64.
        size: (KH, KW).
        fill: the value of the padding.
        how: `strides`, `padding` and `dilation` as `window_geometry` takes them.

    Returns:
        A new array (N, OH, OW, KH, KW, C): the window at (oh, ow) is ``[:, oh, ow]``.
    """
    N, H, W, C = x.shape
    g = window_geometry((H, W, C), size, **how)
    cols = np.empty((N, g.OH, g.OW, *size, C), x.dtype)
    _im2col(x.reshape(-1), g, fill, cols.reshape(-1), N)
    return cols


def col2im(dcols: Array, x_shape: tuple[int, int, int, int], **how: Any) -> Array:
    """Add the gradients of all windows up, pixel by pixel: the transpose of `im2col`.

    Args:
        dcols: the gradient for what `im2col` returned, (N, OH, OW, KH, KW, C), C-contiguous.
        x_shape: (N, H, W, C).
        how: as for `im2col`.

    Returns:
        The gradient for the images, (N, H, W, C). What fell on the padding is dropped.
    """
    N, H, W, C = x_shape
    g = window_geometry((H, W, C), (dcols.shape[3], dcols.shape[4]), **how)
    dx = np.empty(x_shape, dcols.dtype)
    _col2im(dcols.reshape(-1), g, dx.reshape(-1), N)
    return dx
