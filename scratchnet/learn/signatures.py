"""Signatures: all that can be seen of a piece of code while it runs on fixed numbers, and when two of them are alike.

A signature is a dictionary. Its arrays are numbers that came out, its strings are everything else: a dtype, whether the
caller's array was changed, the name of an error. Two pieces of code with one signature behave alike wherever the
protocol looked, so a mistake can be recognized by its signature, however the code was written.
"""

from __future__ import annotations

import zlib
from typing import TypeAlias

import numpy as np

from scratchnet.typing import Array

Signature: TypeAlias = dict[str, Array | str]

CLOSE = {"float64": 1e-9, "float32": 2e-4}
"""How far numbers may lie apart, relative to the largest of their array: other orders of summing differ by less."""

SMALLEST = 1e-2
"""Smaller numbers are compared as if their largest were this: where terms of size 1 cancel, only rounding is left."""


def raises(error: Exception) -> str:
    """Return what stands in a signature where code ended with an error."""
    return f"raises {type(error).__name__}"


DOES_NOT_FIT = "the shapes do not fit"
"""What stands in a signature where a gradient has another shape than what it belongs to: no numbers can be compared."""


def runs(signature: Signature) -> bool:
    """Whether code ran through, and its gradients fitted somewhere: an error says too little to recognize anything by.

    Gradients of wrong shapes are of many kinds, and told apart only by the numbers that come where shapes are equal.
    """
    words = [value for value in signature.values() if isinstance(value, str)]
    fitted = DOES_NOT_FIT not in words or any(key.endswith("/dx") for key in signature)
    return fitted and not any(word.startswith("raises ") for word in words)


def alike(a: Signature, b: Signature) -> bool:
    """Whether two signatures are the same but for rounding."""
    return a.keys() == b.keys() and all(_equal(a[key], b[key]) for key in a)


def differing(a: Signature, b: Signature) -> list[str]:
    """Return the keys at which two signatures differ: what a mistake shows in."""
    return [key for key in a if key not in b or not _equal(a[key], b[key])] + [key for key in b if key not in a]


def _equal(a: Array | str, b: Array | str) -> bool:
    if isinstance(a, str) or isinstance(b, str):
        return isinstance(a, str) and isinstance(b, str) and a == b
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    finite = np.isfinite(a)
    if not np.array_equal(finite, np.isfinite(b)):
        return False
    if not finite.all():
        if not np.array_equal(a[~finite], b[~finite], equal_nan=True):
            return False
        a, b = a[finite], b[finite]
    size = np.abs(b).max(initial=SMALLEST)
    return bool((np.abs(a - b) <= CLOSE.get(a.dtype.name, 0.0) * size).all())


# Fingerprints ---------------------------------------------------------------------------------------------------------

PROJECTIONS = 3
_LENGTH = 1 << 16
_DIRECTIONS: list[Array] = []


def fingerprint(signature: Signature) -> tuple[int, Array]:
    """Return a few numbers that like signatures share: a checksum of its words, and projections of its float64 numbers.

    They serve to find a signature among hundreds. Whether it is the one, only ``alike`` can tell.
    """
    words, total = 0, np.zeros(PROJECTIONS)
    for key in sorted(signature):
        value = signature[key]
        if isinstance(value, str):
            words = zlib.crc32(f"{key}={value}".encode(), words)
        elif value.dtype == np.float64:
            words = zlib.crc32(f"{key}{value.shape}".encode(), words)
            numbers = np.nan_to_num(value.ravel(), nan=0.0, posinf=0.0, neginf=0.0)
            start = zlib.crc32(key.encode()) % (_LENGTH // 2)
            size = np.abs(numbers).max(initial=SMALLEST)
            total += _directions()[:, start : start + len(numbers)] @ (numbers / size) * (1 + np.log1p(size))
    return words, total


def near(a: Array, b: Array) -> Array:
    """Whether projections agree, each row of ``b`` (P, PROJECTIONS) by itself, as far as rounding goes."""
    return np.abs(b - a).max(axis=-1) <= 1e-6


def _directions() -> Array:
    if not _DIRECTIONS:
        _DIRECTIONS.append(np.random.default_rng(0).standard_normal((PROJECTIONS, _LENGTH)))
    return _DIRECTIONS[0]
