"""A place in the graph where an array will be, once a batch runs through."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scratchnet.typing import Shape

if TYPE_CHECKING:
    from scratchnet.layers.layer import Layer


class SymbolicTensor:
    """What ``Input(...)`` returns, and every layer that is called on one: the output of one layer in a graph.

    Following ``inputs`` backwards from a model's output walks through the whole graph.

    Attributes:
        shape: the array's shape, ``None`` for the batch: ``(None, 28, 28, 1)``.
        dtype: ``"float32"`` or ``"float64"``.
        layer: the layer whose output this is.
        inputs: the tensors that the layer was called on; empty for an input of the graph.
    """

    def __init__(self, shape: Shape, layer: Layer, inputs: tuple[SymbolicTensor, ...]) -> None:
        self.shape = shape
        self.dtype = layer.dtype
        self.layer = layer
        self.inputs = inputs

    @property
    def ndim(self) -> int:
        """The number of axes, the batch included."""
        return len(self.shape)

    def __add__(self, other: SymbolicTensor) -> SymbolicTensor:
        from scratchnet.layers.add import Add

        return Add()([self, other])

    def __array__(self, *args: object, **kwargs: object) -> None:
        raise TypeError(
            f"This is the output of layer {self.layer.name!r} in a graph and holds no numbers yet: "
            f"make a Model from it and call model.predict(x)."
        )

    def __repr__(self) -> str:
        return f"<SymbolicTensor shape={self.shape}, dtype={self.dtype}, layer={self.layer.name}>"
