"""Correct layers pass, whatever their settings and shapes: more than 1,000 random configurations, on both backends.

This is issue 2's promise, that every gradient is right to 1e-6 in float64, and the other half of the checker's own
test: what is right must not be called wrong.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchnet import layers, losses
from scratchnet.gradient_check import check_layer, check_loss
from tests.oracles import configurations
from tests.oracles.configurations import Configuration

EXAMPLES = {"dense": 100, "conv2d": 200, "max_pooling2d": 100, "activation": 100, "shapes": 50, "loss": 60}
"""For each backend."""

BACKENDS = pytest.mark.parametrize("backend", ["numpy", "numba"])


def passes(layer: Any, shape: Any, backend: str, seed: int = 0) -> None:
    report = check_layer(layer, shape, backend=backend, seed=seed)
    assert report.passed, f"\n{report}"
    assert report.worst_error <= 1e-7
    assert all(tensor.complete for tensor in report.tensors)


def fresh(configuration: Configuration) -> Any:
    """Return the layer unbuilt, so that the checker draws the parameters: whole numbers would put them on kinks."""
    return type(configuration.layer).from_config(configuration.layer.get_config())


@BACKENDS
@settings(max_examples=EXAMPLES["dense"])
@given(configuration=configurations.dense())
def test_dense(backend: str, configuration: Configuration) -> None:
    passes(fresh(configuration), configuration.x.shape, backend, configuration.seed)


@BACKENDS
@settings(max_examples=EXAMPLES["conv2d"])
@given(configuration=configurations.conv2d())
def test_conv2d(backend: str, configuration: Configuration) -> None:
    passes(fresh(configuration), configuration.x.shape, backend, configuration.seed)


@BACKENDS
@settings(max_examples=EXAMPLES["max_pooling2d"])
@given(configuration=configurations.max_pooling2d())
def test_max_pooling2d(backend: str, configuration: Configuration) -> None:
    passes(fresh(configuration), configuration.x.shape, backend, configuration.seed)


@BACKENDS
@settings(max_examples=EXAMPLES["activation"])
@given(configuration=configurations.activation())
def test_activation(backend: str, configuration: Configuration) -> None:
    passes(fresh(configuration), configuration.x.shape, backend, configuration.seed)


@BACKENDS
@settings(max_examples=EXAMPLES["shapes"])
@given(
    shape=st.lists(st.integers(1, 4), min_size=2, max_size=4).map(tuple),
    kind=st.sampled_from(["flatten", "add", "rescaling"]),
    number=st.floats(0.1, 10),
    seed=configurations.seeds,
)
def test_flatten_add_and_rescaling(backend: str, shape: tuple[int, ...], kind: str, number: float, seed: int) -> None:
    if kind == "flatten":
        passes(layers.Flatten(), shape, backend, seed)
    elif kind == "rescaling":
        passes(layers.Rescaling(number, offset=-number), shape, backend, seed)
    else:
        passes(layers.Add(), [shape] * (2 + seed % 3), backend, seed)


@BACKENDS
@settings(max_examples=EXAMPLES["loss"])
@given(
    cls=st.sampled_from(
        [losses.SparseCategoricalCrossentropy, losses.CategoricalCrossentropy, losses.MeanSquaredError]
    ),
    from_logits=st.booleans(),
    shape=st.tuples(st.integers(1, 6), st.integers(2, 6)),
    seed=configurations.seeds,
)
def test_loss(backend: str, cls: Any, from_logits: bool, shape: tuple[int, int], seed: int) -> None:
    loss = cls() if cls is losses.MeanSquaredError else cls(from_logits=from_logits)
    report = check_loss(loss, shape=shape, seed=seed, backend=backend)
    assert report.passed, f"\n{report}"


@BACKENDS
@settings(max_examples=40)
@given(
    configuration=configurations.conv2d(), pool=st.sampled_from([(2, None), (3, 2), (2, 1)]), seed=st.integers(0, 99)
)
def test_convolution_and_pooling_as_kernels_fuse_them(
    backend: str, configuration: Configuration, pool: tuple[int, int | None], seed: int
) -> None:
    from scratchnet import Input, Model
    from scratchnet.gradient_check import check_model

    x = np.random.default_rng(seed).standard_normal(configuration.x.shape)
    inputs = Input(x.shape[1:], dtype="float64")
    pooling = layers.MaxPooling2D(pool[0], pool[1], padding="same", dtype="float64")
    model = Model(inputs, pooling(fresh(configuration)(inputs)))
    report = check_model(model, x, backend=backend, tolerance=1e-7, seed=seed)
    assert report.passed, f"\n{report}"


def test_there_are_a_thousand() -> None:
    assert 2 * sum(EXAMPLES.values()) >= 1000
