"""Where a graph begins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from scratchnet import config
from scratchnet.layers.layer import Layer
from scratchnet.layers.tensor import SymbolicTensor
from scratchnet.typing import Array, Shape
from scratchnet.utils.arguments import arguments_by_name
from scratchnet.utils.numbers import shown, whole_number


class InputLayer(Layer):
    """Stands for the batches that will be fed to a model. It computes nothing; ``Input`` makes one.

    Args:
        shape, batch_size, dtype, batch_shape, name: see ``Input``.
        input_shape: an older word for ``shape``.

    Raises:
        ValueError: as for ``Input``.
    """

    def __init__(
        self,
        shape: Sequence[int] | None = None,
        batch_size: int | None = None,
        dtype: str | None = None,
        *,
        batch_shape: Sequence[int | None] | None = None,
        name: str | None = None,
        input_shape: Sequence[int] | None = None,
    ) -> None:
        whole = isinstance(dtype, str) and dtype in config.INTEGERS
        super().__init__(name=name, dtype=None if whole else dtype)
        self.dtype = dtype if whole and dtype else self.dtype
        if input_shape is not None:
            shape = _either("shape", shape, "input_shape", input_shape)
        if batch_shape is not None:
            _either("shape", shape, "batch_shape", batch_shape)
            _either("batch_size", batch_size, "batch_shape", batch_shape)
            batch_size, *shape = _sizes(batch_shape, "a shape with the batch in front, such as (None, 28)", 1)
        shape = _sizes(shape, "the shape of one sample such as (28,)", 0)
        if batch_size is not None:
            batch_size = whole_number("batch_size of Input", batch_size, 1)
        self.shape: Shape = (
            batch_size,
            *(whole_number("shape of Input, without the batch size,", n, 1) for n in shape),
        )
        self.built = True
        self.input_shape = self.output_shape = self.shape
        self._outputs.append(SymbolicTensor(self.shape, self, ()))

    @property
    def batch_shape(self) -> Shape:
        """The shape with the batch in front: None, or the size that was given."""
        return self.shape

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
        batch_size, *shape = self.shape
        fixed = {} if batch_size is None else {"batch_size": batch_size}
        return {"shape": shape, **fixed, "name": self.name, "dtype": self.dtype}


@arguments_by_name
def Input(
    shape: Sequence[int] | None = None,
    batch_size: int | None = None,
    dtype: str | None = None,
    *,
    batch_shape: Sequence[int | None] | None = None,
    name: str | None = None,
) -> SymbolicTensor:
    """Begin a graph: return the tensor that stands for a batch of samples of that shape.

    Args:
        shape: the shape of one sample, without the batch: ``(28, 28, 1)``.
        batch_size: how many samples a batch has, if that is fixed. It is shown, in ``summary()`` and in shapes; as in
            Keras, batches of other sizes are computed all the same, such as the last one of a data set.
        dtype: what the batches are cast to, ``config.floatx()`` if not given; ``"int32"`` for what an ``Embedding``
            takes. The data may have any number type.
        batch_shape: both in one, in their place: ``(32, 28, 28, 1)``, or None in front for any size.
        name: ``input_layer``, ``input_layer_1``, … if not given.

    Raises:
        ValueError: if a shape holds anything but positive whole numbers, or none or two of the arguments give it.
    """
    return InputLayer(shape, batch_size, dtype, batch_shape=batch_shape, name=name).output


def _either(one: str, first: Any, other: str, second: Any) -> Any:
    """Return the second of two arguments that say the same; refuse if both are given."""
    if first is not None:
        raise ValueError(f"Input expected either {one} or {other}, got {shown(first)} and {shown(second)}.")
    return second


def _sizes(shape: Any, expected: str, least: int) -> list[Any]:
    """Return a shape as a list."""
    if isinstance(shape, (str, bytes, set, dict)) or not np.iterable(shape) or len(list(shape)) < least:
        raise ValueError(f"shape of Input expected {expected}, got {shown(shape)}.")
    return list(shape)
