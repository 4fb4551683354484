"""IDX files, plain and gzipped, and archives that pass for the embedded subset.

What is read must be the array that the bytes describe; what is not must give a DatasetError of one printable line.
"""

from __future__ import annotations

import gzip
import io
import random
import struct
import tempfile
import zipfile
from functools import cache
from pathlib import Path
from unittest.mock import patch

import numpy as np

from scratchnet.datasets import mini, read_idx
from scratchnet.datasets.idx import DTYPES
from scratchnet.errors import DatasetError
from tests.fuzz.targets import bytes_changed

LIMIT = 1 << 20
SHAPES = {"x_train": (4, 3, 3), "y_train": (4,), "x_test": (2, 3, 3), "y_test": (2,)}
ARRAYS = {name: np.arange(np.prod(shape), dtype=np.uint8).reshape(shape) for name, shape in SHAPES.items()}


@cache
def seeds() -> list[bytes]:
    """Return files of several dtypes and ranks, some of them gzipped, and a small archive."""
    rng = np.random.default_rng(0)
    plain = []
    for code, shape in zip(DTYPES, [(3, 4, 4), (5,), (), (2, 0, 3), (2, 3), (1, 2, 2, 2)]):
        numbers = np.asarray(rng.integers(0, 100, shape)).astype(DTYPES[code].newbyteorder(">"))
        header = bytes([0, 0, code, len(shape)]) + struct.pack(f">{len(shape)}I", *shape)
        plain.append(header + numbers.tobytes())
    archive = io.BytesIO()
    np.savez_compressed(archive, **ARRAYS)
    return [*plain, *(gzip.compress(content, mtime=0) for content in plain), archive.getvalue()]


def mutated(data: bytes, rng: random.Random) -> bytes:
    """Change the bytes, or those that are packed in them."""
    if rng.random() < 0.4:
        return bytes_changed(data, rng)
    try:
        if data.startswith(b"PK"):
            return _repacked(data, rng)
        return gzip.compress(bytes_changed(gzip.decompress(data), rng), mtime=0)
    except Exception:  # it is nothing packed, or damaged already
        return bytes_changed(data, rng)


def _repacked(data: bytes, rng: random.Random) -> bytes:
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as new:
        chosen = rng.choice(old.namelist())
        for name in old.namelist():
            new.writestr(name, bytes_changed(old.read(name), rng) if name == chosen else old.read(name))
    return changed.getvalue()


def check(data: bytes) -> str:
    """Read a file, from memory and from the disk."""
    try:
        if data.startswith(b"PK"):
            return _check_archive(data)
        found = read_idx(data, limit=LIMIT)
    except DatasetError as error:
        if not str(error).isprintable():
            raise ValueError(f"a message that a terminal would obey: {error!r}") from error
        return "refused"
    plain = gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data
    assert plain.endswith(found.astype(found.dtype.newbyteorder(">")).tobytes())
    assert found.nbytes + 4 + 4 * found.ndim == len(plain)
    return "read"


def _check_archive(data: bytes) -> str:
    with tempfile.TemporaryDirectory() as folder, patch.multiple(mini, SHAPES=SHAPES):
        path = Path(folder) / "mini.npz"
        path.write_bytes(data)
        with patch.multiple(mini, MINI_SHA256=mini.content_sha256(ARRAYS)):
            found = mini.load_mini(path)
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(found[name], array)
    return "read"
