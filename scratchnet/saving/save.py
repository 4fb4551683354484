"""Save a model: what goes into the file. ``models/loading.py`` makes a model of it again, with the same bits."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from typing import Any

from scratchnet.errors import ModelFileError
from scratchnet.graph.network import Network
from scratchnet.saving.architecture import describe_model
from scratchnet.saving.model_file import read_model_file, write_model_file
from scratchnet.saving.objects import describe
from scratchnet.typing import Array
from scratchnet.version import __version__


def save_model(model: Network, path: str | os.PathLike[str], notes: Mapping[str, str] | None = None) -> None:
    """Write architecture, parameters, compile settings and optimizer state to one safetensors file.

    The tensors are ``weights/<layer>/<parameter>`` and ``optimizer/<vector>``; all else is JSON in the header.
    The file is written beside its place and moved there when it is whole.

    Args:
        model: any model that is built, compiled or not.
        path: where to; a file that is there is replaced.
        notes: texts to keep with the model, such as what it was trained on; see ``read_notes``.

    Raises:
        ValueError: if the model is not built.
        TypeError: if the ``get_config`` of a class of your own does not return the arguments that make it again.
        OSError: if the file cannot be written.
    """
    if not hasattr(model, "graph") and not getattr(model, "is_sequential", False):
        raise TypeError(f"save_model expected a Model, got {model!r}.")
    content = {
        "scratchnet_version": __version__,
        "model": describe_model(model),
        "compiled": _describe_compiled(model),
        "notes": checked_notes(notes),
    }
    tensors = {f"weights/{name}": param for name, param in model.params.items()}
    write_model_file(os.fspath(path), content, tensors | _optimizer_vectors(model))


def read_notes(path: str | os.PathLike[str]) -> dict[str, str]:
    """Return the ``notes`` that a model was saved with; empty if there were none.

    Raises:
        FileNotFoundError, OSError, ModelFileError: as for ``load_model``.
    """
    path = os.fspath(path)
    with explained(path):
        content, _ = read_model_file(path)
        return checked_notes(content.get("notes"))


def _describe_compiled(model: Network) -> dict[str, Any] | None:
    if model.loss is None or model.optimizer is None:
        return None
    return {
        "loss": describe(model.loss),
        "optimizer": describe(model.optimizer),
        "iterations": model.optimizer.iterations,
        "metrics": [describe(metric) for metric in model.metrics],
    }


def _optimizer_vectors(model: Network) -> dict[str, Array]:
    slots = model.optimizer.slots if model.optimizer is not None else {}
    size = model.count_params()
    if any(len(vector) != size for vector in slots.values()):
        return {}  # of a model that has got other layers since: the next step would begin with new vectors, too
    return {f"optimizer/{name}": vector for name, vector in slots.items()}


def checked_notes(notes: Any) -> dict[str, str]:
    """Return notes as a dictionary; raise a TypeError unless all of them are texts."""
    notes = dict(notes or {})
    for key, text in notes.items():
        if not (isinstance(key, str) and isinstance(text, str)):
            raise TypeError(f"notes expected strings as keys and values, got {key!r}: {text!r}.")
    return notes


@contextlib.contextmanager
def explained(path: str) -> Iterator[None]:
    """Put the path before a reason that the file cannot be loaded."""
    try:
        yield
    except ModelFileError as error:
        raise ModelFileError(f"Cannot load {path!r}: {str(error).removesuffix('.')}.") from error
