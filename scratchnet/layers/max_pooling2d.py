"""MaxPooling2D: of each window, keep the largest number; each channel by itself.

    x (N, H, W, C) → windows (N, OH, OW, KH·KW, C) → y = max over the window (N, OH, OW, C)

Forward:  y[n,oh,ow,c] = max_q windows[n,oh,ow,q,c], where q runs through the window row by row.

Backward. Raise the largest number of a window a little, and the maximum rises by as much: its slope is 1. Raise any
other, and nothing happens: slope 0. So the whole of dy goes to the winner and the others get nothing:

    dwindows[…,q,c] = dy[…,c]   if q is the winner   else   0

At a tie the maximum has a kink and no derivative; we pay the first of the largest in row-major order, as TensorFlow
does. Where windows overlap, one pixel may win in several of them, and ``col2im`` adds up what it is paid.

'same' padding is filled with -∞, which never wins against a real number.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.layers.layer import Layer
from scratchnet.layers.windows import check_padding, col2im, im2col, image_size, pair, place_windows
from scratchnet.typing import Array, Shape


class MaxPooling2D(Layer):
    """Max-pooling over channels-last images.

    Args:
        pool_size: the window, one number or (down, across), in pixels.
        strides: from one window to the next; ``pool_size`` if not given.
        padding: ``"valid"``, only whole windows; or ``"same"``, padded so that OH = ⌈H / stride⌉.

    Shapes: x (N, H, W, C) → y (N, OH, OW, C). No parameters.

    Raises:
        ValueError: if an argument makes no sense, the input is not (N, H, W, C), or the window is larger than it.
    """

    def __init__(
        self,
        pool_size: int | tuple[int, int] = (2, 2),
        strides: int | tuple[int, int] | None = None,
        padding: str = "valid",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.pool_size = pair("pool_size", pool_size, "MaxPooling2D")
        self.strides = self.pool_size if strides is None else pair("strides", strides, "MaxPooling2D")
        self.padding = check_padding(padding)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return (None, OH, OW, C)."""
        if len(input_shape) != 4:
            raise self.refuse("images of shape (N, H, W, C)", input_shape)
        OH, OW = place_windows(image_size(input_shape), self.pool_size, self.strides, self.padding).count
        if OH < 1 or OW < 1:
            raise self.refuse(
                f"an image no smaller than its window {self.pool_size}", input_shape, 'use padding="same"'
            )
        return (input_shape[0], OH, OW, input_shape[3])

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return the largest number of each window, and remember which it was."""
        N, H, W, C = x.shape
        KH, KW = self.pool_size
        self._x_shape = x.shape
        self._windows = place_windows((H, W), self.pool_size, self.strides, self.padding)
        OH, OW = self._windows.count
        windows = im2col(x, self._windows, fill=-np.inf).reshape(N, OH, OW, KH * KW, C)
        self._winner = windows.argmax(axis=3, keepdims=True)  # (N, OH, OW, 1, C): argmax takes the first of equals
        return np.take_along_axis(windows, self._winner, axis=3)[:, :, :, 0]  # (N, OH, OW, C)

    def backward(self, dy: Array) -> Array:
        """Return dx: the winner of each window gets the window's dy."""
        N, OH, OW, C = dy.shape
        KH, KW = self.pool_size
        dwindows = np.zeros((N, OH, OW, KH * KW, C), dy.dtype)
        np.put_along_axis(dwindows, self._winner, dy[:, :, :, None], axis=3)
        return col2im(dwindows.reshape(N, OH, OW, KH, KW, C), self._windows, self._x_shape)  # (N, H, W, C)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal layer."""
        return {
            **super().get_config(),
            "pool_size": self.pool_size,
            "strides": self.strides,
            "padding": self.padding,
        }
