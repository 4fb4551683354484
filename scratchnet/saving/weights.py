"""Weights alone, without how the model is built: a safetensors file whose tensors are ``<layer>/<variable>``.

What is read may also be a whole model's file. Layers of file and model are matched in their order, so that names do not
matter, or by name, so that order does not, and a model may have layers that the file has not.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from scratchnet.errors import ModelFileError
from scratchnet.graph.network import Network
from scratchnet.saving.model_file import FORMAT, WEIGHTS, read_model_file, write_model_file
from scratchnet.saving.save import explained
from scratchnet.saving.snapshot import copied, one_instant
from scratchnet.typing import Array
from scratchnet.utils.files import file_path, refuse_overwriting
from scratchnet.utils.numbers import true_or_false
from scratchnet.version import __version__

Layers = dict[str, dict[str, Array]]
"""For each layer its variables by name."""


def save_weights(model: Network, path: str | os.PathLike[str], overwrite: bool = True) -> None:
    """Write all variables of a model; see ``Model.save_weights``."""
    path = file_path("path of save_weights", path)
    _expect_built(model, f"save_weights to {path!r}")
    refuse_overwriting("save_weights", path, overwrite)
    with one_instant(model):
        weights = copied(model.named_weights)
    write_model_file(path, {"scratchnet_version": __version__, "variables": list(weights)}, weights, WEIGHTS)


def load_weights(
    model: Network, path: str | os.PathLike[str], skip_mismatch: bool = False, by_name: bool = False
) -> None:
    """Read variables into a model; see ``Model.load_weights``."""
    path = file_path("path of load_weights", path)
    skip_mismatch = true_or_false("skip_mismatch of load_weights", skip_mismatch)
    by_name = true_or_false("by_name of load_weights", by_name)
    _expect_built(model, f"load_weights from {path!r}")
    with explained(path):
        here, there = _by_layer(model.named_weights), _read(path)
        problems, fitting = [], []
        for name, variables, found in _matched(here, there, by_name):
            problem = _difference(variables, found)
            if problem is None:
                fitting.append((variables, found))
            else:
                problems.append(f"layer {name!r} {problem}")
        if problems and not skip_mismatch:
            advice = "skip_mismatch=True leaves such layers as they are"
            raise ModelFileError(f"{'; '.join(problems)}: nothing was loaded; {advice}")
        if by_name and not fitting and not problems:
            raise ModelFileError(f"it has no layer of the names {', '.join(map(repr, here))}, got {_names(there)}")
    for problem in problems:
        warnings.warn(f"load_weights from {path!r} left a layer as it was: {problem}.", stacklevel=3)
    with one_instant(model):
        for variables, found in fitting:
            for name, array in variables.items():
                array[...] = found[name]


def _expect_built(model: Network, what: str) -> None:
    if not model.built:
        raise ValueError(
            f"{what} expected a model with weights, but the Sequential model {model.name!r} is not built yet: begin it "
            f"with Input(shape), call build((None, …)), or fit it first."
        )


def _read(path: str) -> Layers:
    """Return what a file of weights or of a whole model holds, its layers in order."""
    content, tensors = read_model_file(path, (WEIGHTS, FORMAT))
    if content["format"] == FORMAT:
        prefix = "weights/"
        tensors = {name.removeprefix(prefix): a for name, a in tensors.items() if name.startswith(prefix)}
    try:
        names = content.get("variables")
        if names is None:  # as files of whole models were before they said it
            order = {layer["name"]: place for place, layer in enumerate(content["model"]["layers"])}
            names = sorted(tensors, key=lambda name: order[_layer_of(name)])
        return _by_layer({name: tensors[name] for name in names})
    except (LookupError, TypeError, ValueError) as error:
        raise ModelFileError(f"its list of variables makes no sense ({error!r})") from error


def _by_layer(variables: Mapping[str, Array]) -> Layers:
    layers: Layers = {}
    for name, array in variables.items():
        layers.setdefault(_layer_of(name), {})[name.partition("/")[2]] = array
    return layers


def _layer_of(name: str) -> str:
    return name.partition("/")[0]


Match = tuple[str, Mapping[str, Array], Mapping[str, Array]]


def _matched(here: Layers, there: Layers, by_name: bool) -> Iterator[Match]:
    """Yield the name of each layer of the model, its variables, and those of the layer that it gets."""
    if by_name:
        yield from ((name, here[name], there[name]) for name in here if name in there)
        return
    pairs: Iterable[Any] = zip(here.items(), there.values())
    yield from ((name, variables, found) for (name, variables), found in pairs)
    for name in list(here)[len(there) :]:
        yield name, here[name], {}
    for name in list(there)[len(here) :]:
        yield name, {}, there[name]


def _difference(variables: Mapping[str, Array], found: Mapping[str, Array]) -> str | None:
    """Return what does not fit between a layer's variables and those found for it; None if they fit."""
    if {name: array.shape for name, array in variables.items()} == {name: a.shape for name, a in found.items()}:
        return None
    return f"expected {_shapes(variables)}, got {_shapes(found)}"


def _shapes(variables: Mapping[str, Array]) -> str:
    return ", ".join(f"{name} {array.shape}" for name, array in variables.items()) or "nothing"


def _names(layers: Layers) -> str:
    return ", ".join(map(repr, layers)) or "none"
