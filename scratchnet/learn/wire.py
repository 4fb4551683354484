"""How the grader and the process that runs a learner's code talk: JSON and the bytes of arrays, and nothing that acts.

Unpickling what a process sends would run whatever it likes. Here a message is its length, a line of JSON in which
each array is a note of its dtype and shape, and the arrays' bytes one after the other.
"""

from __future__ import annotations

import json
import math
import os
import struct
from collections.abc import Callable
from typing import Any

import numpy as np

LONGEST = 256 * 2**20
"""Messages of more bytes are refused: nothing that is graded is as large."""

_LENGTHS = struct.Struct("<II")
_KINDS = "biuf"


class WireError(ValueError):
    """What arrived is no message."""


def encode(message: Any) -> bytes:
    """Return a message of dictionaries, lists, strings, numbers, None and arrays as bytes.

    Raises:
        TypeError: if it has anything else in it; the message of the error says what.
    """
    arrays: list[bytes] = []
    text = json.dumps(_without_arrays(message, arrays)).encode()
    body = b"".join(arrays)
    return _LENGTHS.pack(len(text), len(body)) + text + body


def decode(read: Callable[[int], bytes]) -> Any:
    """Return the next message; ``read(n)`` returns exactly n bytes.

    Raises:
        WireError: if that is not a message.
    """
    text_length, body_length = _LENGTHS.unpack(read(_LENGTHS.size))
    if text_length + body_length > LONGEST:
        raise WireError("a message longer than any answer")
    try:
        message = json.loads(read(text_length))
        body = memoryview(read(body_length))
        return _with_arrays(message, body)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise WireError(str(error)) from error


def write_all(descriptor: int, content: bytes) -> None:
    """Write all of ``content``, however little a pipe takes at a time."""
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]


def _without_arrays(value: Any, arrays: list[bytes]) -> Any:
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, dict):
        return {"d": [[key, _without_arrays(part, arrays)] for key, part in value.items()]}
    if isinstance(value, (list, tuple)):
        return [_without_arrays(part, arrays) for part in value]
    if isinstance(value, (np.ndarray, np.generic)):
        array = np.asarray(value)
        if array.dtype.kind not in _KINDS:
            raise TypeError(f"an array of {array.dtype}")
        arrays.append(np.ascontiguousarray(array).tobytes())
        return {"a": [array.dtype.str, list(array.shape), sum(map(len, arrays[:-1]))]}
    raise TypeError(f"a {type(value).__name__}")


def _with_arrays(value: Any, body: memoryview) -> Any:
    if isinstance(value, list):
        return [_with_arrays(part, body) for part in value]
    if not isinstance(value, dict):
        return value
    if "d" in value:
        return {key: _with_arrays(part, body) for key, part in value["d"]}
    code, shape, start = value["a"]
    dtype = np.dtype(code)
    if dtype.kind not in _KINDS:
        raise WireError(f"an array of {dtype}")
    count = math.prod(shape)
    return np.frombuffer(body[start : start + count * dtype.itemsize], dtype, count).reshape(shape).copy()
