"""Class labels as integers and as one-hot rows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from scratchnet import config
from scratchnet.typing import Array
from scratchnet.utils.arguments import arguments_by_name
from scratchnet.utils.numbers import shown, whole_number


@arguments_by_name
def to_categorical(y: npt.ArrayLike, num_classes: int | None = None) -> Array:
    """Turn class numbers into one-hot rows: 2 of 4 becomes ``[0, 0, 1, 0]``.

    Args:
        y: whole numbers 0…C-1 of any shape (…). A last axis of 1, as in (N, 1), is taken off first, as in Keras.
        num_classes: C; the largest label plus one if not given.

    Returns:
        Array of ``config.floatx()``, shape (…, C).

    Raises:
        ValueError: if a label is no whole number in 0…C-1; the message names the first and its index.
    """
    try:
        labels = np.asarray(y)
    except ValueError as error:  # lists of different lengths
        raise ValueError(f"to_categorical expected an array of whole numbers, got {shown(y)}: {error}") from error
    if labels.dtype.kind not in "biuf":
        raise ValueError(f"to_categorical expected an array of whole numbers, got dtype {labels.dtype}.")
    if labels.dtype.kind == "b":
        labels = labels.astype(np.int64)
    if labels.ndim > 1 and labels.shape[-1] == 1:
        labels = labels[..., 0]
    with np.errstate(all="ignore"):  # infinity has no remainder, and float16 no 2⁶³
        numbers = (labels >= 0) & (labels < 2**63) & (labels % 1 == 0)
    _refuse_first("whole numbers ≥ 0", labels, ~numbers)
    whole = labels.astype(np.int64)
    if num_classes is None:
        classes = int(whole.max(initial=-1)) + 1
    else:
        classes = whole_number("num_classes of to_categorical", num_classes, 1)
        _refuse_first(f"labels in 0…{classes - 1}", labels, whole >= classes)
    rows = np.zeros((*whole.shape, classes), config.floatx())  # (…, C)
    np.put_along_axis(rows, whole[..., None], 1, axis=-1)
    return rows


def _refuse_first(expected: str, labels: Array, bad: Array) -> None:
    """Raise a ValueError that names the first of the labels that are bad, if there is one."""
    if bad.any():
        index = tuple(map(int, np.argwhere(bad)[0]))
        place = index[0] if len(index) == 1 else index
        raise ValueError(f"to_categorical expected {expected}, got {labels[index]} at index {place}.")
