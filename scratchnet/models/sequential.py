"""Sequential: a model whose layers follow each other in one line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scratchnet.layers.input_layer import Input, InputLayer
from scratchnet.layers.layer import Layer
from scratchnet.layers.tensor import SymbolicTensor
from scratchnet.models.model import Model
from scratchnet.utils.naming import automatic_name


class Sequential(Model):
    """A chain of layers: a convenience over ``Model``.

        model = Sequential([Input((28, 28)), Flatten(), Dense(256, activation="relu"), Dense(10, activation="softmax")])

    Without an ``Input`` in front, the input's shape is taken from the first data that the model sees.

    Args:
        layers: the layers in order; more can be added with ``add``.
        name: ``sequential``, ``sequential_1``, … if not given.
    """

    is_sequential = True

    def __init__(self, layers: Sequence[Layer | SymbolicTensor] | None = None, name: str | None = None) -> None:
        self.name = name or automatic_name("Sequential")
        self.layers = []
        self._input: SymbolicTensor | None = None
        self._start_uncompiled()
        for layer in layers or []:
            self._append(layer)
        self._build_if_known()

    def add(self, layer: Layer | SymbolicTensor) -> None:
        """Append a layer.

        Raises:
            ValueError: if its name is taken, or an ``Input`` does not come first.
            TypeError: if it is not a layer.
        """
        self._append(layer)
        self._build_if_known()

    def pop(self) -> Layer:
        """Take the last layer off and return it.

        Raises:
            ValueError: if there is none.
        """
        if not self.layers:
            raise ValueError(f"Sequential model {self.name!r} has no layer to take off.")
        layer = self.layers.pop()
        self._build_if_known()
        return layer

    def _append(self, layer: Layer | SymbolicTensor) -> None:
        if isinstance(layer, SymbolicTensor) and not layer.inputs:
            layer = layer.layer  # Input(...) returns a tensor
        if isinstance(layer, InputLayer):
            if self.layers or self._input is not None:
                raise ValueError(f"Sequential model {self.name!r} expected Input only as its first layer.")
            self._input = layer.output
            return
        if not isinstance(layer, Layer):
            raise TypeError(f"Sequential model {self.name!r} expected a layer, got {layer!r}.")
        if any(other.name == layer.name for other in self.layers):
            raise ValueError(
                f"Sequential model {self.name!r} has a layer named {layer.name!r} already: give each layer a name of "
                f"its own."
            )
        self.layers.append(layer)

    def _build_if_known(self) -> None:
        if self._input is None or not self.layers:
            return
        layers, tensor = self.layers, self._input
        for layer in layers:
            tensor = layer(tensor)
        self._connect(self._input, tensor)
        self.layers = layers  # without the Input, as in Keras

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Make the parameters for inputs of that shape, the batch in front as None: ``(None, 28, 28)``."""
        if self._input is None:
            self._input = Input([n for n in input_shape[1:] if n is not None])
        self._build_if_known()

    @property
    def built(self) -> bool:
        """Whether the input's shape is known and the parameters have been made."""
        return hasattr(self, "graph")

    def __getattr__(self, name: str) -> Any:
        # Only what `_connect` sets is looked up here, and only before it has run.
        if name in ("graph", "inputs", "outputs", "dtype", "_plans", "_single_input", "_single_output"):
            raise AttributeError(
                f"Sequential model {self.__dict__.get('name')!r} is not built yet, because the shape of its input is "
                f"not known: begin it with Input(shape), call build((None, …)), or fit it first."
            )
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
