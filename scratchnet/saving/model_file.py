"""The model file: a safetensors file whose header holds one JSON text, under the key ``scratchnet``.

Files of weights alone, and of a training that was interrupted, differ from it in the word after "format":

    {"format": "scratchnet model", "format_version": 1, "sha256": "…", "scratchnet_version": …, "model": …, …}

safetensors itself notices a file that is cut short, but not a changed number, so a SHA-256 is taken over the JSON and
all tensors. There is one key only because safetensors writes several in random order, and the same model should
always give the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy

from scratchnet.errors import ModelFileError
from scratchnet.typing import Array
from scratchnet.utils.files import write_atomically

KEY = "scratchnet"
FORMAT = "scratchnet model"
WEIGHTS = "scratchnet weights"
TRAINING = "scratchnet training"
WAYS_TO_READ = {
    FORMAT: "a whole model, which scratchnet.load_model(path) reads",
    WEIGHTS: "weights alone, which model.load_weights(path) reads into a model",
    TRAINING: "a training that was interrupted, which callbacks.BackupAndRestore reads",
}
FORMAT_VERSION = 1
"""Goes up by one whenever files are written that earlier versions of scratchnet would misread."""

FOREIGN = (
    (b"PK\x03\x04", "a zip archive, as Keras's .keras and PyTorch's .pt files are"),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file, as Keras's .h5 files are"),
    (b"\x93NUMPY", "a NumPy .npy file"),
    (b"\x1f\x8b", "a gzip file"),
    (b"\x80\x04", "a pickle, which scratchnet never opens, since it can run any program"),
)


def write_model_file(path: str, content: Mapping[str, Any], tensors: Mapping[str, Array], form: str = FORMAT) -> None:
    """Write a model file: ``content`` must be ready for JSON. See ``write_atomically`` for the errors."""
    write_atomically(path, file_bytes(content, tensors, form))


def file_bytes(content: Mapping[str, Any], tensors: Mapping[str, Array], form: str = FORMAT) -> bytes:
    """Return the bytes of a model file. Nobody may change the tensors meanwhile: the checksum would be of others."""
    head = {"format": form, "format_version": FORMAT_VERSION, **content}
    head["sha256"] = checksum(head, tensors)
    # safetensors' own writer would write in place.
    return safetensors.numpy.save(dict(tensors), metadata={KEY: _canonical_json(head)})


def read_model_file(path: str, forms: Sequence[str] = (FORMAT,)) -> tuple[dict[str, Any], dict[str, Array]]:
    """Return what ``write_model_file`` was given, if it was in one of these forms.

    Raises:
        FileNotFoundError, IsADirectoryError, OSError: if there is no such file, or it cannot be read.
        ModelFileError: if it is not a model file, is damaged, or was written by a newer version. The message is the
            reason alone, to be put behind the path.
    """
    _check_readable(path)
    try:
        with safetensors.safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no mapping
    except safetensors.SafetensorError as error:
        raise ModelFileError(_what_it_is(path, error)) from error
    except (TypeError, KeyError, AttributeError, ValueError) as error:
        raise ModelFileError("it holds numbers of a type that NumPy does not have; it is not a model file") from error
    if KEY not in metadata:
        raise ModelFileError(
            "it is a safetensors file, but not one that scratchnet wrote; model.save(path) writes such files"
        )
    return _checked(metadata[KEY], tensors, forms), tensors


def checksum(head: Mapping[str, Any], tensors: Mapping[str, Array]) -> str:
    """Return the SHA-256 over the JSON, without the checksum in it, and over all tensors by name."""
    digest = hashlib.sha256(_canonical_json({k: v for k, v in head.items() if k != "sha256"}).encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(json.dumps([name, tensor.dtype.str, tensor.shape]).encode())
        digest.update(np.ascontiguousarray(tensor).reshape(-1).view(np.uint8).data)  # tobytes() would copy
    return digest.hexdigest()


def _canonical_json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _checked(text: str, tensors: Mapping[str, Array], forms: Sequence[str]) -> dict[str, Any]:
    """Return the header's JSON once version and checksum are found right."""
    try:
        head = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ModelFileError("its header is damaged: use a copy, or save the model again") from error
    form = head.get("format") if isinstance(head, dict) else None
    if isinstance(form, str) and form in WAYS_TO_READ and form not in forms:
        raise ModelFileError(f"it holds {WAYS_TO_READ[form]}")
    version = head.get("format_version") if form in forms else None
    if type(version) is not int or version < 1:
        raise ModelFileError("its header is damaged: use a copy, or save the model again")
    if version > FORMAT_VERSION:
        # Looked at before the checksum, which the newer format may take in another way.
        raise ModelFileError(
            f"it has format {version}, written by scratchnet {head.get('scratchnet_version', '(unknown)')}, and this "
            f"version reads formats up to {FORMAT_VERSION}: install a newer scratchnet"
        )
    if head.get("sha256") != checksum(head, tensors):
        raise ModelFileError("it is damaged, for its checksum is wrong: use a copy, or save the model again")
    return head


def _check_readable(path: str) -> None:
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(f"Cannot load {path!r}: it is a folder; give the path of the model file in it.")
        if not stat.S_ISREG(mode):
            raise ModelFileError("it is a device or pipe, not an ordinary file")
        with open(path, "rb"):
            pass
    except FileNotFoundError:
        raise FileNotFoundError(
            f"There is no model file {path!r}: check the path, or write one with model.save(path)."
        ) from None
    except PermissionError as error:
        raise PermissionError(f"Cannot load {path!r}: it may not be read; change its permissions.") from error


def _what_it_is(path: str, error: Exception) -> str:
    """Say why a file is not a safetensors file, and what it seems to be instead."""
    with open(path, "rb") as stream:
        start = stream.read(16)
    if not start:
        return "the file is empty: use a copy, or save the model again"
    for magic, name in FOREIGN:
        if start.startswith(magic):
            return f"it is {name}, not a scratchnet model; model.save(path) writes one"
    if start[8:9] == b"{":
        detail = str(error).removeprefix("Error while deserializing header: ")
        return f"it is damaged or cut short ({detail}): use a copy, or save the model again"
    return "it is not a scratchnet model, nor any safetensors file; model.save(path) writes one"


def expect_tensor(tensors: Mapping[str, Array], name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Return a tensor once it is found to have this shape and dtype.

    Raises:
        ModelFileError: if it is missing or differs.
    """
    if name not in tensors:
        raise ModelFileError(f"the tensor {name!r} is missing, which the model described in the file has")
    tensor = tensors[name]
    if tensor.shape != shape or tensor.dtype != dtype:
        raise ModelFileError(
            f"expected {name!r} to be {dtype} of shape {shape}, as the model described in the file has it, got "
            f"{tensor.dtype} of shape {tensor.shape}"
        )
    return tensor
