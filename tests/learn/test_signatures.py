"""Signatures: what counts as alike, and fingerprints."""

from __future__ import annotations

import numpy as np
import pytest

from scratchnet.learn.signatures import alike, differing, fingerprint, near, runs


def drawn(dtype: str = "float64") -> np.ndarray:
    return np.random.default_rng(0).standard_normal((4, 5)).astype(dtype)


@pytest.mark.parametrize(("dtype", "off", "same"), [
    ("float64", 1e-11, True),
    ("float64", 1e-7, False),
    ("float32", 1e-6, True),
    ("float32", 1e-3, False),
])  # fmt: skip
def test_rounding_makes_no_difference_and_more_does(dtype: str, off: float, same: bool) -> None:
    a, b = drawn(dtype), drawn(dtype)
    b[0, 0] += off * np.abs(b).max()
    assert alike({"y": a}, {"y": b}) is same


@pytest.mark.parametrize("other", [
    {"y": drawn().astype(np.float32)},
    {"y": drawn()[:3]},
    {"y": drawn().T},
    {"y": "raises ValueError"},
    {},
    {"y": drawn(), "dx": drawn()},
])  # fmt: skip
def test_another_dtype_shape_or_key_is_a_difference(other: dict) -> None:
    assert not alike({"y": drawn()}, other)
    assert differing({"y": drawn()}, other)


def test_what_is_left_where_terms_cancel_makes_no_difference() -> None:
    assert alike({"dx": 1e-17 * drawn()}, {"dx": np.zeros((4, 5))})
    assert near(fingerprint({"dx": 1e-17 * drawn()})[1], fingerprint({"dx": np.zeros((4, 5))})[1][None]).all()


def test_what_is_not_finite_has_to_be_the_same_at_the_same_place() -> None:
    a, b, c = drawn(), drawn(), drawn()
    a[0, 0] = b[0, 0] = np.nan
    a[1, 1] = b[1, 1] = np.inf
    c[0, 0], c[1, 1] = np.nan, -np.inf
    assert alike({"y": a}, {"y": b})
    assert not alike({"y": a}, {"y": c})


def test_like_signatures_have_one_fingerprint_and_others_another() -> None:
    a, b = drawn(), drawn()
    b *= 1 + 1e-12
    words, projections = fingerprint({"y": a, "y is": "float64"})
    also, beside = fingerprint({"y": b, "y is": "float64"})
    assert words == also
    assert near(projections, beside[None]).all()
    b[2, 2] *= 1.001
    assert not near(projections, fingerprint({"y": b, "y is": "float64"})[1][None]).any()
    assert fingerprint({"y": a, "y is": "float32"})[0] != words


def test_an_error_is_no_run() -> None:
    assert runs({"y": drawn()})
    assert not runs({"y": drawn(), "0/float32": "raises TypeError"})
