"""The embedded subset of Fashion-MNIST: 6,000 of the real images in the package, for tests and offline demos.

It is a NumPy ``.npz`` file, made by ``python -m scratchnet.datasets.make_mini``, and holds the first 500 training and
the first 100 test images of each class, in rounds: ten images, one of each class, then the next ten.
"""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from pathlib import Path

import numpy as np

from scratchnet.errors import DatasetError
from scratchnet.typing import Array

MINI_FILE = Path(__file__).with_name("fashion_mnist_mini.npz")
MINI_SHA256 = "83fd0d71cc1376b4575d9cdf96be2f009cb8d82c3ca382fef24d0601c17a82c4"
"""Of the content (see ``content_sha256``), not of the file: another zlib may compress differently."""

SHAPES = {"x_train": (5000, 28, 28), "y_train": (5000,), "x_test": (1000, 28, 28), "y_test": (1000,)}


def load_mini(path: Path = MINI_FILE) -> dict[str, Array]:
    """Return x_train, y_train, x_test, y_test: uint8, new at each call, with the shapes of ``SHAPES``.

    Raises:
        DatasetError: the file is missing or damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in SHAPES}
    except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise DatasetError(f"{path}: the embedded subset cannot be read ({error}); install scratchnet again.") from None
    found = content_sha256(arrays)
    if found != MINI_SHA256:
        raise DatasetError(
            f"{path}: expected the embedded subset with SHA-256 {MINI_SHA256[:12]}…, found {found[:12]}…; "
            "install scratchnet again."
        )
    return arrays


def content_sha256(arrays: dict[str, Array]) -> str:
    """Return the SHA-256 over the name, dtype, shape and bytes of each array, in the order of ``SHAPES``."""
    digest = hashlib.sha256()
    for name in SHAPES:
        digest.update(f"{name} {arrays[name].dtype.str} {arrays[name].shape}\n".encode())
        digest.update(np.ascontiguousarray(arrays[name]).data)
    return digest.hexdigest()
