"""The embedded subset of Fashion-MNIST: 6,000 of the real images in the package, for tests and offline demos.

It is a NumPy ``.npz`` file, made by ``python -m scratchnet.datasets.make_mini``, and holds the first 500 training and
the first 100 test images of each class, in rounds: ten images, one of each class, then the next ten.
"""

from __future__ import annotations

import hashlib
import io
import math
import warnings
import zipfile
from pathlib import Path

import numpy as np

from scratchnet.errors import DatasetError
from scratchnet.typing import Array
from scratchnet.utils.numbers import printable
from scratchnet.utils.reading import read_regular

MINI_FILE = Path(__file__).with_name("fashion_mnist_mini.npz")
MINI_SHA256 = "83fd0d71cc1376b4575d9cdf96be2f009cb8d82c3ca382fef24d0601c17a82c4"
"""Of the content (see ``content_sha256``), not of the file: another zlib may compress differently."""

MAX_BYTES = 8_000_000
"""The file has 2.6 million; stored without compression it would have 4.7 million."""

HEADER = 1000  # bytes before an array at most; NumPy writes 128

SHAPES = {"x_train": (5000, 28, 28), "y_train": (5000,), "x_test": (1000, 28, 28), "y_test": (1000,)}


def load_mini(path: Path = MINI_FILE) -> dict[str, Array]:
    """Return x_train, y_train, x_test, y_test: uint8, new at each call, with the shapes of ``SHAPES``.

    Raises:
        DatasetError: the file is missing or damaged.
    """
    try:
        # Read whole and small before it is unpacked: a damaged file may claim to be anything.
        with (
            warnings.catch_warnings(action="ignore"),
            zipfile.ZipFile(io.BytesIO(read_regular(path, MAX_BYTES))) as archive,
        ):
            arrays = {name: _array(archive, name) for name in SHAPES}
    except Exception as error:  # zipfile, zlib and NumPy raise whatever a damaged header leads them to
        said = printable(str(error))
        raise DatasetError(f"{path}: the embedded subset cannot be read ({said}); install scratchnet again.") from None
    found = content_sha256(arrays)
    if found != MINI_SHA256:
        raise DatasetError(
            f"{path}: expected the embedded subset with SHA-256 {MINI_SHA256[:12]}…, found {found[:12]}…; "
            "install scratchnet again."
        )
    return arrays


def _array(archive: zipfile.ZipFile, name: str) -> Array:
    """Unpack one array, and no more of it than it has to have.

    Raises:
        ValueError: dtype, shape or size is another than it has to be. And whatever zipfile raises.
    """
    shape, expected = SHAPES[name], math.prod(SHAPES[name])
    with archive.open(f"{name}.npy") as packed:
        content = io.BytesIO(packed.read(HEADER + expected + 1))
    if np.lib.format.read_magic(content) != (1, 0):
        raise ValueError(f"{name} is not of .npy's version 1.0")
    found, fortran, dtype = np.lib.format.read_array_header_1_0(content, max_header_size=HEADER)
    if (found, fortran, dtype) != (shape, False, np.dtype(np.uint8)):
        raise ValueError(f"expected {name} of shape {shape} and dtype uint8, found {found} and {dtype}")
    numbers = np.frombuffer(content.read(), np.uint8)
    if len(numbers) != expected:
        raise ValueError(f"expected {expected:,} bytes of {name}, found {len(numbers):,}")
    return numbers.reshape(shape).copy()


def content_sha256(arrays: dict[str, Array]) -> str:
    """Return the SHA-256 over the name, dtype, shape and bytes of each array, in the order of ``SHAPES``."""
    digest = hashlib.sha256()
    for name in SHAPES:
        digest.update(f"{name} {arrays[name].dtype.str} {arrays[name].shape}\n".encode())
        digest.update(np.ascontiguousarray(arrays[name]).data)
    return digest.hexdigest()
