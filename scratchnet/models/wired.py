"""A model as a graph of layers: what goes in and comes out, which layers there are, and the weights they have.

Also its place in another model's graph, where it is one layer; ``graph/graph.py`` tells how such a graph runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from scratchnet import config
from scratchnet.errors import unknown_name
from scratchnet.graph import parameters
from scratchnet.graph.graph import Graph, cut_off, wire
from scratchnet.layers.arrays import check_weights
from scratchnet.layers.layer import Layer
from scratchnet.layers.tensor import SymbolicTensor, call
from scratchnet.layers.variable import Variable, listed
from scratchnet.training.penalties import Penalties
from scratchnet.typing import Array, Shape
from scratchnet.utils.arguments import arguments_by_name
from scratchnet.utils.naming import checked_name
from scratchnet.utils.numbers import shown, whole_number

_MADE_OF = ("graph", "inputs", "outputs", "dtype")

Tensors = SymbolicTensor | Sequence[SymbolicTensor] | Mapping[str, SymbolicTensor]


class Wired(Layer):
    """What a model is before it is trained."""

    is_model: ClassVar[bool] = True
    is_sequential = False
    inputs: list[SymbolicTensor]
    outputs: list[SymbolicTensor]
    graph: Graph
    optimizer: Any
    identity: object
    _plans: dict[Any, Any]

    def _connect(self, inputs: Tensors, outputs: Tensors) -> None:
        self.inputs_by_name, inputs = _apart_from_names("inputs", inputs)
        self.outputs_by_name, outputs = _apart_from_names("outputs", outputs)
        begin, end = cut_off(_tensors("inputs", inputs), _tensors("outputs", outputs))
        graph = Graph(begin, end)
        parameters.move_in(graph.layers)
        vars(self).update(inputs=begin, outputs=end, graph=graph, dtype=end[0].dtype)
        self._single_input = isinstance(inputs, SymbolicTensor)
        self._single_output = isinstance(outputs, SymbolicTensor)
        self._plans = {}

    def __getstate__(self) -> dict[str, Any]:
        """What a copy or a pickle is made of: the layers and how they are wired, and everything but the plans."""
        made_anew = ("graph", "inputs", "outputs", "_plans", "_outputs", "_home")
        return {k: v for k, v in vars(self).items() if k not in made_anew} | {"wiring": self.graph.wiring()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        inputs, outputs = wire(state.pop("wiring"))
        vars(self).update(state, _outputs=[])
        self._connect(self.as_inputs_given(inputs), self.as_outputs_given(outputs))

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "name":
            checked_name("A model", value)
        if name == "name" and self.__dict__.get("_outputs") and value != self.name:
            raise ValueError(
                f"Model {self.name!r} expected to keep its name as a layer of another model, got "
                f"{shown(value)}: name it before it is called on a tensor."
            )
        if name in _MADE_OF:
            raise AttributeError(
                f"Model {self.name!r} expected its {name} to stay as it is, got {shown(value)}: make a new model."
            )
        if name == "optimizer" and name in vars(self) and getattr(value, "owner", None) is not self.identity:
            raise AttributeError(
                f"Model {self.name!r} expected an optimizer by compile, with which its training begins, got "
                f"{shown(value)}: call compile(optimizer, loss)."
            )
        object.__setattr__(self, name, value)

    @property
    def built(self) -> bool:  # type: ignore[override]  # what a layer keeps, a model works out
        """Whether the input's shape is known and the parameters have been made: always, but for a ``Sequential``."""
        return True

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Do nothing, once the shape is found to be the model's: only a ``Sequential`` may make its parameters here.

        Raises:
            ValueError: if the model takes another shape.
        """
        self.compute_output_shape(input_shape)

    @property  # type: ignore[misc]
    def activity_regularizer(self) -> None:
        """None, and cannot be set: give it to the layer that makes the output."""

    # Shapes and layers --------------------------------------------------------------------------------------------

    @property
    def layers(self) -> list[Layer]:
        """The layers, inputs first, in a new list."""
        return list(self.graph.layers)

    @property
    def input_shape(self) -> Shape | list[Shape]:
        """The shape of the input, with None for the batch; a list for several inputs."""
        return self.inputs[0].shape if len(self.inputs) == 1 else [t.shape for t in self.inputs]

    @property
    def output_shape(self) -> Shape | list[Shape]:
        """The shape of the output, with None for the batch; a list for several outputs."""
        return self.outputs[0].shape if len(self.outputs) == 1 else [t.shape for t in self.outputs]

    @property
    def input(self) -> Any:
        """The tensor, or list or dict of tensors, that the model begins with."""
        return self.as_inputs_given(self.inputs)

    @property
    def output(self) -> Any:
        """The tensor, or list or dict of tensors, that the model ends with."""
        return self.as_outputs_given(self.outputs)

    @property
    def output_names(self) -> list[str]:
        """For each of ``outputs`` the name of the layer that makes it."""
        return [tensor.layer.name for tensor in self.outputs]

    @property
    def input_keys(self) -> list[str]:
        """The names by which x may be given: the inputs' own, or the keys of the inputs' dict."""
        return sorted(self.inputs_by_name) if self.inputs_by_name else [tensor.layer.name for tensor in self.inputs]

    @property
    def output_keys(self) -> list[str]:
        """The names by which y and losses may be given: ``output_names``, or the keys of the outputs' dict."""
        if not self.built:
            return [layer.name for layer in self.layers[-1:]] or [self.name]
        return sorted(self.outputs_by_name) if self.outputs_by_name else self.output_names

    def as_inputs_given(self, each: list[Any]) -> Any:
        """Return something for each input in the form in which the inputs were given: alone, a list, or a dict."""
        if self.inputs_by_name:
            return {key: each[place] for key, place in _places(self.inputs_by_name)}
        return each[0] if self._single_input else each

    def as_outputs_given(self, each: list[Any]) -> Any:
        """Return something for each output in the form in which the outputs were given: alone, a list, or a dict."""
        if self.outputs_by_name:
            return {key: each[place] for key, place in _places(self.outputs_by_name)}
        return each[0] if self._single_output else each

    def as_results(self, each: list[Any]) -> Any:
        """Return what has been computed for each output: a dict, or a list, or that of a single output by itself."""
        return each[0] if len(each) == 1 and not self.outputs_by_name else self.as_outputs_given(each)

    @arguments_by_name
    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """Return one layer by its name or by its place in ``layers``.

        Raises:
            ValueError: if there is none, or not exactly one of ``name`` and ``index`` is given.
        """
        if (name is None) == (index is None):
            raise ValueError(f"get_layer expected either a name or an index, got name={name!r} and index={index!r}.")
        if index is not None:
            index = whole_number("index of get_layer", index)
            if not -len(self.layers) <= index < len(self.layers):
                raise ValueError(f"get_layer expected an index below {len(self.layers)}, got {index}.")
            return self.layers[index]
        for layer in self.layers:
            if isinstance(name, str) and layer.name == name:
                return layer
        raise unknown_name("layer name", name, [layer.name for layer in self.layers])

    # Parameters ---------------------------------------------------------------------------------------------------

    @property
    def params(self) -> dict[str, Array]:  # type: ignore[override]
        """All parameters by ``"layer/name"``, views into the model's flat vector."""
        return {f"{layer.name}/{k}": p for layer in self.layers for k, p in layer.params.items()}

    @property
    def grads(self) -> dict[str, Array]:  # type: ignore[override]
        """The gradient of the last backward pass for each of ``params``."""
        return {f"{layer.name}/{k}": g for layer in self.layers for k, g in layer.grads.items()}

    @property
    def non_trainable(self) -> dict[str, Array]:  # type: ignore[override]
        """All variables that no gradient moves, such as running means, by ``"layer/name"``."""
        return {f"{layer.name}/{k}": a for layer in self.layers for k, a in layer.non_trainable.items()}

    @property
    def weights(self) -> list[Variable]:
        """All weights in the order of ``get_weights``: ``w.path`` is the name that ``named_weights`` has for w."""
        return listed(self.layers)

    @property
    def trainable_weights(self) -> list[Variable]:
        """The weights that the optimizer moves."""
        return listed(self.layers, True, whole=self.trainable)

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The weights that it does not: running means and the like, and all those of frozen layers."""
        return listed(self.layers, False, whole=self.trainable)

    variables = weights
    trainable_variables = trainable_weights
    non_trainable_variables = non_trainable_weights

    def own(self, kind: str) -> dict[str, Array]:
        """Return nothing: all that a model has belongs to its layers."""
        return {}

    def leaves(self, path: str = "", trainable: bool = True) -> Iterator[tuple[str, Any, bool]]:
        """Yield the model, its layers and all layers inside them: the way to each, the layer, whether it is trained."""
        trainable = trainable and self._trainable
        yield path, self, trainable
        for layer in self.layers:
            yield from layer.leaves(f"{path}{layer.name}/", trainable)

    def list_inner(self) -> None:
        """Do nothing: ``params`` and the like are listed anew whenever they are asked for."""

    def add_weight(self, *arguments: Any, **named: Any) -> Array:
        """Refuse: a model has layers, and they have the weights."""
        raise TypeError(f"Model {self.name!r} has no weights beside its layers': add them in a layer of your own.")

    @property
    def segments(self) -> list[parameters.Segment]:
        """The trainable parameters as flat runs with their gradients; mostly a single one."""
        return parameters.segments(self.graph.layers, self.trainable, self.graph.idle)

    @property
    def losses(self) -> list[float]:
        """What is added to the loss: by layers in the last run, then the penalties of the trained weights as they are.

        Layers add to it by ``add_loss`` and by an ``activity_regularizer``, weights by a regularizer of theirs.
        """
        added = [loss for layer in self.graph.flat.layers for loss in layer.added_losses]
        return [*added, *Penalties(self.layers, self.trainable).values()]

    def set_weights(self, weights: Sequence[Array]) -> None:
        """Copy arrays into the parameters, in the order of ``get_weights``.

        Raises:
            ValueError: if there are too many or too few, a shape differs, or they are no real numbers; then nothing
                has been changed.
        """
        variables = self.named_weights
        for array, weight in zip(variables.values(), check_weights(f"model {self.name!r}", variables, weights)):
            array[...] = weight

    # A model as a layer -------------------------------------------------------------------------------------------

    def _by_input_name(self, named: dict[str, SymbolicTensor]) -> list[SymbolicTensor]:
        names = self.input_keys
        if set(named) != set(names):
            raise self.refuse(f"tensors for its inputs {', '.join(names)}", ", ".join(map(str, named)))
        return [named[name] for name in names]

    def _place(self, inputs: Sequence[SymbolicTensor], several: bool, training: bool | None) -> Any:
        if "/" in self.name:
            raise ValueError(f"A model that is a layer of another expected a name without '/', got {shown(self.name)}.")
        self._begin_with(inputs)
        if len(inputs) != len(self.inputs):
            raise self.refuse(
                f"a list of {len(self.inputs)} tensors" if len(self.inputs) > 1 else "a single tensor", f"{len(inputs)}"
            )
        for given, own in zip(inputs, self.inputs):
            if given.shape[1:] != own.shape[1:]:
                raise self.refuse(f"a tensor of shape {own.shape} for its input {own.layer.name!r}", given.shape)
            self._check_dtype(given, own.dtype, own.dtype in config.INTEGERS)
        (batch, *_), *_ = self._with_one_batch_size([tensor.shape for tensor in inputs])
        shapes = [((batch, *tensor.shape[1:]), tensor.dtype) for tensor in self.outputs]
        outputs = call(self, shapes, tuple(inputs), training)
        self._outputs.append(outputs[0])
        return self.as_outputs_given(outputs)

    def _begin_with(self, inputs: Sequence[SymbolicTensor]) -> None:
        """Do nothing: a ``Sequential`` that has waited for its input makes its parameters here."""

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the output's shape for that of the input; lists of them for several.

        Raises:
            ValueError: if the model takes another shape.
        """
        several = isinstance(input_shape, list) and any(map(np.iterable, input_shape))
        given = [tuple(s) if np.iterable(s) else s for s in (input_shape if several else [input_shape])]
        if [s[1:] for s in given if isinstance(s, tuple)] != [tensor.shape[1:] for tensor in self.inputs]:
            raise self.refuse(f"inputs of shape {self.input_shape}", shown(input_shape))
        (batch, *_), *_ = self._with_one_batch_size(given)
        shapes: list[Shape] = [(batch, *tensor.shape[1:]) for tensor in self.outputs]
        return shapes[0] if len(shapes) == 1 else shapes


