"""Copies of layers and graphs to check on, in another float type, so that checking never touches the original."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from scratchnet.gradient_check.refusals import check_dictionaries, check_gradient_names, check_output
from scratchnet.graph import parameters
from scratchnet.graph.graph import Graph
from scratchnet.layers import InputLayer, Layer
from scratchnet.layers.tensor import SymbolicTensor
from scratchnet.typing import Array, Shape


class Foreign(Layer):
    """Makes a graph layer of any object that keeps the layer contract without being a ``Layer``.

    Args:
        wrapped: the object.
        dtype: float type of its parameters.
        example: its inputs, as it will get them: what ``compute_output_shape`` runs an object on that has none itself.

    Raises:
        ValueError: if ``params`` or ``grads`` is no dictionary of arrays.
    """

    def __init__(self, wrapped: Any, dtype: str, example: Sequence[Array] | None = None) -> None:
        name = getattr(wrapped, "name", None)
        known = isinstance(name, str) and name and "/" not in name
        super().__init__(name=name if known else type(wrapped).__name__.lower(), dtype=dtype)
        self.wrapped = wrapped
        self._example = example
        with suppress(AttributeError):  # an object with slots has no room for it
            wrapped.dtype = dtype

    def build(self, input_shape: Any) -> None:
        """Let the object make its parameters, and share its dictionaries."""
        if hasattr(self.wrapped, "build") and not getattr(self.wrapped, "params", None):
            self.wrapped.build(input_shape)
        self._adopt()

    def _adopt(self) -> None:
        """Share the object's dictionaries, its parameters cast to ``dtype``."""
        check_dictionaries(self.wrapped)
        self.params, self.grads = getattr(self.wrapped, "params", {}), getattr(self.wrapped, "grads", {})
        for name, param in self.params.items():
            self.params[name] = np.array(param, self.dtype)
            self.grads[name] = np.zeros_like(self.params[name])

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """Ask the object; without an answer, run it, on two samples of zeros if there is no example."""
        if hasattr(self.wrapped, "compute_output_shape"):
            return tuple(self.wrapped.compute_output_shape(input_shape))
        if not self.built:
            self.build(input_shape)
            self.built = True
        before = set(self.params)
        y = self._example_output(input_shape)
        if set(self.params) != before:  # made at the first call
            self._adopt()
        return (None, *y.shape[1:])

    def _example_output(self, input_shape: Any) -> Array:
        several = isinstance(input_shape, list)
        shapes = input_shape if several else [input_shape]
        zeros = [np.zeros((2, *shape[1:]), self.dtype) for shape in shapes]
        floats = zeros if self._example is None else [a.astype(self.dtype) for a in self._example]
        whole = [a if b.dtype.kind == "f" else b.copy() for a, b in zip(floats, self._example or floats)]
        try:
            y = self.forward(whole if several else whole[0])
        except Exception:
            if all(a is b for a, b in zip(whole, floats)):
                raise
            with suppress(Exception):  # whole numbers, but not meant as indices
                return check_output(self.forward(floats if several else floats[0]), self.wrapped)
            raise
        return y if isinstance(y, np.ndarray) and y.ndim else check_output(y, self.wrapped)

    def forward(self, x: Any, training: bool = False) -> Array:
        """Run the object, telling it ``training`` if it has a parameter of that name."""
        self._share()
        told = {"training": training} if asks_for_training(self.wrapped.forward) else {}
        y: Array = self.wrapped.forward(x, **told)
        return y

    def backward(self, dy: Array) -> Any:
        """Run the object, and take the gradients from a dictionary that it may have put in place of ``grads``."""
        self._share()
        dx = self.wrapped.backward(dy)
        grads = getattr(self.wrapped, "grads", self.grads)
        if grads is not self.grads:
            check_dictionaries(self.wrapped)
            check_gradient_names(self, grads)
            self.grads.update({name: np.asarray(gradient) for name, gradient in grads.items()})
        return dx

    def _share(self) -> None:
        """Have the object use the dictionaries of this layer, which may be a copy made to run in another plan."""
        for name in ("params", "grads"):
            if getattr(self.wrapped, name, None) is not getattr(self, name) and hasattr(self.wrapped, name):
                setattr(self.wrapped, name, getattr(self, name))


