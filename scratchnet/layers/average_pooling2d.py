"""AveragePooling2D: of each window, keep the mean; each channel by itself.

    x (N, H, W, C) → windows (N, OH, OW, KH, KW, C) → y = mean over the window (N, OH, OW, C)

Forward. Of a window at the border of a padded image only some numbers are pixels. The others are no measurements, so
they count neither in the sum (they are 0) nor in what the sum is divided by, as in Keras:

    size[oh,ow] = how many pixels lie under window (oh,ow): KH·KW, and fewer at a padded border              (1)
    y[n,oh,ow,c] = Σ_ij windows[n,oh,ow,i,j,c] / size[oh,ow]                                                  (2)

Backward. Each number of a window enters the mean with slope 1/size, so dy is divided equally among them:

    dwindows[n,oh,ow,i,j,c] = dy[n,oh,ow,c] / size[oh,ow]   for every (i,j)                                   (3)

Where windows overlap, a pixel gets its part from each of them, and ``col2im`` adds the parts up:

    dx[n,h,w,c] = Σ dwindows[n,oh,ow,i,j,c]   over all (oh,ow,i,j) that lie on pixel (h,w)                    (4)

What (3) gives to the padding is lost in (4): nobody is there to take it. Compare MaxPooling2D, where the winner takes
the whole of dy: here everybody learns, a little.
"""

from __future__ import annotations

import numpy as np

from scratchnet.layers.pooling2d import Pooling2D
from scratchnet.layers.windows import col2im, im2col, place_windows
from scratchnet.typing import Array


class AveragePooling2D(Pooling2D):
    """Average-pooling over channels-last images; the arguments stand in ``pooling2d.py``.

    Shapes: x (N, H, W, C) → y (N, OH, OW, C). No parameters.
    """

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return the mean of each window's pixels."""
        _, H, W, _ = x.shape
        self._x_shape = x.shape
        self._windows = place_windows((H, W), self.pool_size, self.strides, self.padding)
        windows = im2col(x, self._windows)  # (N, OH, OW, KH, KW, C)
        self._size = im2col(np.ones((1, H, W, 1), x.dtype), self._windows).sum(axis=(3, 4))  # (1) (1, OH, OW, 1)
        return windows.sum(axis=(3, 4)) / self._size  # (2) (N, OH, OW, C)

    def backward(self, dy: Array) -> Array:
        """Return dx: the pixels of each window share the window's dy equally."""
        N, OH, OW, C = dy.shape
        each = (dy / self._size)[:, :, :, None, None]  # (N, OH, OW, 1, 1, C)
        dwindows = np.broadcast_to(each, (N, OH, OW, *self.pool_size, C))  # (3) (N, OH, OW, KH, KW, C)
        return col2im(dwindows, self._windows, self._x_shape)  # (4) (N, H, W, C)
