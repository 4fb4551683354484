"""ZeroPadding2D: a border of zeros round each image.

    x (N, H, W, C) → y (N, top + H + bottom, left + W + right, C)

Forward. The image moves down by ``top`` and to the right by ``left``; all else is 0:

    y[n, top + h, left + w, c] = x[n,h,w,c]                                                                   (1)

Backward. Each pixel appears once in y, with slope 1, so its gradient is the dy of the place where it appears. The
zeros come from nowhere, and the dy of the border is dropped:

    dx[n,h,w,c] = dy[n, top + h, left + w, c]                                                                 (2)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.layers.layer import Layer
from scratchnet.layers.windows import check_data_format, image_size
from scratchnet.typing import Array, Shape
from scratchnet.utils.numbers import shown, whole_number


class ZeroPadding2D(Layer):
    """Pads channels-last images with zeros.

    Args:
        padding: one number of pixels for all four sides; (down, across), each for both of its sides; or
            ((top, bottom), (left, right)).
        data_format: ``"channels_last"``; None means the same.

    Shapes: x (N, H, W, C) → y (N, top + H + bottom, left + W + right, C). No parameters.

    Raises:
        ValueError: if ``padding`` is none of the three, or the input is not (N, H, W, C).
    """

    def __init__(self, padding: Any = (1, 1), data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.padding = _four_sides(padding)
        self.data_format = check_data_format(data_format)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape with its border."""
        if len(input_shape) != 4:
            raise self.refuse("images of shape (N, H, W, C)", input_shape)
        H, W = image_size(input_shape)
        return (input_shape[0], H + sum(self.padding[0]), W + sum(self.padding[1]), input_shape[3])

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return x with zeros around."""
        self._x_shape = x.shape
        return np.pad(x, ((0, 0), *self.padding, (0, 0)))  # (1) (N, top + H + bottom, left + W + right, C)

    def backward(self, dy: Array) -> Array:
        """Return the part of dy that lies on the image."""
        _, H, W, _ = self._x_shape
        (top, _), (left, _) = self.padding
        return dy[:, top : top + H, left : left + W].copy()  # (2) (N, H, W, C)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal layer."""
        return {**super().get_config(), "padding": self.padding, "data_format": self.data_format}


def _four_sides(padding: Any) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return ((top, bottom), (left, right)): a number stands for both sides of an axis, or for both axes."""

    def both(value: Any) -> tuple[Any, ...]:
        return tuple(value) if isinstance(value, (tuple, list)) else (value, value)

    sides = tuple(both(axis) for axis in both(padding))
    if [len(axis) for axis in sides] != [2, 2]:
        raise ValueError(
            f"ZeroPadding2D expected padding as a whole number of pixels, (down, across) or ((top, bottom), (left, "
            f"right)), got {shown(padding)}."
        )
    (top, bottom), (left, right) = ([whole_number("padding of ZeroPadding2D", n, 0) for n in axis] for axis in sides)
    return (top, bottom), (left, right)
