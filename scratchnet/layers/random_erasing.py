"""RandomErasing: in training, a rectangle of each image is painted over.

    x (N, H, W, C) → y (N, H, W, C)

With m[n,h,w] = 1 inside image n's rectangle, else 0, and the paint p:

    y[n,h,w,c] = (1 - m[n,h,w]) x[n,h,w,c] + m[n,h,w] p                                   (1)

The paint does not depend on x, so the slope is 1 outside the rectangle and 0 inside:

    dx[n,h,w,c] = (1 - m[n,h,w]) dy[n,h,w,c]                                              (2)

What a network cannot see it must guess from the rest, so it learns not to rely on one spot.
Source: Zhong and others, "Random Erasing Data Augmentation", 2017.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from scratchnet.layers.augmentation import Augmentation, check_range
from scratchnet.typing import Array, Shape
from scratchnet.utils.numbers import listed_numbers, real_number, shown


class RandomErasing(Augmentation):
    """Paints a rectangle of some images over, in training only.

    Args:
        factor: how likely an image is painted at; or (lowest, highest), of which each image draws its own; one number
            f is (0, f), as in Keras: at the default of 1.0 it is every other image.
        scale: the lowest and the highest share of the image that a square of the image's shape would cover; height
            and width are drawn apart.
        fill_value: the paint, one number or one for each channel; None is noise.
        value_range: the lowest and the highest number of an image; noise is cut off there.
        seed, data_format: as for every ``Augmentation``.

    Shapes: x (N, H, W, C) → y (N, H, W, C).

    Raises:
        ValueError: if an argument makes no sense, the input is not (N, H, W, C), or ``fill_value`` has not C numbers.
    """

    def __init__(
        self,
        factor: float | Sequence[float] = 1.0,
        scale: float | Sequence[float] = (0.02, 0.33),
        fill_value: float | Sequence[float] | None = None,
        value_range: Sequence[float] = (0, 255),
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        factor = check_range("factor of RandomErasing", factor, 0, 1, symmetric=False)
        scale = check_range("scale of RandomErasing", scale, 0, 1, symmetric=False)
        if not isinstance(value_range, (tuple, list)):
            raise ValueError(
                f"value_range of RandomErasing expected lowest and highest number, got {shown(value_range)}."
            )
        value_range = check_range("value_range of RandomErasing", value_range, -np.inf, np.inf, symmetric=False)
        several = isinstance(fill_value, (tuple, list)) or (isinstance(fill_value, np.ndarray) and fill_value.ndim > 0)
        paints = [fill_value or 0.0] if not several else listed_numbers("fill_value of RandomErasing", fill_value)
        paint = tuple(real_number("fill_value of RandomErasing", v) for v in paints)
        paint_or_none = None if fill_value is None else paint if several else paint[0]
        super().__init__(seed, data_format, **kwargs)  # now it draws
        self.factor, self.scale, self.value_range, self.fill_value = factor, scale, value_range, paint_or_none

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape of the images, which stays."""
        shape = super().compute_output_shape(input_shape)
        if isinstance(self.fill_value, tuple) and len(self.fill_value) not in (1, shape[-1]):
            raise self.refuse(f"images of {len(self.fill_value)} channels, as fill_value has", input_shape)
        return shape

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return the images, in training with some of them painted over in part."""
        self._mask = np.zeros((*x.shape[:3], 1), bool)  # (N, H, W, 1)
        if not training:
            return x.copy()
        draw = self.seed_generator.next()
        rows, columns = (self._stretches(draw, len(x), size) for size in x.shape[1:3])  # (N, H) and (N, W)
        painted = draw.random(len(x)) < draw.uniform(*self.factor, len(x))  # (N,)
        self._mask = (rows[:, :, None] & columns[:, None, :] & painted[:, None, None])[..., None]  # (N, H, W, 1)
        low, high = self.value_range
        paint = high * draw.standard_normal(x.shape) if self.fill_value is None else np.array(self.fill_value)
        return np.where(self._mask, paint.clip(low, high).astype(x.dtype), x)  # (1)

    def _stretches(self, draw: np.random.Generator, N: int, size: int) -> Array:
        """Return for each image which rows, or columns, its rectangle covers, (N, size)."""
        length = np.sqrt(draw.uniform(*self.scale, (N, 1))) * size
        start = draw.random((N, 1)) * (size - length)
        places = np.arange(size)
        return (places >= start) & (places < start + length)

    def backward(self, dy: Array) -> Array:
        """Return dy with zeros where the paint is."""
        return np.where(self._mask, 0, dy)  # (2)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal layer."""
        names = ("factor", "scale", "fill_value", "value_range")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
