"""A running ``fit`` in a file: what the model is in the middle of training, and what the training loop adds to it.

The tensors are those of a saved model, ``weights/…``, ``random/…`` and ``optimizer/…``, and ``run/<number>`` for the
arrays of the loop's own state, which is JSON in the header otherwise. How the model is built is not in it; but the file
of a whole model may have all of it, too, under the key ``training``: such a file can be loaded, and gone on with.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from scratchnet.errors import ModelFileError
from scratchnet.graph.network import Network
from scratchnet.saving.model_file import FORMAT, TRAINING, read_model_file
from scratchnet.saving.save import explained, optimizer_vectors, random_states
from scratchnet.saving.snapshot import Snapshot, copied, one_instant
from scratchnet.typing import Array
from scratchnet.utils.numbers import real_number, shown, whole_number
from scratchnet.version import __version__

_ARRAY, _TUPLE = "!array", "!tuple"  # what JSON has no word for


def training_snapshot(model: Network, run: Mapping[str, Any]) -> Snapshot:
    """Return what goes into the file: the model as it is now, and ``run``.

    Raises:
        TypeError: for anything in ``run`` but numbers, words and arrays, in lists, tuples and dictionaries.
    """
    assert model.optimizer is not None
    arrays: list[Array] = []
    packed = _pack(run, arrays, "the state of a run")
    with one_instant(model):
        content = {
            "scratchnet_version": __version__,
            "run": packed,
            "batches": model.optimizer.batches,
            "iterations": model.optimizer.iterations,
            "learning_rate": None if model.optimizer.has_schedule else model.optimizer.learning_rate,
        }
        tensors = model_arrays(model) | {f"run/{number}": array for number, array in enumerate(arrays)}
        return Snapshot(content, copied(tensors), TRAINING)


def with_model(training: Snapshot, content: Mapping[str, Any]) -> Snapshot:
    """Return a snapshot for one file of both: a model, whose ``model_content`` this is, and its training.

    The content may have been made earlier in the same training: the number of steps is set right.
    """
    compiled = {**content["compiled"], "iterations": training.content["iterations"]}
    parts = {key: training.content[key] for key in ("run", "batches", "learning_rate")}
    return Snapshot({**content, "compiled": compiled, "training": parts}, training.tensors)


def read_training_state(model: Network, path: str) -> tuple[dict[str, Any], Callable[[], None]] | None:
    """Return what ``training_snapshot`` was given, and what puts the model's part of it in its place.

    None if there is no file. Nothing has been changed before the function is called.

    Raises:
        ModelFileError: if the file is damaged, or of another model.
    """
    if not os.path.exists(path):
        return None
    optimizer = model.optimizer
    assert optimizer is not None
    with explained(path):
        content, tensors = read_model_file(path, (TRAINING, FORMAT))
        if content["format"] == FORMAT:
            if "training" not in content:
                raise ModelFileError("it holds a model alone, and nothing of a training that could go on")
            content = content["training"]
        here = model_arrays(model)
        kinds, kinds_there = (
            {name: f"{a.dtype} {a.shape}" for name, a in arrays.items() if not name.startswith("run/")}
            for arrays in (here, tensors)
        )
        for name in sorted(kinds.keys() | kinds_there.keys()):
            if kinds.get(name) != kinds_there.get(name):
                raise ModelFileError(
                    f"it is of another model: expected {name!r} to be {kinds.get(name, 'absent')}, got "
                    f"{kinds_there.get(name, 'none')}"
                )
        run = _checked(content, tensors)

    def put_back() -> None:
        with one_instant(model):
            for name, array in here.items():
                array[...] = tensors[name]
            optimizer.batches = content["batches"]
            if content["learning_rate"] is not None:
                optimizer.learning_rate = content["learning_rate"]

    return run, put_back


def _checked(content: Any, tensors: Mapping[str, Array]) -> dict[str, Any]:
    """Return the state of the loop; raise a ModelFileError unless the file's header makes sense."""
    try:
        whole_number("batches of the optimizer", content["batches"], 0)
        if content["learning_rate"] is not None:
            real_number("learning_rate of the optimizer", content["learning_rate"], 0)
        run = _unpack(content["run"], tensors)
    except (LookupError, TypeError, ValueError) as error:
        raise ModelFileError(f"its state of a training makes no sense ({error!r})") from error
    if not isinstance(run, dict) or not run.keys() >= {"settings", "epoch"}:
        raise ModelFileError(f"its state of a training makes no sense, got {shown(run)}")
    return run


def model_arrays(model: Network) -> dict[str, Array]:
    """Return the arrays that training changes, themselves, by their names in the file."""
    weights = {f"weights/{name}": array for name, array in model.named_weights.items()}
    return weights | random_states(model) | optimizer_vectors(model)


def _pack(value: Any, arrays: list[Array], where: str) -> Any:
    """Return a value as JSON can hold it; its arrays go to ``arrays``."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        arrays.append(np.ascontiguousarray(value))
        return {_ARRAY: len(arrays) - 1}
    if isinstance(value, (list, tuple)):
        packed = [_pack(part, arrays, where) for part in value]
        return packed if isinstance(value, list) else {_TUPLE: packed}
    if isinstance(value, dict) and all(isinstance(key, str) and not key.startswith("!") for key in value):
        return {key: _pack(part, arrays, f"{key!r} of {where}") for key, part in value.items()}
    raise TypeError(
        f"Cannot save {where}: a backup holds numbers, words and arrays, alone or in lists, tuples and dictionaries "
        f"with words as keys, got {shown(value)}."
    )


def _unpack(value: Any, tensors: Mapping[str, Array]) -> Any:
    if isinstance(value, list):
        return [_unpack(part, tensors) for part in value]
    if not isinstance(value, dict):
        return value
    if _ARRAY in value:
        return tensors[f"run/{value[_ARRAY]}"]
    if _TUPLE in value:
        return tuple(_unpack(part, tensors) for part in value[_TUPLE])
    return {key: _unpack(part, tensors) for key, part in value.items()}
