"""Copies of layers and graphs to check on, in another float type, so that checking never touches the original."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from scratchnet import config
from scratchnet.gradient_check.refusals import check_dictionaries, check_gradient_names, check_output
from scratchnet.graph import parameters
from scratchnet.graph.graph import Graph, copied
from scratchnet.layers import InputLayer, Layer
from scratchnet.layers.variables import run_forward
from scratchnet.models import Model
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
        vars(self).update(params=getattr(self.wrapped, "params", {}), grads=getattr(self.wrapped, "grads", {}))
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
        return run_forward(self.wrapped, x, training)

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


def layer_twin(layer: Any, dtype: str, example: Sequence[Array] | None = None) -> Layer:
    """Return an independent copy of ``layer`` that computes in ``dtype``, with the same parameters if it has any."""
    if not isinstance(layer, Layer):
        return Foreign(copy.deepcopy(layer), dtype, example)
    if isinstance(layer, Model):
        graph = copied(layer.graph, lambda inner: layer_twin(inner, dtype))
        return Model(graph.inputs, graph.outputs, name=layer.name)
    check_dictionaries(layer)
    if isinstance(layer, InputLayer):
        dtype = layer.dtype if layer.dtype in config.INTEGERS else dtype
        return InputLayer([n or 1 for n in layer.shape[1:]], name=layer.name, dtype=dtype)
    twin = copy.deepcopy(layer)
    for _, leaf, _ in twin.leaves():
        vars(leaf)["dtype"] = dtype
        for kind in ("params", "grads", "non_trainable"):
            for name, array in leaf.own(kind).items():
                cast = kind != "non_trainable" or array.dtype.kind == "f"
                parameters.rehouse(leaf, kind, name, np.array(array, dtype if cast else array.dtype))
    twin.list_inner()
    return twin


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
    return _settle(copied(graph, lambda layer: layer_twin(layer, dtype)))


def _settle(graph: Graph) -> Graph:
    parameters.move_in(graph.layers)  # which casts arrays that were made in `build` without asking for self.dtype
    return graph
