"""Copies of layers and graphs to check on, in another float type, so that checking never touches the original."""

from __future__ import annotations

import copy
import inspect
from typing import Any

import numpy as np

from scratchnet.graph import parameters
from scratchnet.graph.graph import Graph, copied
from scratchnet.layers import InputLayer, Layer
from scratchnet.typing import Array, Shape


class Foreign(Layer):
    """Makes a graph layer of any object that keeps the layer contract without being a ``Layer``."""

    def __init__(self, wrapped: Any, dtype: str) -> None:
        super().__init__(name=getattr(wrapped, "name", None) or type(wrapped).__name__.lower(), dtype=dtype)
        self.wrapped = wrapped
        wrapped.dtype = dtype

    def build(self, input_shape: Any) -> None:
        """Let the object make its parameters, and share its dictionaries."""
        if hasattr(self.wrapped, "build") and not getattr(self.wrapped, "params", None):
            self.wrapped.build(input_shape)
        vars(self).update(params=getattr(self.wrapped, "params", {}), grads=getattr(self.wrapped, "grads", {}))
        for name, param in self.params.items():
            self.params[name] = np.array(param, self.dtype)
            self.grads[name] = np.zeros_like(self.params[name])

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """Ask the object; without an answer, run it on two samples of zeros."""
        if hasattr(self.wrapped, "compute_output_shape"):
            return tuple(self.wrapped.compute_output_shape(input_shape))
        if not self.built:
            self.build(input_shape)
            self.built = True
        y = self.forward(np.zeros((2, *input_shape[1:]), self.dtype))
        return (None, *y.shape[1:])

    def forward(self, x: Any, training: bool = False) -> Array:
        """Run the object, telling it ``training`` if it asks."""
        takes_training = len(inspect.signature(self.wrapped.forward).parameters) > 1
        y: Array = self.wrapped.forward(x, training) if takes_training else self.wrapped.forward(x)
        return y

    def backward(self, dy: Array) -> Any:
        """Run the object."""
        return self.wrapped.backward(dy)


def layer_twin(layer: Any, dtype: str) -> Layer:
    """Return an independent copy of ``layer`` that computes in ``dtype``, with the same parameters if it has any."""
    if not isinstance(layer, Layer):
        return Foreign(copy.deepcopy(layer), dtype)
    if isinstance(layer, InputLayer):
        return InputLayer([n or 1 for n in layer.shape[1:]], name=layer.name, dtype=dtype)
    twin = copy.deepcopy(layer)
    for _, leaf, _ in twin.leaves():
        vars(leaf)["dtype"] = dtype
        for kind in ("params", "grads", "non_trainable"):
            for name, array in leaf.own(kind).items():
                parameters.rehouse(leaf, kind, name, np.array(array, dtype))
    twin.list_inner()
    return twin


def layer_graph(layer: Any, input_shapes: list[tuple[int, ...]], dtype: str) -> Graph:
    """Return a graph of one layer's twin, built, its parameters in one flat vector as in a model.

    Args:
        layer: any object that keeps the layer contract; it is not changed.
        input_shapes: one shape for each input, the batch in front.
        dtype: float type of the twin.
    """
    inputs = [
        InputLayer(shape[1:], name=f"gradient_check_input_{i}", dtype=dtype).output
        for i, shape in enumerate(input_shapes)
    ]
    twin = layer_twin(layer, dtype)
    output = twin(inputs if len(inputs) > 1 else inputs[0])
    return _settle(Graph(inputs, [output]))


def graph_twin(graph: Graph, dtype: str) -> Graph:
    """Return a graph of twins of all layers of ``graph``, wired in the same way."""
    return _settle(copied(graph, lambda layer: layer_twin(layer, dtype)))


def _settle(graph: Graph) -> Graph:
    parameters.move_in(graph.layers)  # which casts arrays that were made in `build` without asking for self.dtype
    return graph
