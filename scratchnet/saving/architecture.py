"""A graph of layers as JSON.

    "layers":  one description for each layer, shared ones once
    "tensors": [["input_layer", []], ["Hidden", [0]], …]    which layer was called on which earlier tensors
    "inputs", "outputs": the numbers of the model's tensors

A Sequential model is its layers in a row, and needs no tensors.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scratchnet.errors import ModelFileError
from scratchnet.layers.layer import Layer
from scratchnet.layers.tensor import SymbolicTensor
from scratchnet.models import Model, Sequential
from scratchnet.models.graph import Graph
from scratchnet.saving.objects import Kind, describe, find_class, rebuild

MODELS = Kind(Model, {"Model": Model, "Sequential": Sequential})


def describe_model(model: Model) -> dict[str, Any]:
    """Return the model's classes and connections, ready for JSON, without any parameter's value.

    Raises:
        ValueError: if the model is not built.
        TypeError: if a layer cannot be described.
    """
    cls = type(model)
    description = {
        "class": cls.__name__,
        "custom": MODELS.built_in.get(cls.__name__) is not cls,
        "name": model.name,
    }
    if isinstance(model, Sequential):
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


def rebuild_model(description: Mapping[str, Any], custom_objects: Mapping[str, type]) -> Model:
    """Make the model that ``describe_model`` was given, with fresh parameters.

    Raises:
        ModelFileError: if a class is unknown, or the layers do not fit together.
    """
    cls = find_class(description, "model", MODELS, custom_objects)
    layers: list[Layer] = [rebuild(layer, "layer", custom_objects) for layer in description["layers"]]
    try:
        if issubclass(cls, Sequential):
            return cls(layers, name=description["name"])
        tensors = _call_layers({layer.name: layer for layer in layers}, description["tensors"])
        inputs, outputs = (_pick(tensors, description[end]) for end in ("inputs", "outputs"))
        return cls(inputs, outputs, name=description["name"])
    except Exception as error:  # a user's layer may raise anything
        raise ModelFileError(f"the layers described in the file do not fit together: {error}") from error


def _call_layers(layers: Mapping[str, Layer], calls: list[Any]) -> list[SymbolicTensor]:
    tensors: list[SymbolicTensor] = []
    for name, sources in calls:
        given = [tensors[i] for i in sources]
        tensors.append(layers[name](given if len(given) > 1 else given[0]) if given else layers[name].output)
    return tensors


def _pick(tensors: list[SymbolicTensor], which: Any) -> SymbolicTensor | list[SymbolicTensor]:
    return [tensors[i] for i in which] if isinstance(which, list) else tensors[which]
