"""Save a model: what goes into the file. ``models/loading.py`` makes a model of it again, with the same bits."""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from types import NoneType
from typing import Any

import numpy as np

from scratchnet.errors import ModelFileError
from scratchnet.graph.network import Network
from scratchnet.graph.parameters import count
from scratchnet.graph.targets import Target
from scratchnet.layers.variables import found_in
from scratchnet.saving.architecture import describe_model
from scratchnet.saving.lost import check_nothing_is_lost
from scratchnet.saving.model_file import read_model_file
from scratchnet.saving.objects import describe
from scratchnet.saving.snapshot import Snapshot, copied, one_instant
from scratchnet.typing import Array
from scratchnet.utils.arguments import arguments_by_name
from scratchnet.utils.files import file_path, refuse_overwriting, write_atomically
from scratchnet.utils.numbers import printable, shown
from scratchnet.utils.random import SeedGenerator
from scratchnet.version import __version__


@arguments_by_name
def save_model(
    model: Network,
    filepath: str | os.PathLike[str],
    overwrite: bool = True,
    *,
    notes: Mapping[str, str] | None = None,
) -> None:
    """Write architecture, parameters, compile settings and optimizer state to one safetensors file.

    The tensors are ``weights/<layer>/<variable>``, ``random/<layer>/<generator>`` and ``optimizer/<vector>``; all else
    is JSON in the header. Weights that are NaN or infinite are saved with a warning.
    The file is written beside its place and moved there when it is whole. While another thread trains the model, it
    gets what the model is between two of its steps.

    Args:
        model: any model that is built, compiled or not.
        filepath: where to.
        overwrite: whether a file that is there may be replaced.
        notes: texts to keep with the model, such as what it was trained on; see ``read_notes``.

    Raises:
        ValueError: if the model is not built, or a layer of your own keeps numbers that would be lost.
        TypeError: if the ``get_config`` of a class of your own does not return the arguments that make it again.
        FileExistsError: if there is a file, and ``overwrite`` is False.
        OSError: if the file cannot be written.
    """
    path = file_path("path of save_model", filepath)
    refuse_overwriting("save_model", path, overwrite)
    snapshot = model_snapshot(model, notes)
    weights = {name: array for name, array in snapshot.tensors.items() if name.startswith("weights/")}
    _warn_if_not_finite(weights, path)
    write_atomically(path, snapshot.to_bytes())


def model_snapshot(model: Network, notes: Mapping[str, str] | None = None) -> Snapshot:
    """Return what ``save_model`` writes, as it is between two steps, whatever trains the model at the time.

    Raises:
        ValueError, TypeError: as ``save_model``.
    """
    _expect_built(model)
    with one_instant(model):
        content = model_content(model, notes)
        weights = {f"weights/{name}": array for name, array in model.named_weights.items()}
        tensors = copied(weights | random_states(model) | optimizer_vectors(model))
    for layer in model.graph.flat.layers:
        check_nothing_is_lost(layer)
    return Snapshot(content, tensors)


