"""New layers, wired alike: as a description says (``saving/architecture.py``), or as another model has them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from scratchnet.errors import ModelFileError
from scratchnet.graph.graph import Wiring, wire
from scratchnet.graph.network import Network
from scratchnet.layers.input_layer import InputLayer
from scratchnet.layers.layer import Layer
from scratchnet.layers.tensor import SymbolicTensor
from scratchnet.saving.architecture import frozen_inside
from scratchnet.saving.objects import Kind, find_class, made_again, rebuild
from scratchnet.utils.numbers import shown

MODELS: dict[str, type] = {}
"""The classes of models by name, as a description names them: each puts itself here."""


def rebuild_model(description: Mapping[str, Any], custom_objects: Mapping[str, type]) -> Any:
    """Make the model that ``describe_model`` was given, with fresh weights.

    Raises:
        ModelFileError: if a class is unknown, or the layers do not fit together.
    """
    cls = find_class(description, "model", Kind(MODELS["Model"], MODELS), custom_objects)
    return from_description(cls, description, custom_objects)


def from_description(cls: Any, description: Mapping[str, Any], custom_objects: Mapping[str, type]) -> Any:
    """Make a model of class ``cls``, with fresh weights, of what ``describe_model`` returned.

    Raises:
        ModelFileError: if a class is unknown, or the layers do not fit together.
    """
    try:
        layers = [_rebuild_layer(layer, custom_objects) for layer in description["layers"]]
    except ModelFileError:
        raise
    except Exception as error:  # whatever a description that nobody's get_config returned may lead to
        raise ModelFileError(f"its description of the layers makes no sense ({error!r})") from error
    try:
        if cls.is_sequential:
            model = cls(layers, name=description["name"])
        else:
            number = {layer.name: i for i, layer in enumerate(layers)}
            calls = [(number[name], from_, mode[0] if mode else None) for name, from_, *mode in description["tensors"]]
            ends = [description[end] for end in ("inputs", "outputs")]
            wired = wire(Wiring(layers, calls, *([*_numbers(end)] for end in ends)))
            inputs, outputs = (_in_the_form_of(end, tensors) for end, tensors in zip(ends, wired))
            model = cls(inputs, outputs, name=description["name"])
    except Exception as error:  # a user's layer may raise anything
        raise ModelFileError(f"the layers described do not fit together: {error}") from error
    model._trainable = description.get("trainable", True)
    if not isinstance(model._trainable, bool):
        raise ModelFileError(f"trainable of the model should be true or false, got {shown(model._trainable)}")
    if "frozen_inside" in description:
        _freeze_inside(model, description["frozen_inside"])
    return model


def _numbers(end: Any) -> list[int]:
    """Return the numbers of a model's inputs or outputs: of one alone, of a list, or of pairs with a name."""
    return [end] if isinstance(end, int) else [n[1] if isinstance(n, list) else n for n in end]


def _in_the_form_of(end: Any, tensors: list[SymbolicTensor]) -> Any:
    if isinstance(end, int):
        return tensors[0]
    return {n[0]: t for n, t in zip(end, tensors)} if isinstance(end[0], list) else tensors


def _rebuild_layer(description: Mapping[str, Any], custom_objects: Mapping[str, type]) -> Any:
    """Make a layer, which may be a model with layers of its own."""
    if description["kind"] == "model":
        return rebuild_model(description, custom_objects)
    return rebuild(description, "layer", custom_objects)


def again(layer: Any) -> Any:
    """Return an equal layer, which may be a model, with fresh weights."""
    return from_model(layer, None) if layer.is_model else made_again(layer)


def from_model(model: Network, inputs: Sequence[SymbolicTensor] | None, clone: Callable[[Layer], Layer] = again) -> Any:
    """Make a model of the same class and wiring.

    Args:
        model: what to make again.
        inputs: tensors of ``Input`` to begin with; None for inputs like the model's own.
        clone: makes a layer for each of the model's, its ``Input`` apart.
    """
    cls: Any = type(model)
    begin = None if inputs is None else [tensor.layer for tensor in inputs]
    if model.is_sequential:
        first = getattr(model, "_input", None)
        if begin is None:
            begin = [made_again(first.layer)] if first is not None else []
        made = cls([*begin, *map(clone, model.layers)], name=model.name)
    else:
        wiring = model.graph.wiring()
        places = [wiring.calls[call][0] for call in wiring.inputs]  # of the inputs' layers among all layers
        new = dict(zip(places, begin)) if begin is not None else {}
        layers = [
            new[i] if i in new else (made_again if isinstance(layer, InputLayer) else clone)(layer)
            for i, layer in enumerate(wiring.layers)
        ]
        begin_tensors, end = wire(wiring._replace(layers=layers))
        made = cls(model.as_inputs_given(begin_tensors), model.as_outputs_given(end), name=model.name)
    made._trainable = model.trainable
    if clone is again:
        _freeze_inside(made, frozen_inside(model.layers))
    return made


def _freeze_inside(model: Any, names: Sequence[str]) -> None:
    """Set the flags of layers inside layers, one by one: a layer in a frozen model need not be frozen itself."""
    frozen = set(names)
    for layer in model.layers:
        for path, leaf, _ in layer.leaves():
            if path:
                vars(leaf)["_trainable"] = f"{layer.name}/{path}" not in frozen
