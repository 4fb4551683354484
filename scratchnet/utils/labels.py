"""Class labels as integers and as one-hot rows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from scratchnet import config
from scratchnet.typing import Array


def to_categorical(y: npt.ArrayLike, num_classes: int | None = None) -> Array:
    """Turn class numbers into one-hot rows: 2 of 4 becomes ``[0, 0, 1, 0]``.

    Args:
        y: integers 0…C-1, shape (N,) or (N, 1).
        num_classes: C; the largest label plus one if not given.

    Returns:
        Array of ``config.floatx()``, shape (N, C).

    Raises:
        ValueError: if a label is not an integer in 0…C-1.
    """
    labels = np.asarray(y)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]  # (N,)
    whole = labels.astype(np.int64)
    if labels.ndim != 1 or not np.array_equal(whole, labels):
        raise ValueError(f"to_categorical expected integers of shape (N,), got {labels.dtype} of {labels.shape}.")
    classes = int(num_classes) if num_classes is not None else int(whole.max(initial=-1)) + 1
    if whole.size and not (whole.min() >= 0 and whole.max() < classes):
        raise ValueError(
            f"to_categorical expected labels in 0…{classes - 1}, got values from {whole.min()} to {whole.max()}."
        )
    return np.eye(classes, dtype=config.floatx())[whole]  # (N, C)
