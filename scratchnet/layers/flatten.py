"""Flatten: lay each sample out as one row of numbers.

    x (N, H, W, C) → y (N, H·W·C)                                                                            (1)

Nothing is computed, the numbers only change places: each y *is* one x, with slope 1. So dx is dy, put back into
x's shape (2).
"""

from __future__ import annotations

import math
from typing import Any

from scratchnet.layers.layer import Layer
from scratchnet.layers.windows import check_data_format
from scratchnet.typing import Array, Shape


class Flatten(Layer):
    """Reshapes x (N, …) to y (N, D), D being the product of the other axes. (N,) becomes (N, 1).

    Args:
        data_format: ``"channels_last"``; None means the same.

    Raises:
        ValueError: if another ``data_format`` is asked for.
    """

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = check_data_format(data_format)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return (None, D)."""
        sizes = [n for n in input_shape[1:] if n is not None]
        return (input_shape[0], math.prod(sizes))

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return each sample as one row."""
        self._x_shape = x.shape
        return x.reshape(len(x), -1).copy()  # (1) (N, D)

    def backward(self, dy: Array) -> Any:
        """Return dy in x's shape."""
        return dy.reshape(self._x_shape).copy()  # (2) (N, …)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal layer."""
        return {**super().get_config(), "data_format": self.data_format}
