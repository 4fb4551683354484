"""What layers share that take several inputs of one shape and put out one: how they are called, and what they refuse.

The arithmetic stands in ``add.py``, ``subtract.py``, ``multiply.py`` and ``average.py``.
"""

from __future__ import annotations

from collections.abc import Sequence

from scratchnet.layers.layer import Layer
from scratchnet.typing import Shape


class Merging(Layer):
    """Base class of layers that are called on a list of inputs of equal shape: ``Add()([x, shortcut])``.

    Raises:
        ValueError: if called on fewer than two inputs, or the shapes differ.
    """

    def compute_output_shape(self, input_shape: Sequence[Shape]) -> Shape:
        """Return the shape that all inputs share."""
        if not isinstance(input_shape, list) or len(input_shape) < 2:
            raise self.refuse("a list of two or more inputs", input_shape)
        if any(shape != input_shape[0] for shape in input_shape):
            raise self.refuse("inputs of one shape", " and ".join(map(str, input_shape)))
        return input_shape[0]
