"""Model files: whole ones with changed bytes, and signed ones whose header or tensors say something else.

What loads must work: it predicts, is saved and loaded again as the same model, and trains if it is compiled. What does
not load must give a ModelFileError of one printable line. The same for weights files, read into a model.
"""

from __future__ import annotations

import math
import random
import tempfile
import warnings
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

import scratchnet as sn
from scratchnet.errors import ModelFileError, NonFiniteError
from scratchnet.saving import read_notes, save_model
from tests.fuzz.headers import header_changed, parts, signed, tensors_changed
from tests.fuzz.model_seeds import MODELS, weights_model
from tests.fuzz.targets import bytes_changed

LARGEST = 1_000_000
"""Numbers in one layer's output for one sample, up to which a model is run."""


@cache
def seeds() -> list[bytes]:
    """Return a file of each model, and one of weights alone."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model"
        files = []
        for make in MODELS:
            _begin()
            save_model(make(), path, notes={"about": "a seed"})
            files.append(path.read_bytes())
        _begin()
        weights_model().save_weights(path)
        return [*files, path.read_bytes()]


def _begin() -> None:
    sn.utils.set_random_seed(0)
    sn.utils.clear_session()
    sn.config.set_backend("numpy")  # files do not depend on it


def mutated(data: bytes, rng: random.Random) -> bytes:
    """Change bytes, or what the file says."""
    try:
        head, tensors = parts(data)
    except Exception:  # it is no whole file any more
        return bytes_changed(data, rng)
    way = rng.randrange(10)
    if way == 0:
        return bytes_changed(data, rng)
    if way < 3:
        tensors = tensors_changed(tensors, rng)
    if way > 1:
        head = header_changed(head, [parts(seed)[0] for seed in seeds()], rng)
    try:
        return signed(head, tensors)
    except Exception:  # names and numbers that safetensors cannot write
        return bytes_changed(data, rng)


def check(data: bytes) -> str:
    """Read a file as a model, or as weights."""
    _begin()
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        path = Path(folder) / "model"
        path.write_bytes(data)
        try:
            if b"scratchnet weights" in data:
                weights_model().load_weights(path)
                return "read"
            model = sn.load_model(path)
        except ModelFileError as error:
            if not str(error).isprintable():
                raise ValueError(f"a message that a terminal would obey: {error!r}") from error
            return "refused"
        _check_works(model, path)
        return "read"


def _check_works(model: Any, path: Path) -> None:
    """See that a loaded model does what a model does, unless it says that this takes a large machine."""
    read_notes(path)
    if max(math.prod(n or 3 for n in tensor.shape[1:]) for tensor in model.graph.flat.tensors) > LARGEST:
        return
    x = [_batch(tensor) for tensor in model.inputs]
    outputs = model(x if len(x) > 1 else x[0], training=False)
    x_given = model.as_inputs_given(x)
    predicted = _listed(model.predict(x_given, verbose=0))
    model.save(path)
    again = sn.load_model(path)
    for here, there in zip(predicted, _listed(again.predict(x_given, verbose=0)), strict=True):
        np.testing.assert_array_equal(here, there)
    if model.optimizer is not None:
        _train(model, x_given, _listed(outputs))
        model.save(path)
        sn.load_model(path)


def _listed(outputs: Any) -> list[Any]:
    return list(outputs.values()) if isinstance(outputs, dict) else outputs if isinstance(outputs, list) else [outputs]


def _batch(tensor: Any) -> Any:
    """Return two samples for an input."""
    return np.ones([2, *(n or 3 for n in tensor.shape[1:])], tensor.dtype)


def _train(model: Any, x: Any, outputs: list[Any]) -> None:
    """Take a step, if there are labels for it: a loss may want classes and a metric of the same output vectors."""
    for sparse in product((False, True), repeat=len(outputs)):
        labels = [np.zeros(y.shape[:-1], "int64") if one else np.zeros_like(y) for one, y in zip(sparse, outputs)]
        try:
            model.fit(x, model.as_outputs_given(labels), batch_size=2, verbose=0)
            return
        except NonFiniteError:  # of weights that were none, or a rate that is no good
            return
        except ValueError as error:
            if "label" not in str(error) and "class" not in str(error):
                raise
