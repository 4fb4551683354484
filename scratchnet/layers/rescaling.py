"""Rescaling: the same scale and offset for every number, such as 1/255 for the pixels of an image.

x (N, …) → y = x·scale + offset (N, …)  (1), hence dx = dy·scale  (2)
"""

from __future__ import annotations

from typing import Any

from scratchnet.layers.layer import Layer
from scratchnet.typing import Array
from scratchnet.utils.numbers import real_number


class Rescaling(Layer):
    """Computes x·scale + offset. With it as first layer a model takes images as they are stored, uint8 in 0…255."""

    def __init__(self, scale: float, offset: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scale = real_number("scale of Rescaling", scale)
        self.offset = real_number("offset of Rescaling", offset)

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return x·scale + offset."""
        return x * self.scale + self.offset  # (1)

    def backward(self, dy: Array) -> Array:
        """Return dy·scale."""
        return dy * self.scale  # (2)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal layer."""
        return {**super().get_config(), "scale": self.scale, "offset": self.offset}
