"""Save a model, and load it again as it was: it predicts the same numbers and goes on training with the same bits."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

import scratchnet
from scratchnet.errors import ModelFileError
from scratchnet.models import Model
from scratchnet.saving.architecture import describe_model, rebuild_model
from scratchnet.saving.model_file import expect_tensor, read_model_file, write_model_file
from scratchnet.saving.objects import describe, rebuild
from scratchnet.typing import Array
from scratchnet.utils import naming, random


def save_model(model: Model, path: str | os.PathLike[str], notes: Mapping[str, str] | None = None) -> None:
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
    if not isinstance(model, Model):
        raise TypeError(f"save_model expected a Model, got {model!r}.")
    content = {
        "scratchnet_version": scratchnet.__version__,
        "model": describe_model(model),
        "compiled": _describe_compiled(model),
        "notes": _checked_notes(notes),
    }
    tensors = {f"weights/{name}": param for name, param in model.params.items()}
    write_model_file(os.fspath(path), content, tensors | _optimizer_vectors(model))


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
    with _explained(path), _global_state_kept():
        content, tensors = read_model_file(path)
        try:
            model = rebuild_model(content["model"], custom)
            _load_weights(model, tensors)
            expected = {f"weights/{name}" for name in model.params}
            if content["compiled"] is not None:
                expected |= _load_compiled(model, content["compiled"], tensors, custom)
        except ModelFileError:
            raise
        except Exception as error:  # whatever a header that nobody's save_model wrote may lead to
            raise ModelFileError(f"its description of the model makes no sense ({error!r})") from error
        if unexpected := sorted(tensors.keys() - expected):
            raise ModelFileError(f"the tensor {unexpected[0]!r} belongs to no part of the model described in the file")
        return model


def read_notes(path: str | os.PathLike[str]) -> dict[str, str]:
    """Return the ``notes`` that a model was saved with; empty if there were none.

    Raises:
        FileNotFoundError, OSError, ModelFileError: as for ``load_model``.
    """
    path = os.fspath(path)
    with _explained(path):
        content, _ = read_model_file(path)
        return _checked_notes(content.get("notes"))


def _describe_compiled(model: Model) -> dict[str, Any] | None:
    if model.loss is None or model.optimizer is None:
        return None
    return {
        "loss": describe(model.loss),
        "optimizer": describe(model.optimizer),
        "iterations": model.optimizer.iterations,
        "metrics": [describe(metric) for metric in model.metrics],
    }


def _optimizer_vectors(model: Model) -> dict[str, Array]:
    slots = model.optimizer.slots if model.optimizer is not None else {}
    size = model.count_params()
    if any(len(vector) != size for vector in slots.values()):
        return {}  # of a model that has got other layers since: the next step would begin with new vectors, too
    return {f"optimizer/{name}": vector for name, vector in slots.items()}


def _load_weights(model: Model, tensors: Mapping[str, Array]) -> None:
    for name, param in model.params.items():
        param[...] = expect_tensor(tensors, f"weights/{name}", param.shape, param.dtype)


def _load_compiled(
    model: Model, saved: Mapping[str, Any], tensors: Mapping[str, Array], custom: Mapping[str, type]
) -> set[str]:
    """Compile the model as it was, and return the names of the optimizer's tensors."""
    optimizer = rebuild(saved["optimizer"], "optimizer", custom)
    loss = rebuild(saved["loss"], "loss", custom)
    model.compile(optimizer, loss, [rebuild(metric, "metric", custom) for metric in saved["metrics"]])
    optimizer.iterations = int(saved["iterations"])
    names = [f"optimizer/{name}" for name in optimizer.slot_names]
    if any(name.startswith("optimizer/") for name in tensors):  # there are none before the first step
        shape, dtype = (model.count_params(),), np.dtype(model.dtype)
        optimizer.slots = {
            slot: expect_tensor(tensors, name, shape, dtype).copy() for slot, name in zip(optimizer.slot_names, names)
        }
    return set(names)


def _checked_classes(custom_objects: Mapping[str, type] | None) -> dict[str, type]:
    for name, cls in (custom_objects or {}).items():
        if not isinstance(cls, type):
            raise TypeError(f"custom_objects expected the class itself for {name!r}, not an object of it, got {cls!r}.")
    return dict(custom_objects or {})


def _checked_notes(notes: Any) -> dict[str, str]:
    notes = dict(notes or {})
    for key, text in notes.items():
        if not (isinstance(key, str) and isinstance(text, str)):
            raise TypeError(f"notes expected strings as keys and values, got {key!r}: {text!r}.")
    return notes


@contextlib.contextmanager
def _explained(path: str) -> Iterator[None]:
    """Put the path before a reason that the file cannot be loaded."""
    try:
        yield
    except ModelFileError as error:
        raise ModelFileError(f"Cannot load {path!r}: {str(error).removesuffix('.')}.") from error


@contextlib.contextmanager
def _global_state_kept() -> Iterator[None]:
    """Let layers be made without counting up the automatic names or drawing from the global seed."""
    names, seeds = naming._names_given.copy(), random._seeds
    random._seeds = np.random.SeedSequence(0)  # the initial values are overwritten at once
    try:
        yield
    finally:
        random._seeds = seeds
        naming._names_given.clear()
        naming._names_given.update(names)
