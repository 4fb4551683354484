"""What the page is told: how the network is wired, its weights, the images, and the sources of its layers."""

from __future__ import annotations

import base64
import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from scratchnet.errors import ScratchnetError
from scratchnet.explorer import operations
from scratchnet.explorer.reference import Reference, Step, call_names, checks, sources_of, weight_names
from scratchnet.layers.layer import Layer
from scratchnet.models import Model
from scratchnet.optimizers import Optimizer
from scratchnet.typing import Array
from scratchnet.version import __version__

FORMAT = 1


@dataclass(frozen=True)
class Picture:
    """One image to look at.

    Attributes:
        name: what it is called, such as ``test:17``.
        pixels: (28, 28) uint8.
        label: its class; None if it is not known, then the network's own answer stands for it.
    """

    name: str
    pixels: Array
    label: int | None


def contents(
    model: Model, pictures: Sequence[Picture], x: Array, classes: Sequence[str], title: str, scale: float
) -> dict[str, Any]:
    """Return all that the page needs, ready for JSON.

    Args:
        model: a compiled classifier with one input and one output.
        pictures: the images of the batch.
        x: the same as the model takes them, (N, …).
        classes: what the classes are called.
        title: what the network is called.
        scale: what a pixel of 0…255 is divided by to become a number of ``x``.

    Raises:
        ScratchnetError: if the loss of these images is no finite number, or the model is trained by a loss that the
            page has not.
    """
    loss = operations.describe_loss(model)
    reference = Reference(model)
    probabilities = reference.predict(x)
    answers = probabilities.argmax(axis=1)
    numbers = [int(answer) if one.label is None else one.label for one, answer in zip(pictures, answers)]
    labels = np.array(numbers) if loss["kind"].startswith("Sparse") else np.eye(len(classes))[numbers]
    calls = _calls(reference)
    closed = frozenset(place for place, call in enumerate(calls) if call["closed"])
    step = reference.step(x, labels, closed)
    if not np.isfinite(step.loss):
        raise ScratchnetError(
            f"Expected a network with a finite loss on these images, got {step.loss}: its training may have failed; "
            f"train it again, with a smaller learning rate."
        )
    assert model.optimizer is not None
    return {
        "format": FORMAT,
        "scratchnet": __version__,
        "title": title,
        "classes": list(classes),
        "calls": calls,
        "weights": _weights(model, reference),
        "loss": loss,
        "optimizer": operations.describe_optimizer(model.optimizer),
        "images": {
            "pixels": _encoded(np.stack([one.pixels for one in pictures]).astype(np.uint8)),
            "names": [one.name for one in pictures],
            "labels": numbers,
            "known": [one.label is not None for one in pictures],
            "scale": scale,
            "probabilities": probabilities.tolist(),
        },
        "masks": {name: _encoded((mask != 0).astype(np.uint8)) for name, mask in step.masks.items()},
        "recorded": {name: _array(array) for name, array in _recorded(reference, step, closed).items()},
        "check": {"loss": step.loss, "tensors": checks(reference, x, labels, step)},
        "sources": sources(model),
    }


def _calls(reference: Reference) -> list[dict[str, Any]]:
    graph = reference.graph
    return [
        {
            **operations.describe(tensor),
            "name": name,
            "owner": reference.names[[one.layer for one in graph.tensors].index(tensor.layer)],
            "inputs": sources_of(graph, tensor),
            "shape": list(tensor.shape[1:]),
            "training": tensor.training,
            "source": _file_of(type(tensor.layer)),
        }
        for name, tensor in zip(call_names(graph), graph.tensors)
    ]


def _weights(model: Model, reference: Reference) -> dict[str, Any]:
    """Return every weight by the page's name: its numbers, and those that the optimizer keeps for it."""
    optimizer = model.optimizer
    assert optimizer is not None
    names = weight_names(model.graph, reference.names)
    rate = optimizer.weight_decay or 0.0
    found: dict[str, Any] = {}
    start = 0
    for layer in model.graph.layers:
        for path, leaf, trained in layer.leaves(trainable=model.trainable):
            for weight, array in leaf.own("params").items():
                place = slice(start, start := start + array.size)
                spared = optimizer._is_spared(f"{layer.name}/{path}{weight}")
                if (leaf, weight) in names:
                    slots = {name: _array(slot[place]) for name, slot in optimizer.slots.items()} if trained else {}
                    found[names[leaf, weight]] = {
                        **_array(array),
                        "trained": trained,
                        "decay": 0.0 if spared else rate,
                        "slots": slots,
                    }
    for tensor, name in zip(reference.graph.tensors, reference.names):
        for weight, array in tensor.layer.non_trainable.items():
            if array.dtype.kind == "f" and "#" not in name:
                found[f"{name}:{weight}"] = {**_array(array), "trained": False, "decay": 0.0, "slots": {}}
    return found


def _recorded(reference: Reference, step: Step, closed: frozenset[int]) -> dict[str, Array]:
    """Return what the page takes from Python: the outputs and gradients of closed layers, weights' gradients too."""
    owners = {reference.names[place] for place in closed}
    gradients = {
        name: array
        for name, array in step.tensors.items()
        if name.split(":")[0] in owners and name.split(":")[1] not in ("y", "dy")
    }
    return {**step.closed, **{name: array for name, array in gradients.items() if ":new." not in name}}


def _array(array: Array) -> dict[str, Any]:
    kind = "float32" if array.dtype == np.float32 else "float64"
    return {"shape": list(array.shape), "dtype": kind, "data": _encoded(array.astype(kind))}


def _encoded(array: Array) -> str:
    """Return the bytes of an array, little-endian, in base64."""
    return base64.b64encode(np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes()).decode("ascii")


def sources(model: Model) -> dict[str, Any]:
    """Return the sources that the page shows, by name: of the layers their files, of the others their classes."""
    found: dict[str, Any] = {}
    for tensor in model.graph.flat.tensors:
        layer: Layer = tensor.layer
        module = inspect.getmodule(type(layer))
        if module is not None and type(layer).__module__.startswith("scratchnet."):
            found[_file_of(type(layer))] = {"start": 1, "text": inspect.getsource(module)}
        function = getattr(layer, "activation", None)
        if function is not None and type(function).__module__.startswith("scratchnet."):
            found[type(function).__name__] = _class_source(type(function))
    for cls in type(model.optimizer).__mro__:
        if cls.__module__.startswith("scratchnet.") and cls is not Optimizer:
            found[cls.__name__] = _class_source(cls)
    loss_module = inspect.getmodule(type(model.loss))
    if loss_module is not None:
        found[_file_of(type(model.loss))] = {"start": 1, "text": inspect.getsource(loss_module)}
    return {name: {**source, "file": source.get("file", name)} for name, source in found.items()}


def _class_source(cls: type) -> dict[str, Any]:
    lines, start = inspect.getsourcelines(cls)
    return {"start": start, "text": "".join(lines), "file": _file_of(cls)}


def _file_of(cls: type) -> str:
    """Return the file of a class as the page names it: ``layers/conv2d.py``."""
    return cls.__module__.removeprefix("scratchnet.").replace(".", "/") + ".py"
