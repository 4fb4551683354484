"""Keras, imported once, quietly, and not before something is to be converted: it takes seconds."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from scratchnet import config

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before the import: silences notes about GPUs and oneDNN

try:
    import keras
except ImportError as error:
    raise ImportError(
        f'Keras models need Keras 3 with TensorFlow, which is not installed: pip install "scratchnet[keras]" ({error}).'
    ) from None

__all__ = ["as_written", "floatx", "keras"]


@contextmanager
def floatx(dtype: str) -> Iterator[None]:
    """Make ``dtype`` the float type of both libraries for a while.

    It has to be so while Keras compiles and trains a float64 model: its losses, metrics and learning rate take this
    type, not the model's.
    """
    before = config.floatx(), keras.config.floatx()
    config.set_floatx(dtype)
    keras.config.set_floatx(dtype)
    try:
        yield
    finally:
        config.set_floatx(before[0])
        keras.config.set_floatx(before[1])


def as_written(number: Any) -> Any:
    """Return a number that Keras has rounded to float32 as it was before: 0.001, not 0.0010000000474974513."""
    if not isinstance(number, (float, np.floating)):
        return number
    return float(str(np.float32(number))) if float(np.float32(number)) == number else float(number)
