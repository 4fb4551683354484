"""Keras and TensorFlow, imported once and quietly; and what a report says about the machine it was made on."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager

# TensorFlow's oneDNN kernel for a transposed 1×1 convolution with strides, in float32, writes past its memory.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # before the import
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

try:
    import tensorflow as tf

    from scratchnet.interop.keras_import import floatx, keras
except ImportError as error:
    raise ImportError(f'The reference needs Keras and TensorFlow: pip install -e ".[reference]" ({error}).') from None

import numpy as np

import scratchnet

if keras.backend.backend() != "tensorflow":
    raise ImportError(
        f"The reference compares with Keras on TensorFlow, but Keras runs on {keras.backend.backend()!r} here: "
        f"set KERAS_BACKEND=tensorflow."
    )

__all__ = ["backend", "describe", "floatx", "keras", "new_session", "tf"]


@contextmanager
def backend(name: str) -> Iterator[None]:
    """Run scratchnet's models on a backend for a while."""
    before = scratchnet.config.backend()
    scratchnet.config.set_backend(name)
    try:
        yield
    finally:
        scratchnet.config.set_backend(before)


def new_session() -> None:
    """Let both libraries count automatic names from the beginning, and Keras forget its old graphs."""
    scratchnet.utils.clear_session()
    keras.utils.clear_session(free_memory=False)  # collecting garbage takes longer than building a model


def describe() -> dict[str, str | int | None]:
    """Return the versions and the machine, for the report."""
    return {
        "scratchnet": scratchnet.__version__,
        "keras": keras.__version__,
        "tensorflow": tf.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cpus": os.cpu_count(),
    }