def asks_for_training(forward: Any) -> bool:
    """Whether a function has a parameter ``training`` that can be given by name."""
    try:
        parameter = inspect.signature(forward).parameters.get("training")
    except (TypeError, ValueError):  # a built-in function has no signature to read
        return False
    return parameter is not None and parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)


def layer_twin(layer: Any, dtype: str, example: Sequence[Array] | None = None) -> Layer:
    """Return an independent copy of ``layer`` that computes in ``dtype``, with the same parameters if it has any."""
    if not isinstance(layer, Layer):
        return Foreign(copy.deepcopy(layer), dtype, example)
    check_dictionaries(layer)
    twin = copy.copy(layer)
    twin._outputs = []  # else the deep copy below would copy the whole graph it is in
    twin.__dict__.pop("_home", None)
    twin = copy.deepcopy(twin)
    twin.dtype = dtype
    for name, param in twin.params.items():
        twin.params[name] = np.array(param, dtype)
        twin.grads[name] = np.zeros_like(twin.params[name])
    others = getattr(twin, "non_trainable", {})
    others.update({name: a.astype(dtype) for name, a in others.items() if a.dtype.kind == "f"})
    return _told_by_name(twin)


def _positional(parameter: inspect.Parameter) -> bool:
    return parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)


def _told_by_name(layer: Layer) -> Layer:
    """Return the layer; if the second argument of its ``forward`` is another than ``training``, with one that is."""
    parameters = list(inspect.signature(layer.forward).parameters.values())
    if len(parameters) > 1 and parameters[1].name == "training" and _positional(parameters[1]):
        return layer
    cls = type(layer)

    def forward(self: Layer, x: Any, training: bool = False) -> Array:
        own = cls.forward.__get__(self)
        y: Array = own(x, **({"training": training} if asks_for_training(own) else {}))
        return y

    layer.__class__ = type(cls.__name__, (cls,), {"forward": forward, "__module__": cls.__module__})
    return layer


def layer_graph(
    layer: Any, input_shapes: list[tuple[int, ...]], dtype: str, example: Sequence[Array] | None = None
) -> Graph:
    """Return a graph of one layer's twin, built, its parameters in one flat vector as in a model.

    Args:
        layer: any object that keeps the layer contract; it is not changed.
        input_shapes: one shape for each input, the batch in front.
        dtype: float type of the twin.
        example: the inputs themselves, if there are some.
    """
    inputs = [
        InputLayer(shape[1:], name=f"gradient_check_input_{i}", dtype=dtype).output
        for i, shape in enumerate(input_shapes)
    ]
    twin = layer_twin(layer, dtype, example)
    output = twin(inputs if len(inputs) > 1 else inputs[0])
    return _settle(Graph(inputs, [output]))


def graph_twin(graph: Graph, dtype: str) -> Graph:
    """Return a graph of twins of all layers of ``graph``, wired in the same way."""
    twins: dict[Layer, Layer] = {}
    places: dict[SymbolicTensor, SymbolicTensor] = {}
    for tensor in graph.tensors:
        layer = tensor.layer
        if tensor in graph.inputs:
            places[tensor] = InputLayer([n or 1 for n in tensor.shape[1:]], name=layer.name, dtype=dtype).output
            continue
        if layer not in twins:
            twins[layer] = layer_twin(layer, dtype)
        sources = [places[source] for source in tensor.inputs]
        places[tensor] = twins[layer](sources if len(sources) > 1 else sources[0])
    return _settle(Graph([places[t] for t in graph.inputs], [places[t] for t in graph.outputs]))


def _settle(graph: Graph) -> Graph:
    for layer in graph.layers:
        for name, param in layer.params.items():
            if param.dtype != layer.dtype:  # made in `build` without asking for self.dtype
                layer.params[name] = param.astype(layer.dtype)
                layer.grads[name] = np.zeros_like(layer.params[name])
    parameters.move_in(graph.layers)
    return graph
