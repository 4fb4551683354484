"""Load a model as it was saved: it predicts the same numbers and goes on training with the same bits."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from scratchnet.errors import ModelFileError
from scratchnet.graph.graph import Wiring, wire
from scratchnet.graph.parameters import count
from scratchnet.layers.arrays import zeros_within
from scratchnet.layers.layer import Layer
from scratchnet.models.model import Model
from scratchnet.models.sequential import Sequential
from scratchnet.saving.model_file import expect_tensor, read_model_file
from scratchnet.saving.objects import Kind, find_class, rebuild
from scratchnet.saving.save import explained, random_states
from scratchnet.typing import Array
from scratchnet.utils.session import global_state_kept

MODELS = Kind(Model, {"Model": Model, "Sequential": Sequential})


def load_model(path: str | os.PathLike[str], custom_objects: Mapping[str, type] | None = None) -> Model:
    """Read a model that ``model.save`` wrote: compiled if it was, and ready to go on training.

    Global state stays as it is: the seed, the automatic names, the float type.

    Args:
        path: the file.
        custom_objects: your own classes (layers, activations, losses, …) by name, which the file only mentions:
            ``{"MyLayer": MyLayer}``.

    Raises:
        FileNotFoundError: if there is no such file.
        OSError: if it is a folder or cannot be read.
        ModelFileError: if it is damaged, not a scratchnet model, written by a newer version, or needs a class that is
            not in ``custom_objects``. Nothing is loaded then.
        TypeError: if ``custom_objects`` holds anything but classes.
    """
    path = os.fspath(path)
    custom = _checked_classes(custom_objects)
    with explained(path), global_state_kept():
        content, tensors = read_model_file(path)
        try:
            with zeros_within(sum(tensor.nbytes for tensor in tensors.values())):
                model = rebuild_model(content["model"], custom)
            expected = _load_variables(model, content["model"], tensors)
            if content["compiled"] is not None:
                expected |= _load_compiled(model, content["compiled"], tensors, custom)
        except ModelFileError:
            raise
        except Exception as error:  # whatever a header that nobody's save_model wrote may lead to
            raise ModelFileError(f"its description of the model makes no sense ({error!r})") from error
        if unexpected := sorted(tensors.keys() - expected):
            raise ModelFileError(f"the tensor {unexpected[0]!r} belongs to no part of the model described in the file")
        return model


def _load_variables(model: Model, saved: Mapping[str, Any], tensors: Mapping[str, Array]) -> set[str]:
    """Give the model its weights, random states and flags, and return the names of the tensors they came from."""
    model._trainable = bool(saved.get("trainable", True))
    frozen = saved.get("frozen_inside", ())
    for layer in model.layers:
        for path, leaf, _ in layer.leaves():
            if path and "frozen_inside" in saved:  # one by one: a layer in a frozen model need not be frozen itself
                vars(leaf)["_trainable"] = f"{layer.name}/{path}" not in frozen
    variables = {f"weights/{name}": array for name, array in model.variables.items()} | random_states(model)
    for name, array in variables.items():
        array[...] = expect_tensor(tensors, name, array.shape, array.dtype)
    return set(variables)


def _load_compiled(
    model: Model, saved: Mapping[str, Any], tensors: Mapping[str, Array], custom: Mapping[str, type]
) -> set[str]:
    """Compile the model as it was, and return the names of the optimizer's tensors."""
    optimizer = rebuild(saved["optimizer"], "optimizer", custom)
    loss = rebuild(saved["loss"], "loss", custom)
    model.compile(optimizer, loss, [rebuild(metric, "metric", custom) for metric in saved["metrics"]])
    optimizer.iterations = int(saved["iterations"])
    optimizer.batches = int(saved.get("batches", optimizer.batches))
    names = [f"optimizer/{name}" for name in optimizer.vector_names]
    if any(name.startswith("optimizer/") for name in tensors):  # there are none before the first step
        shape, dtype = (count(model.layers),), np.dtype(model.dtype)
        optimizer.slots = {
            slot: expect_tensor(tensors, name, shape, dtype).copy() for slot, name in zip(optimizer.vector_names, names)
        }
    return set(names)


def _checked_classes(custom_objects: Mapping[str, type] | None) -> dict[str, type]:
    for name, cls in (custom_objects or {}).items():
        if not isinstance(cls, type):
            raise TypeError(f"custom_objects expected the class itself for {name!r}, not an object of it, got {cls!r}.")
    return dict(custom_objects or {})


def rebuild_model(description: Mapping[str, Any], custom_objects: Mapping[str, type]) -> Model:
    """Make the model that ``describe_model`` was given, with fresh parameters.

    Raises:
        ModelFileError: if a class is unknown, or the layers do not fit together.
    """
    cls = find_class(description, "model", MODELS, custom_objects)
    layers = [_rebuild_layer(layer, custom_objects) for layer in description["layers"]]
    try:
        if issubclass(cls, Sequential):
            return cls(layers, name=description["name"])
        number = {layer.name: i for i, layer in enumerate(layers)}
        calls = [(number[name], sources, mode[0] if mode else None) for name, sources, *mode in description["tensors"]]
        ends = [description[end] for end in ("inputs", "outputs")]
        wired = wire(Wiring(layers, calls, *([end] if isinstance(end, int) else end for end in ends)))
        inputs, outputs = (ts if isinstance(end, list) else ts[0] for ts, end in zip(wired, ends))
        return cls(inputs, outputs, name=description["name"])
    except Exception as error:  # a user's layer may raise anything
        raise ModelFileError(f"the layers described in the file do not fit together: {error}") from error


def _rebuild_layer(description: Mapping[str, Any], custom_objects: Mapping[str, type]) -> Layer:
    """Make a layer, which may be a model with layers of its own."""
    if description["kind"] != "model":
        layer: Layer = rebuild(description, "layer", custom_objects)
        return layer
    model = rebuild_model(description, custom_objects)
    model._trainable = bool(description["trainable"])
    return model
