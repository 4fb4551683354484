"""A graph of layers as JSON.

    "layers":  one description for each layer, shared ones once; that of a nested model is such a graph again
    "tensors": [["input_layer", []], ["Hidden", [0]], …]    which layer was called on which earlier tensors
    "inputs", "outputs": the numbers of the model's tensors: one, a list, or pairs with a name

A call that asked for a mode has it in third place, ``["base", [0], false]``. One that returned several tensors counts
for as many. A Sequential model is its layers in a row, and needs no tensors.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from scratchnet.graph.network import Network
from scratchnet.layers.layer import Layer
from scratchnet.saving.objects import describe


def describe_model(model: Network) -> dict[str, Any]:
    """Return the model's classes and connections, ready for JSON, without any parameter's value.

    Raises:
        TypeError: if a layer cannot be described.
    """
    cls = type(model)
    description = {
        "class": cls.__name__,
        "custom": not cls.__module__.startswith("scratchnet.models."),
        "name": model.name,
        "trainable": model.trainable,
        "frozen_inside": frozen_inside(model.layers),
    }
    if model.is_sequential:
        first = getattr(model, "_input", None)  # of one that waits to see its data there is none
        layers = [*([first.layer] if first is not None else []), *model.layers]
        return description | {"layers": [_describe_layer(layer) for layer in layers]}
    wiring = model.graph.wiring()
    names = [layer.name for layer in wiring.layers]
    return description | {
        "layers": [_describe_layer(layer) for layer in wiring.layers],
        "tensors": [
            [names[layer], sources, *([] if training is None else [training])]
            for layer, sources, training in wiring.calls
        ],
        "inputs": _in_order(model.as_inputs_given(wiring.inputs)),
        "outputs": _in_order(model.as_outputs_given(wiring.outputs)),
    }


def _describe_layer(layer: Layer) -> dict[str, Any]:
    """Return a layer as JSON; a model's weights and flags go with those of the model round it."""
    return {"kind": "model"} | describe_model(cast(Network, layer)) if layer.is_model else describe(layer)


def _in_order(end: Any) -> Any:
    """Return a dict as pairs, for JSON does not keep the order of its keys."""
    return [[key, number] for key, number in end.items()] if isinstance(end, dict) else end


def frozen_inside(layers: Iterable[Layer]) -> list[str]:
    """Return the ways to the layers inside other layers that are frozen by themselves."""
    leaves = [(layer.name, *leaf) for layer in layers for leaf in layer.leaves()]
    return [f"{name}/{path}" for name, path, leaf, _ in leaves if path and not leaf.trainable]