def _apart_from_names(what: str, given: Any) -> tuple[list[str] | None, Any]:
    """Return the keys of a dict, and its entries by their alphabetical order; anything else as it is."""
    if not isinstance(given, Mapping):
        return None, given
    for key in given:
        if not isinstance(key, str) or not key:
            raise TypeError(f"Model({what}=…) expected names as keys of the dict, got {shown(key)}.")
        checked_name(f"Model({what}=…)", key)
    return list(given), [given[key] for key in sorted(given)]


def _places(keys: Sequence[str]) -> list[tuple[str, int]]:
    """Return each key with its place among all in alphabetical order."""
    order = sorted(keys)
    return [(key, order.index(key)) for key in keys]


def _tensors(what: str, given: Any) -> list[SymbolicTensor]:
    tensors = [given] if isinstance(given, SymbolicTensor) else list(given) if np.iterable(given) else [given]
    for tensor in tensors:
        if not isinstance(tensor, SymbolicTensor):
            advice = "call the layer on a tensor first" if isinstance(tensor, Layer) else "begin with Input(shape)"
            raise TypeError(f"Model({what}=…) expected tensors of a graph, got {shown(tensor)}: {advice}.")
    if not tensors:
        raise ValueError(f"Model({what}=…) expected at least one tensor, got none.")
    return tensors
