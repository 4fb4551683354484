"""RandomFlip: in training, every other image is turned over.

    x (N, H, W, C) → y (N, H, W, C)

A flip from left to right puts pixel W-1-w at w. Every y *is* one x, with slope 1:

    y[n,h,w,c] = x[n,h,W-1-w,c]                                                           (1)

So the gradient of pixel v is found where the pixel went, at W-1-v, which is the same flip once more:

    dx[n,h,v,c] = dy[n,h,W-1-v,c]                                                         (2)

and dx = dy for the images that were left as they were. Upside down, the same holds of h.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.errors import one_of
from scratchnet.layers.augmentation import Augmentation
from scratchnet.typing import Array

AXES = {"horizontal": (2,), "vertical": (1,), "horizontal_and_vertical": (1, 2)}
"""Which axes of the images each mode turns round."""


class RandomFlip(Augmentation):
    """Flips each image with probability ½, in training only.

    Args:
        mode: ``"horizontal"`` (left and right), ``"vertical"`` (top and bottom), or ``"horizontal_and_vertical"``:
            as in Keras 3 one draw decides on both, so this turns every other image upside down, by 180°.
        seed, data_format: as for every ``Augmentation``.

    Shapes: x (N, H, W, C) → y (N, H, W, C).

    Raises:
        ValueError: if ``mode`` is another, or the input is not (N, H, W, C).
    """

    def __init__(
        self,
        mode: str = "horizontal_and_vertical",
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        mode = one_of("mode of RandomFlip", mode, AXES)
        super().__init__(seed, data_format, **kwargs)
        self.mode = mode

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return the images, in training with some of them flipped."""
        self._flipped = np.zeros(len(x), bool)  # (N,)
        if training:
            self._flipped = self.seed_generator.next().random(len(x)) < 0.5
        return self._flip(x)  # (1)

    def backward(self, dy: Array) -> Array:
        """Return dy, flipped for the same images."""
        return self._flip(dy)  # (2)

    def _flip(self, images: Array) -> Array:
        result = images.copy()
        result[self._flipped] = np.flip(images[self._flipped], AXES[self.mode])
        return result

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal layer."""
        return {**super().get_config(), "mode": self.mode}
