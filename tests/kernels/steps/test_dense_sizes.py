"""Batches and layers of sizes that fill no tile: the last tile must not look beyond the last row."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from scratchnet.kernels.steps.dense import DenseStep
from scratchnet.layers import Dense


def built(D: int, U: int) -> tuple[Dense, Dense]:
    """Two equal layers: one for the definition, one for the kernel."""
    twins = Dense(U, activation="relu", name="a"), Dense(U, activation="relu", name="b")
    for layer in twins:
        layer.build_once((None, D))
    twins[1].set_weights(twins[0].get_weights())
    return twins


@pytest.mark.parametrize(("D", "U"), [(5, 2), (70, 3), (9, 40), (1, 1), (130, 2100), (256, 3), (300, 70), (333, 2100)])
@pytest.mark.parametrize("share", [1.0, 0.4], ids=["full", "mostly zeros"])
def test_dense_agrees_for_every_number_of_samples(D: int, U: int, share: float, rng: Any) -> None:
    definition, twin = built(D, U)
    step = DenseStep([twin], needs_dx=True)
    for N in (33, *range(1, 33)):  # after 33 samples, so that a table of rows may be too long as well as too short
        x, dy = rng.normal(size=(N, D)).astype("float32"), rng.normal(size=(N, U)).astype("float32")
        x *= rng.random(x.shape) < share
        np.testing.assert_allclose(step.forward(x), definition.forward(x), rtol=1e-4, atol=1e-5, err_msg=f"y, N={N}")
        np.testing.assert_allclose(step.backward(dy), definition.backward(dy), rtol=1e-4, atol=1e-5)
        for name, gradient in definition.grads.items():
            np.testing.assert_allclose(twin.grads[name], gradient, rtol=1e-4, atol=1e-4, err_msg=f"{name}, N={N}")
