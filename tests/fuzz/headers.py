"""The parts of a model file, changed in ways that keep it one: its JSON, its tensors, and the checksum made right."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import safetensors.numpy

from scratchnet.saving.model_file import KEY, checksum

Parts = tuple[dict[str, Any], dict[str, Any]]
"""The header's JSON, and the tensors."""

STRANGE: tuple[Any, ...] = (
    None, True, False, 0, 1, 2, -1, -1_000_000, 4_000_000, 2**31, 2**63, 10**30, 0.5, -0.5, 1e308, 1e-320,
    float("nan"), float("inf"), "", "a", "a/b", "\x1b[2J\n", "Dense", "float64", "int32", "max_norm", [], {}, [[]],
    [1, 1], {"!tuple": []}, {"!tuple": [3, 3]}, {"!object": {}}, {"!object": 3},
)  # fmt: skip


def parts(data: bytes) -> Parts:
    """Take a file apart that is whole."""
    head = json.loads(json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])["__metadata__"][KEY])
    return head, safetensors.numpy.load(data)


def signed(head: dict[str, Any], tensors: dict[str, Any]) -> bytes:
    """Put a file together again."""
    head = {**head, "sha256": checksum(head, tensors)}
    return bytes(safetensors.numpy.save(tensors, metadata={KEY: json.dumps(head)}))


def header_changed(head: Any, others: Sequence[Any], rng: random.Random) -> Any:
    """Return the JSON with a few places changed; ``others`` are headers that parts may be taken from."""
    head = copy.deepcopy(head)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        places = _places(head) if isinstance(head, (dict, list)) else []
        if not places:
            return head
        holder, key = rng.choice(places)
        way, here = rng.randrange(8), holder[key]
        if way == 0:
            holder[key] = copy.deepcopy(rng.choice(STRANGE))
        elif way == 1 and isinstance(here, (int, float)) and not isinstance(here, bool):
            holder[key] = rng.choice((here + 1, here - 1, -here, here * 2, here / 2, here * 1_000_000))
        elif way == 2:
            del holder[key]
        elif way == 3 and isinstance(holder, list):
            holder.insert(key, copy.deepcopy(here))
        elif way == 4 and isinstance(holder, dict):
            holder[rng.choice((*holder, "a", "!object", "!tuple"))] = holder.pop(key)
        elif way == 5:
            there, other = rng.choice(places)
            holder[key], there[other] = copy.deepcopy(there[other]), copy.deepcopy(here)
        else:  # what another place says that has the same name, or any other place
            found = [there[other] for there, other in _places(rng.choice(others)) if way == 6 or other == key]
            holder[key] = copy.deepcopy(rng.choice(found or [None]))
    return head


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Return every place in a tree of JSON, as a list or dictionary and a key."""
    places: list[tuple[Any, Any]] = []
    holders = [value]
    while holders:
        holder = holders.pop()
        keys = list(holder) if isinstance(holder, dict) else range(len(holder))
        places += [(holder, key) for key in keys]
        holders += [holder[key] for key in keys if isinstance(holder[key], (dict, list))]
    return places


def tensors_changed(tensors: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """Return the tensors with one that is missing, renamed, of another shape or dtype, or of other numbers."""
    changed = dict(tensors)
    if not changed:
        return {"a": np.zeros(3, "float32")}
    name = rng.choice(sorted(changed))
    array, way = changed[name], rng.randrange(6)
    if way == 0:
        del changed[name]
    elif way == 1:
        changed[rng.choice((*changed, "a", "weights/a", "random/a/b", "optimizer/a"))] = changed.pop(name)
    elif way == 2:
        with np.errstate(all="ignore"):
            changed[name] = array.astype(rng.choice(("float64", "float16", "int8", "uint64", "bool")))
    elif way == 3:
        changed[name] = np.zeros(rng.choice(((), (0,), (1,), (*array.shape, 1), array.shape[::-1])), array.dtype)
    elif way == 4:
        with np.errstate(all="ignore"):
            changed[name] = np.full_like(array, rng.choice((np.nan, np.inf, -1e30)) if array.dtype.kind == "f" else 1)
    else:
        changed["a"] = array
    return changed
