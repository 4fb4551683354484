"""A graph of layers as JSON.

    "layers":  one description for each layer, shared ones once
    "tensors": [["input_layer", []], ["Hidden", [0]], …]    which layer was called on which earlier tensors
    "inputs", "outputs": the numbers of the model's tensors

A Sequential model is its layers in a row, and needs no tensors.
"""

from __future__ import annotations

from typing import Any

from scratchnet.graph.graph import Graph
from scratchnet.graph.network import Network
from scratchnet.layers.tensor import SymbolicTensor
from scratchnet.saving.objects import describe


def describe_model(model: Network) -> dict[str, Any]:
    """Return the model's classes and connections, ready for JSON, without any parameter's value.

    Raises:
        ValueError: if the model is not built.
        TypeError: if a layer cannot be described.
    """
    cls = type(model)
    description = {
        "class": cls.__name__,
        "custom": not cls.__module__.startswith("scratchnet.models."),
        "name": model.name,
    }
    if model.is_sequential:
        if not model.built or not model.layers:
            raise ValueError(
                f"Cannot save the Sequential model {model.name!r}: it is not built yet; begin it with Input(shape), "
                f"call build((None, …)), or fit it first."
            )
        return description | {"layers": [describe(layer) for layer in (model.inputs[0].layer, *model.layers)]}
    order = _in_calling_order(model.graph)
    number = {tensor: i for i, tensor in enumerate(order)}
    inputs, outputs = [number[t] for t in model.inputs], [number[t] for t in model.outputs]
    return description | {
        "layers": [describe(layer) for layer in model.layers],
        "tensors": [[tensor.layer.name, [number[source] for source in tensor.inputs]] for tensor in order],
        "inputs": inputs[0] if model._single_input else inputs,
        "outputs": outputs[0] if model._single_output else outputs,
    }


def _in_calling_order(graph: Graph) -> list[SymbolicTensor]:
    """Return the graph's tensors, each after those it is made of and after its layer's earlier calls.

    The summary numbers the calls of a shared layer, so they should be repeated in the order in which they were made.
    """
    order: dict[SymbolicTensor, None] = {}
    inside = set(graph.tensors)

    def place(tensor: SymbolicTensor) -> None:
        if tensor in order:
            return
        calls = [t for t in tensor.layer._outputs if t in inside]
        for earlier in (*calls[: calls.index(tensor)], *tensor.inputs):
            place(earlier)
        order[tensor] = None

    for tensor in graph.tensors:
        place(tensor)
    return list(order)
