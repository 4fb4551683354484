"""Reshape: the same numbers, in the same order, with other axes.

    x (N, …) → y (N, *target_shape)

Nothing is computed. Read row by row, number k of a sample of y *is* number k of that sample of x, with slope 1:

    y[n][k] = x[n][k]                                                                     (1)
    dx[n][k] = dy[n][k]                                                                   (2)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from scratchnet.layers.layer import Layer
from scratchnet.typing import Array, Shape
from scratchnet.utils.numbers import shown, whole_number


class Reshape(Layer):
    """Gives each sample another shape of as many numbers: ``Reshape((28, 28, 1))``, ``Reshape((-1, 3))``.

    Args:
        target_shape: a sample's new shape, without the batch; one size may be -1, which is worked out.

    Shapes: x (N, …) → y (N, *target_shape).

    Raises:
        ValueError: if ``target_shape`` is not of positive whole numbers and one -1 at the most, or holds another
            number of numbers than the input's samples.
    """

    def __init__(self, target_shape: Sequence[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not isinstance(target_shape, (tuple, list)):
            raise ValueError(f"target_shape of Reshape expected a shape such as (28, 28), got {shown(target_shape)}.")
        sizes = tuple(whole_number("target_shape of Reshape", n, -1) for n in target_shape)
        if 0 in sizes or sizes.count(-1) > 1:
            raise ValueError(f"target_shape of Reshape expected sizes ≥ 1, one may be -1, got {shown(target_shape)}.")
        self.target_shape = sizes

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return (None, *target_shape), with what -1 stands for."""
        numbers = math.prod(n for n in input_shape[1:] if n is not None)
        known = math.prod(n for n in self.target_shape if n != -1)
        open_size = numbers // known if -1 in self.target_shape else 1
        if known * open_size != numbers:
            raise self.refuse(f"samples of as many numbers as {self.target_shape}", input_shape)
        return (input_shape[0], *(open_size if n == -1 else n for n in self.target_shape))

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return x with other axes."""
        self._x_shape = x.shape
        return x.reshape(len(x), *self.target_shape).copy()  # (1): (N, *target_shape)

    def backward(self, dy: Array) -> Array:
        """Return dy in x's shape."""
        return dy.reshape(self._x_shape).copy()  # (2): (N, …)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal layer."""
        return {**super().get_config(), "target_shape": self.target_shape}
