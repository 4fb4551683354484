"""RandomCrop: a part of each image, in training from another place each time.

    x (N, H, W, C) → y (N, height, width, C)

With (top, left) for where the part begins, every y *is* one x, with slope 1:

    y[n,h,w,c] = x[n, top + h, left + w, c]                                               (1)

So a pixel inside gets the gradient of where it went, and one that was cut away has no influence and gets 0:

    dx[n, top + h, left + w, c] = dy[n,h,w,c]                                             (2)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.layers.augmentation import Augmentation
from scratchnet.typing import Array, Shape
from scratchnet.utils.numbers import whole_number


class RandomCrop(Augmentation):
    """Cuts images to one size: in training at a place drawn for each batch, as in Keras; else in the middle.

    Args:
        height, width: of what is left, in pixels.
        seed, data_format: as for every ``Augmentation``.

    Shapes: x (N, H, W, C) → y (N, height, width, C).

    Raises:
        ValueError: if an argument makes no sense, or the images are smaller than what is to be left of them.
    """

    def __init__(
        self, height: int, width: int, seed: int | None = None, data_format: str | None = None, **kwargs: Any
    ) -> None:
        size = whole_number("height of RandomCrop", height, 1), whole_number("width of RandomCrop", width, 1)
        super().__init__(seed, data_format, **kwargs)
        self.height, self.width = size

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return (None, height, width, C)."""
        N, H, W, C = super().compute_output_shape(input_shape)
        if (H or 1) < self.height or (W or 1) < self.width:
            raise self.refuse(f"images of at least {self.height} by {self.width} pixels", input_shape)
        return (N, self.height, self.width, C)

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return the part, from a random place in training, else from the middle."""
        spare = (x.shape[1] - self.height, x.shape[2] - self.width)  # how far down and to the right it may begin
        top, left = spare[0] // 2, spare[1] // 2
        if training:
            top, left = self.seed_generator.next().integers(0, spare, endpoint=True)
        self._x_shape = x.shape
        self._part = (slice(None), slice(top, top + self.height), slice(left, left + self.width))
        return x[self._part].copy()  # (1): (N, height, width, C)

    def backward(self, dy: Array) -> Array:
        """Return dy where the part was, zeros around it."""
        dx = np.zeros(self._x_shape, dy.dtype)
        dx[self._part] = dy  # (2): (N, H, W, C)
        return dx

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal layer."""
        return {**super().get_config(), "height": self.height, "width": self.width}
