"""Settings of the whole session: the float type and the backend."""

from __future__ import annotations

import os

from scratchnet.errors import nothing_else, one_of

BACKENDS = ("numba", "numpy")
INTEGERS = ("uint8", "int32", "int64")
"""The types of whole numbers that an input can have; no layer computes in them."""

FLOATS = ("float32", "float64")

_floatx = "float32"
_backend = os.environ.get("SCRATCHNET_BACKEND", "numba")


def floatx() -> str:
    """Return the float type of new layers: ``"float32"`` unless changed."""
    return _floatx


def set_floatx(value: str) -> None:
    """Set the float type of the layers made from now on, ``"float32"`` or ``"float64"``.

    Layers that exist already keep theirs. float64 is for checking gradients and for lock-step comparisons.

    Raises:
        ValueError: for any other value.
    """
    global _floatx
    _floatx = check_float(value)


def check_float(value: str) -> str:
    """Return ``value`` if it names a float type that layers can have.

    Raises:
        ValueError: otherwise.
    """
    return one_of("float type", value, FLOATS)


def backend() -> str:
    """Return the name of the backend that runs the layers: ``"numba"`` unless changed."""
    return one_of("backend (from SCRATCHNET_BACKEND)", _backend, BACKENDS)


def set_backend(name: str) -> None:
    """Choose what runs the layers, models that exist included.

    Args:
        name: ``"numba"`` for the compiled kernels, ``"numpy"`` for the definitions in ``scratchnet/layers``.
            Nothing but the time changes.

    Raises:
        ValueError: for any other name.
    """
    global _backend
    _backend = one_of("backend", name, BACKENDS)


__getattr__ = nothing_else("setting", __name__)
