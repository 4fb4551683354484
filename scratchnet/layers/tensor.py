"""A place in the graph where an array will be, once a batch runs through."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from scratchnet.typing import Shape
from scratchnet.utils.numbers import shown

MOST_NUMBERS = 2**40
"""Of one sample in one layer: far more than fit into any memory, and far less than overflow NumPy's sizes."""

operators: dict[str, Callable[..., SymbolicTensor]] = {}
"""What ``x + y`` of two tensors does: ``layers/add.py`` puts its layer here."""


class SymbolicTensor:
    """What ``Input(...)`` returns, and every layer that is called on one: the output of one layer in a graph.

    Following ``inputs`` backwards from a model's output walks through the whole graph.

    Attributes:
        shape: the array's shape, ``None`` for the batch: ``(None, 28, 28, 1)``.
        dtype: ``"float32"`` or ``"float64"``; for an input, also a type of whole numbers.
        layer: the layer whose output this is.
        inputs: the tensors that the layer was called on; empty for an input of the graph.
        training: the mode that the call asked for, ``layer(x, training=False)``; None for that of the run.
        of_call: all tensors that the same call returned, this one among them; several only for a model's call.
    """

    def __init__(
        self, shape: Shape, layer: Any, inputs: tuple[SymbolicTensor, ...], training: bool | None = None
    ) -> None:
        if math.prod(n or 1 for n in shape) > MOST_NUMBERS:
            raise ValueError(
                f"Layer {layer.name!r} expected to put out what a computer can hold, got {shown(shape)} for its shape."
            )
        self.shape = shape
        self.dtype: str = layer.dtype
        self.layer = layer
        self.inputs = inputs
        self.training = training
        self.of_call: Sequence[SymbolicTensor] = (self,)

    @property
    def ndim(self) -> int:
        """The number of axes, the batch included."""
        return len(self.shape)

    def __add__(self, other: SymbolicTensor) -> SymbolicTensor:
        return operators["+"](self, other)

    def __array__(self, *args: object, **kwargs: object) -> None:
        raise TypeError(
            f"This is the output of layer {self.layer.name!r} in a graph and holds no numbers yet: "
            f"make a Model from it and call model.predict(x)."
        )

    def called_on(self, inputs: tuple[SymbolicTensor, ...]) -> list[SymbolicTensor]:
        """Return what the same call gives on other inputs of these shapes, in the order of ``of_call``."""
        return call(self.layer, [(tensor.shape, tensor.dtype) for tensor in self.of_call], inputs, self.training)

    def __repr__(self) -> str:
        return f"<SymbolicTensor shape={self.shape}, dtype={self.dtype}, layer={self.layer.name}>"


def call(
    layer: Any, outputs: Sequence[tuple[Shape, str]], inputs: tuple[SymbolicTensor, ...], training: bool | None
) -> list[SymbolicTensor]:
    """Return the tensors of one call that puts out arrays of these shapes and dtypes."""
    tensors = [SymbolicTensor(shape, layer, inputs, training) for shape, _ in outputs]
    for tensor, (_, dtype) in zip(tensors, outputs):
        tensor.dtype, tensor.of_call = dtype, tensors
    return tensors