def model_content(model: Network, notes: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return what a model's file says beside the tensors: how the model is built and compiled, and notes.

    Raises:
        TypeError: as ``save_model``.
    """
    return {
        "scratchnet_version": __version__,
        "model": describe_model(model),
        "variables": list(model.named_weights),
        "compiled": describe_compiled(model),
        "notes": checked_notes(notes),
    }


def _expect_built(model: Network) -> None:
    if not hasattr(model, "graph") and not getattr(model, "is_sequential", False):
        raise TypeError(f"save_model expected a Model, got {shown(model)}.")
    if not model.built or not model.layers:
        raise ValueError(
            f"Cannot save the Sequential model {model.name!r}: it is not built yet; begin it with Input(shape), call "
            f"build((None, …)), or fit it first."
        )


def read_notes(path: str | os.PathLike[str]) -> dict[str, str]:
    """Return the ``notes`` that a model was saved with; empty if there were none.

    Raises:
        FileNotFoundError, OSError, ModelFileError: as for ``load_model``.
    """
    path = file_path("path of read_notes", path)
    with explained(path):
        content, _ = read_model_file(path)
        return notes_in(content)


def notes_in(content: Mapping[str, Any]) -> dict[str, str]:
    """Return the notes in a file's header.

    Raises:
        ModelFileError: if they are something else than texts by name.
    """
    notes = content.get("notes", {})
    if not isinstance(notes, dict) or not all(isinstance(text, str) for text in notes.values()):
        raise ModelFileError(f"its notes should be texts by name, got {shown(notes)}")
    return notes


def describe_compiled(model: Network) -> dict[str, Any] | None:
    """Return what a model was compiled with, and how far its optimizer has come; None if it is not compiled."""
    if not model.targets or model.optimizer is None:
        return None
    accumulates = model.optimizer.gradient_accumulation_steps
    return {
        **describe_settings(model),
        "iterations": model.optimizer.iterations,
        **({"batches": model.optimizer.batches} if accumulates else {}),
    }


def describe_settings(model: Network) -> dict[str, Any]:
    """Return what a compiled model was compiled with, ready for JSON.

    Raises:
        TypeError: if a loss or metric cannot be described.
    """
    assert model.optimizer is not None
    model.optimizer.name_spared(model.params)
    return {
        **_describe_targets(model.targets),
        "optimizer": describe(model.optimizer),
    }


def _describe_targets(targets: Sequence[Target]) -> dict[str, Any]:
    """Return loss and metrics as they have always been written for one output, and a list of all that differ."""
    each = [
        {
            "output": target.output,
            "loss": None if target.loss is None else describe(target.loss),
            "weight": target.weight,
            "metrics": [describe(metric) for metric in target.metrics],
            "weighted_metrics": [describe(metric) for metric in target.weighted_metrics],
            "turn": target.turn,
        }
        for target in targets
    ]
    first = each[0]
    if len(each) == 1 and first["weight"] == 1 and not first["weighted_metrics"]:
        return {"loss": first["loss"], "metrics": first["metrics"]}
    return {"targets": each}


def random_states(model: Network) -> dict[str, Array]:
    """Return the states of all layers' random numbers, the arrays themselves."""
    return {
        f"random/{layer.name}/{path}{attribute}": generator.state
        for layer in model.layers
        for path, leaf, _ in layer.leaves()
        for attribute, generator in found_in(leaf, SeedGenerator)
    }


def not_finite(tensors: Mapping[str, Array]) -> list[str]:
    """Return the names of the arrays that hold NaN or infinity."""
    return [name for name, array in tensors.items() if not np.isfinite(array).all()]


def _warn_if_not_finite(tensors: Mapping[str, Array], path: str) -> None:
    broken = not_finite(tensors)
    if broken:
        old = " in place of the file that was there" if os.path.exists(path) else ""
        warnings.warn(
            f"The model saved to {path!r}{old} expected finite numbers, got NaN or infinity in "
            f"{broken[0].removeprefix('weights/')} ({len(broken)} of {len(tensors)} arrays): it can predict nothing.",
            stacklevel=4,
        )


def optimizer_vectors(model: Network) -> dict[str, Array]:
    """Return the optimizer's vectors, the arrays themselves; none before the first step."""
    slots = model.optimizer.slots if model.optimizer is not None else {}
    size = count(model.layers)
    if any(len(vector) != size for vector in slots.values()):
        return {}  # of a model that has got other layers since: the next step would begin with new vectors, too
    return {f"optimizer/{name}": vector for name, vector in slots.items()}


def checked_notes(notes: Any) -> dict[str, str]:
    """Return notes as a dictionary; raise a TypeError unless all of them are texts."""
    if not isinstance(notes, (Mapping, NoneType)):
        raise TypeError(f"notes expected a dict of strings, got {shown(notes)}.")
    notes = dict(notes or {})
    for key, text in notes.items():
        if not (isinstance(key, str) and isinstance(text, str)):
            raise TypeError(f"notes expected strings as keys and values, got {shown(key)}: {shown(text)}.")
    return notes


@contextlib.contextmanager
def explained(path: str) -> Iterator[None]:
    """Put the path before a reason that the file cannot be loaded."""
    try:
        yield
    except ModelFileError as error:
        reason = printable(str(error)).removesuffix(".")
        raise ModelFileError(f"Cannot load {path!r}: {reason}.") from error
