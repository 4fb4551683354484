"""Sequential: a model whose layers follow each other in one line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from scratchnet.layers.input_layer import Input, InputLayer
from scratchnet.layers.layer import Layer
from scratchnet.layers.tensor import SymbolicTensor
from scratchnet.models.model import Model
from scratchnet.models.rebuilding import MODELS
from scratchnet.utils.arguments import arguments_by_name
from scratchnet.utils.naming import automatic_name
from scratchnet.utils.numbers import shown

_FORMS = ("_single_input", "_single_output", "inputs_by_name", "outputs_by_name")
_WITH_THE_GRAPH = ("graph", "inputs", "outputs", "dtype", *_FORMS)


class Sequential(Model):
    """A chain of layers: a convenience over ``Model``.

        model = Sequential([Input((28, 28)), Flatten(), Dense(256, activation="relu"), Dense(10, activation="softmax")])

    Without an ``Input`` in front, the input's shape is taken from the ``input_shape`` of the first layer, from a model
    that is the first layer, from the tensor that the model is called on as a layer of another, or from the first data
    that it sees.

    Args:
        layers: the layers in order; more can be added with ``add``.
        trainable: if False, nothing in it is trained until the attribute is set.
        name: ``sequential``, ``sequential_1``, … if not given.
    """

    is_sequential = True

    def __init__(
        self,
        layers: Sequence[Layer | SymbolicTensor] | None = None,
        trainable: bool = True,
        name: str | None = None,
    ) -> None:
        self.name = name if name not in (None, "") else automatic_name("Sequential")
        self._layers: list[Layer] = []
        self._input: SymbolicTensor | None = None
        self._tensors: list[SymbolicTensor] = []  # of each layer, once the input is known
        self._start_uncompiled(trainable)
        try:
            taken: set[str] = set()
            if isinstance(layers, Layer) or not (layers is None or np.iterable(layers)):
                raise TypeError(f"Sequential model {self.name!r} expected a list of layers, got {shown(layers)}.")
            for layer in layers or []:
                self._append(layer, taken)
            if self.built:
                self._connect_all()
        except BaseException:
            self.take_apart()
            raise
        self._count_as_functional()

    def _count_as_functional(self) -> None:
        """Use up an automatic name: Keras makes a functional model inside, anew at each change, and it is named too."""
        if self.built:
            automatic_name("Functional")

    @property
    def layers(self) -> list[Layer]:
        """The layers in order, without the ``Input``, as in Keras; in a new list."""
        if self.built and "graph" not in vars(self):
            self._connect_all()
        return list(self._layers)

    @arguments_by_name
    def add(self, layer: Layer | SymbolicTensor) -> None:
        """Append a layer.

        Raises:
            ValueError: if its name is taken, an ``Input`` does not come first, or it cannot take what the layer before
                puts out; then the model is as it was.
            TypeError: if it is not a layer.
        """
        self._append(layer, {other.name for other in self._layers})
        self._count_as_functional()

    def _append(self, layer: Layer | SymbolicTensor, taken: set[str]) -> None:
        """Append a layer whose name is not among those ``taken``, and add it to them."""
        if isinstance(layer, SymbolicTensor) and not layer.inputs:
            layer = layer.layer  # Input(...) returns a tensor
        if isinstance(layer, InputLayer):
            if self._layers or self._input is not None:
                raise ValueError(f"Sequential model {self.name!r} expected Input only as its first layer.")
            self._input = layer.output
            return
        if not isinstance(layer, Layer):
            raise TypeError(f"Sequential model {self.name!r} expected a layer, got {shown(layer)}.")
        self._check_alone("get another layer")
        if any(inner is self for _, inner, _ in layer.leaves()):
            raise ValueError(f"Sequential model {self.name!r} expected a layer, got a model that it is a part of.")
        if layer.name in taken:
            raise ValueError(
                f"Sequential model {self.name!r} has a layer named {layer.name!r} already: give each layer a name of "
                f"its own."
            )
        begin = self._input or _input_like(layer, first=not self._layers)
        if begin is not None:
            self._tensors.append(self._after((self._tensors or [begin])[-1], layer))
            self._input = begin
        self._layers.append(layer)
        taken.add(layer.name)
        self._forget_graph()

    def _after(self, tensor: SymbolicTensor, layer: Layer) -> SymbolicTensor:
        """Call a layer on what comes before it."""
        output = layer(tensor)
        if not isinstance(output, SymbolicTensor):
            layer._outputs.pop()
            raise layer.refuse("to have a single output, as a layer of a Sequential model", f"{len(output)} outputs")
        return output

    def _check_alone(self, what: str) -> None:
        if self._outputs:
            raise ValueError(
                f"Sequential model {self.name!r} is a layer of another model and cannot {what}, which would change "
                f"that model too: make a new Sequential of its layers."
            )

    @arguments_by_name
    def pop(self) -> Layer:
        """Take the last layer off and return it.

        Raises:
            ValueError: if there is none.
        """
        if not self._layers:
            raise ValueError(f"Sequential model {self.name!r} has no layer to take off.")
        self._check_alone("lose a layer")
        layer = self._layers.pop()
        if self._tensors:
            layer._outputs.remove(self._tensors.pop())
        self._forget_graph()
        self._count_as_functional()
        return layer

    def _forget_graph(self) -> None:
        for name in _WITH_THE_GRAPH:
            vars(self).pop(name, None)
        self._plans = {}

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Make the parameters for inputs of that shape, the batch in front as None: ``(None, 28, 28)``.

        Raises:
            ValueError: if the layers do not fit, or there are none; then the model is as it was. Or if it has been
                built for another shape.
        """
        if self._input is not None:
            super().build(input_shape)
            return
        if not self._layers:
            raise self.refuse("to have layers when it is built", "none", "add some first")
        self._build_from(Input(batch_shape=input_shape))

    def _build_from(self, tensor: SymbolicTensor) -> None:
        self._input, self._tensors = tensor, []
        try:
            for layer in self._layers:
                tensor = self._after(tensor, layer)
                self._tensors.append(tensor)
        except BaseException:
            self.take_apart()
            raise
        self._count_as_functional()
        self._warn_of_ends()

    def _begin_with(self, inputs: Sequence[SymbolicTensor]) -> None:
        if self.built:
            return
        if len(inputs) != 1:
            raise self.refuse("a single tensor", str(len(inputs)))
        if not self._layers:
            raise self.refuse("to have layers when it is called on a tensor", "none", "add some first")
        self._build_from(Input([n or 1 for n in inputs[0].shape[1:]], dtype=inputs[0].dtype))

    def take_apart(self) -> None:
        """Undo ``build``: wait again to see the data. Layers that have been built stay so."""
        for layer, tensor in zip(self._layers, self._tensors):
            layer._outputs.remove(tensor)
        self._input, self._tensors = None, []
        self._forget_graph()

    @property
    def built(self) -> bool:  # type: ignore[override]
        """Whether the input's shape is known and the parameters have been made."""
        return bool(self._tensors)

    def __getattr__(self, name: str) -> Any:
        # Only what `_connect` sets is looked up here, and only before it has run: at the first need, when all layers
        # are there, so that their parameters get one vector together.
        own = any(name in vars(kind) for kind in type(self).__mro__)  # hasattr(type(self)) knows a class's __name__ too
        if name not in _WITH_THE_GRAPH and not own:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        if not self.__dict__.get("_tensors"):
            raise AttributeError(
                f"Sequential model {self.__dict__.get('name')!r} is not built yet, because the shape of its input is "
                f"not known: begin it with Input(shape), call build((None, …)), or fit it first."
            )
        self._connect_all()
        return object.__getattribute__(self, name)

    def _connect_all(self) -> None:
        assert self._input is not None
        self._connect(self._input, self._tensors[-1])

    def __getstate__(self) -> dict[str, Any]:
        """What a copy or a pickle is made of: the layers in a row."""
        left = (*_WITH_THE_GRAPH, "_plans", "_input", "_tensors", "_outputs", "_home")
        first = self._input.layer if self._input is not None else None
        return {k: v for k, v in vars(self).items() if k not in left} | {"first": first}

    def __setstate__(self, state: dict[str, Any]) -> None:
        first, layers = state.pop("first"), state.pop("_layers")
        vars(self).update(state, _layers=[], _input=None, _tensors=[], _outputs=[], _plans={})
        taken: set[str] = set()
        for layer in [*([first] if first is not None else []), *layers]:
            self._append(layer, taken)


MODELS["Sequential"] = Sequential


def _input_like(layer: Any, first: bool) -> SymbolicTensor | None:
    """Return an input of the shape that the first layer says, if it does: as ``input_shape``, or being a model."""
    if not first:
        return None
    if layer.is_model and layer.built and len(layer.inputs) == 1:
        return Input([n or 1 for n in layer.inputs[0].shape[1:]], dtype=layer.inputs[0].dtype)
    if layer._first_shape is not None:
        return Input(layer._first_shape, dtype="int32" if layer.takes_integers else layer.dtype)
    return None
