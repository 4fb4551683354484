"""What MaxPooling2D and AveragePooling2D share: the arguments, where the windows lie, and which images fit."""

from __future__ import annotations

from typing import Any

from scratchnet.layers.layer import Layer
from scratchnet.layers.windows import check_data_format, check_padding, image_size, pair, place_windows
from scratchnet.typing import Shape


class Pooling2D(Layer):
    """A layer that makes one number of each window, in each channel by itself. A subclass says which number.

    Args:
        pool_size: the window, one number or (down, across), in pixels.
        strides: from one window to the next; ``pool_size`` if not given.
        padding: ``"valid"``, only whole windows; or ``"same"``, padded so that OH = ⌈H / stride⌉.
        data_format: ``"channels_last"``; None means the same.

    Shapes: x (N, H, W, C) → y (N, OH, OW, C). No parameters.

    Raises:
        ValueError: if an argument makes no sense, the input is not (N, H, W, C), or the window is larger than it.
    """

    def __init__(
        self,
        pool_size: int | tuple[int, int] = (2, 2),
        strides: int | tuple[int, int] | None = None,
        padding: str = "valid",
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        who = type(self).__name__
        self.pool_size = pair("pool_size", pool_size, who)
        self.strides = self.pool_size if strides is None else pair("strides", strides, who)
        self.padding = check_padding(padding)
        self.data_format = check_data_format(data_format)

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

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal layer."""
        return {
            **super().get_config(),
            "pool_size": self.pool_size,
            "strides": self.strides,
            "padding": self.padding,
            "data_format": self.data_format,
        }
