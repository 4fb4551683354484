"""Three ways of computing a layer agree: loops from the definition, NumPy, and whatever the numba backend runs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from scratchnet import losses
from tests.oracles import configurations, loops
from tests.oracles.configurations import Configuration, assert_agree, by_loops


def all_agree(configuration: Configuration) -> None:
    expected, dy = by_loops(configuration)
    for backend in ("numpy", "numba"):
        for dtype in ("float64", "float32"):
            assert_agree(configuration.run(backend, dtype, dy).arrays(), expected, dtype)


@settings(max_examples=60)
@given(configurations.dense())
def test_dense(configuration: Configuration) -> None:
    all_agree(configuration)


@settings(max_examples=300)
@given(configurations.conv2d())
def test_conv2d(configuration: Configuration) -> None:
    all_agree(configuration)


@settings(max_examples=60)
@given(configurations.max_pooling2d())
def test_max_pooling2d(configuration: Configuration) -> None:
    all_agree(configuration)


@settings(max_examples=40)
@given(configurations.activation())
def test_activation(configuration: Configuration) -> None:
    all_agree(configuration)


@pytest.mark.parametrize("backend", ["numpy", "numba"])
@pytest.mark.parametrize("sparse", [True, False])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_crossentropy_from_logits(backend: str, sparse: bool, dtype: str, rng: np.random.Generator) -> None:
    from scratchnet.gradient_check.check_losses import loss_on

    z, weight = 3 * rng.standard_normal((7, 5)), rng.random(7)
    labels = rng.integers(0, 5, 7)
    targets = np.eye(5)[labels] if sparse else rng.dirichlet(np.ones(5), 7)
    expected, gradient = loops.crossentropy(targets, z, weight)
    cls = losses.SparseCategoricalCrossentropy if sparse else losses.CategoricalCrossentropy
    loss = loss_on(cls(from_logits=True), backend)
    value = loss.forward(labels if sparse else targets, z.astype(dtype), weight)
    assert_agree({"loss": np.array(value)}, {"loss": np.array(expected)}, dtype, 0.1)
    assert_agree({"dz": loss.backward()}, {"dz": gradient}, dtype, 0.1)
