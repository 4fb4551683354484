"""Where a graph begins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from scratchnet import config
from scratchnet.layers.layer import Layer
from scratchnet.layers.tensor import SymbolicTensor
from scratchnet.typing import Array, Shape
from scratchnet.utils.numbers import whole_number


class InputLayer(Layer):
    """Stands for the batches that will be fed to a model. It computes nothing; ``Input`` makes one.

    Args:
        shape: the shape of one sample, without the batch: ``(28, 28, 1)``.
        name: as for every layer.
        dtype: what the batches are cast to: a float type, or int32, int64 or uint8 for what an ``Embedding`` takes.

    Raises:
        ValueError: if ``shape`` holds anything but positive whole numbers.
    """

    def __init__(self, shape: Sequence[int], *, name: str | None = None, dtype: str | None = None) -> None:
        super().__init__(name=name, dtype=None if dtype in config.INTEGERS else dtype)
        self.dtype = dtype if dtype in config.INTEGERS else self.dtype
        if isinstance(shape, (str, bytes, set, dict)) or not np.iterable(shape):
            raise ValueError(f"shape of Input expected the shape of one sample such as (28,), got {shape!r}.")
        self.shape: Shape = (None, *(whole_number("shape of Input, without the batch size,", n, 1) for n in shape))
        self.built = True
        self.input_shape = self.output_shape = self.shape
        self._outputs.append(SymbolicTensor(self.shape, self, ()))

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return x."""
        return x

    def backward(self, dy: Array) -> Array:
        """Return dy."""
        return dy

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self._outputs.append(SymbolicTensor(self.shape, self, ()))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal layer."""
        return {"shape": list(self.shape[1:]), "name": self.name, "dtype": self.dtype}


def Input(shape: Sequence[int], name: str | None = None, dtype: str | None = None) -> SymbolicTensor:
    """Begin a graph: return the tensor that stands for a batch of samples of that shape.

    Args:
        shape: the shape of one sample, without the batch.
        name: ``input_layer``, ``input_layer_1``, … if not given.
        dtype: what the batches are cast to, ``config.floatx()`` if not given; ``"int32"`` for what an ``Embedding``
            takes. The data may have any number type.
    """
    return InputLayer(shape, name=name, dtype=dtype).output
