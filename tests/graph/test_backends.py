"""What a backend brings to a plan beside its steps."""

from __future__ import annotations

import numpy as np
import pytest

from scratchnet.graph.backends import backend_named

A, B = (np.random.default_rng(seed).standard_normal((50, 7, 13)).astype("float32") for seed in range(2))


@pytest.mark.parametrize("backend", ["numpy", "numba"])
@pytest.mark.parametrize(
    ("a", "b"),
    [(A, B), (A.T, B.T), (A[:, ::2], B[:, ::2]), (A, B.astype("float64")), (A.astype("float64"), B)],
    ids=["plain", "another order", "with gaps", "another type", "the other's type"],
)
def test_two_gradients_are_added_up_as_numpy_does(backend, a, b):
    parts = backend_named(backend)
    for _ in range(2):  # in a buffer that is there
        total = parts.add("place", a, b)
        assert total.dtype == (a + b).dtype
        np.testing.assert_array_equal(total, a + b)
