"""GlobalAveragePooling2D and GlobalMaxPooling2D: one number for each channel, from the whole image.

    x (N, H, W, C) → y = mean or maximum over all H·W pixels (N, C)

It is pooling with one window as large as the image. The weights of a network that ends in it fit images of any size,
and it needs no Flatten: where in the image something was seen no longer matters, only how much of it.

The mean. Every pixel enters with slope 1/(H·W), so each gets the same part of dy:

    y[n,c] = Σ_hw x[n,h,w,c] / (H·W)                                                                          (1)
    dx[n,h,w,c] = dy[n,c] / (H·W)                                                                             (2)

The maximum. The largest pixel has slope 1 and all others have slope 0. Where several are the largest, there is no
derivative: raise one of them and y rises, lower it and y stays. Keras shares dy equally among them here (TensorFlow's
reduce_max does), and so do we; MaxPooling2D pays the first. With ``winner`` 1 for the largest pixels and 0 for others:

    y[n,c] = max_hw x[n,h,w,c]                                                                                (3)
    share[n,h,w,c] = winner[n,h,w,c] / Σ_hw winner[n,h,w,c]                                                   (4)
    dx[n,h,w,c] = dy[n,c] share[n,h,w,c]                                                                      (5)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.layers.layer import Layer
from scratchnet.layers.windows import check_data_format
from scratchnet.typing import Array, Shape
from scratchnet.utils.numbers import true_or_false


class GlobalPooling2D(Layer):
    """What both share: the arguments, and the shapes.

    Args:
        data_format: ``"channels_last"``; None means the same.
        keepdims: whether H and W stay as axes of length 1.

    Shapes: x (N, H, W, C) → y (N, C), or (N, 1, 1, C) with ``keepdims``. No parameters.

    Raises:
        ValueError: if the input is not (N, H, W, C), or another ``data_format`` is asked for.
    """

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = check_data_format(data_format)
        self.keepdims = true_or_false(f"keepdims of {type(self).__name__}", keepdims)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return (None, C), or (None, 1, 1, C)."""
        if len(input_shape) != 4:
            raise self.refuse("images of shape (N, H, W, C)", input_shape)
        N, _, _, C = input_shape
        return (N, 1, 1, C) if self.keepdims else (N, C)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal layer."""
        return {**super().get_config(), "data_format": self.data_format, "keepdims": self.keepdims}


class GlobalAveragePooling2D(GlobalPooling2D):
    """The mean of each channel."""

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return the mean over all pixels."""
        self._x_shape = x.shape
        return np.mean(x, axis=(1, 2), keepdims=self.keepdims)  # (1) (N, C)

    def backward(self, dy: Array) -> Array:
        """Return dx: every pixel gets dy / (H·W)."""
        N, H, W, C = self._x_shape
        return np.broadcast_to(dy.reshape(N, 1, 1, C) / (H * W), self._x_shape).copy()  # (2) (N, H, W, C)


class GlobalMaxPooling2D(GlobalPooling2D):
    """The largest number of each channel."""

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return the maximum over all pixels, and remember who reached it."""
        y = np.max(x, axis=(1, 2), keepdims=True)  # (3) (N, 1, 1, C)
        winner = (x == y).astype(x.dtype)  # (N, H, W, C)
        self._share = winner / winner.sum(axis=(1, 2), keepdims=True)  # (4) (N, H, W, C)
        return y if self.keepdims else y[:, 0, 0]  # (N, C)

    def backward(self, dy: Array) -> Array:
        """Return dx: the largest pixel gets dy; several that are equal share it."""
        N, _, _, C = self._share.shape
        return dy.reshape(N, 1, 1, C) * self._share  # (5) (N, H, W, C)
