"""MaxPooling2D: of each window, keep the largest number; each channel by itself.

    x (N, H, W, C) → windows (N, OH, OW, KH·KW, C) → y = max over the window (N, OH, OW, C)

Forward, where q runs through the window row by row:

    y[n,oh,ow,c] = max_q windows[n,oh,ow,q,c]                                                                 (1)

Backward. Raise the largest number of a window a little, and the maximum rises by as much: its slope is 1. Raise any
other, and nothing happens: slope 0. So the whole of dy goes to the winner and the others get nothing:

    dwindows[…,q,c] = dy[…,c]   if q is the winner   else   0                                                 (2)

At a tie the maximum has a kink and no derivative; we pay the first of the largest in row-major order, as TensorFlow
does. Where windows overlap, one pixel may win in several of them, and ``col2im`` adds up what it is paid:

    dx[n,h,w,c] = Σ dwindows[n,oh,ow,q,c]   over all (oh,ow,q) that lie on pixel (h,w)                        (3)

'same' padding is filled with -∞, which never wins against a real number.
"""

from __future__ import annotations

import numpy as np

from scratchnet.layers.pooling2d import Pooling2D
from scratchnet.layers.windows import col2im, im2col, place_windows
from scratchnet.typing import Array


class MaxPooling2D(Pooling2D):
    """Max-pooling over channels-last images; the arguments stand in ``pooling2d.py``.

    Shapes: x (N, H, W, C) → y (N, OH, OW, C). No parameters.
    """

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return the largest number of each window, and remember which it was."""
        N, H, W, C = x.shape
        KH, KW = self.pool_size
        self._x_shape = x.shape
        self._windows = place_windows((H, W), self.pool_size, self.strides, self.padding)
        OH, OW = self._windows.count
        windows = im2col(x, self._windows, fill=-np.inf).reshape(N, OH, OW, KH * KW, C)
        self._winner = windows.argmax(axis=3, keepdims=True)  # (N, OH, OW, 1, C): argmax takes the first of equals
        return np.take_along_axis(windows, self._winner, axis=3)[:, :, :, 0]  # (1) (N, OH, OW, C)

    def backward(self, dy: Array) -> Array:
        """Return dx: the winner of each window gets the window's dy."""
        N, OH, OW, C = dy.shape
        KH, KW = self.pool_size
        dwindows = np.zeros((N, OH, OW, KH * KW, C), dy.dtype)
        np.put_along_axis(dwindows, self._winner, dy[:, :, :, None], axis=3)  # (2)
        return col2im(dwindows.reshape(N, OH, OW, KH, KW, C), self._windows, self._x_shape)  # (3) (N, H, W, C)
