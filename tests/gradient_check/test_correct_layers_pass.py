"""Correct layers pass, whatever their settings and shapes: more than 1,000 random configurations, on both backends.

Weights and inputs are drawn from the example's own seed, and away from kinks: a difference quotient needs room for a
few steps of more than 1e-8 or so on this side of a corner, else the checker says, and rightly, that it cannot judge.
For what lies on a kink it has a check of its own, which runs here too.

This is issue 2's promise, that every gradient is right to 1e-6 in float64, and the other half of the checker's own
test: what is right must not be called wrong.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from scratchnet import layers, losses
from scratchnet.gradient_check import check_layer, check_loss
from scratchnet.layers.windows import im2col, place_windows
from scratchnet.utils.random import seeded
from tests.oracles import configurations
from tests.oracles.configurations import Configuration

EXAMPLES = {"dense": 100, "conv2d": 200, "max_pooling2d": 100, "activation": 100, "shapes": 50, "loss": 60}
"""For each backend."""

BACKENDS = pytest.mark.parametrize("backend", ["numpy", "numba"])


CLEAR = 1e-5
"""How far a sum must be from the corner of a ReLU, and a maximum from the runner-up, unless both are exactly equal."""


def passes(layer: Any, shape: Any, backend: str, seed: int = 0, x: Any = None) -> None:
    report = check_layer(layer, shape, x=x, backend=backend, seed=seed)
    assert report.passed, f"\n{report}"
    assert report.worst_error <= 1e-7
    assert all(tensor.complete for tensor in report.tensors)


def nearest_kink(layer: Any, x: Any) -> float:
    """Return how far the nearest corner is; equal numbers stay equal (ReLU's zeros, padding), so they do not count."""
    gaps = np.zeros(0)
    if isinstance(layer, layers.MaxPooling2D):
        size = layer.pool_size
        windows = place_windows(x.shape[1:3], size, layer.strides, layer.padding)
        best = np.sort(im2col(x, windows, -np.inf).reshape(*x.shape[:1], -1, size[0] * size[1], x.shape[3]), axis=2)
        gaps = best[:, :, -1] - best[:, :, -2] if best.shape[2] > 1 else gaps
    elif isinstance(layer, layers.ReLU):
        gaps = np.abs(x)
    elif layer.activation.name in ("relu", "leaky_relu", "selu"):
        z = x
        if layer.params:
            twin = type(layer).from_config({**layer.get_config(), "activation": "linear"})
            twin.build_once((None, *x.shape[1:]))
            twin.set_weights(layer.get_weights())
            z = twin.forward(x)
        gaps = np.abs(z)
    return float(gaps[gaps > 0].min(initial=np.inf))


def clear_of_kinks(configuration: Configuration, seed: int, *after: Any) -> tuple[Any, Any]:
    """Return the layer with weights, and a batch, for which neither it nor those after it are beside a kink."""
    for attempt in range(100):
        generator = np.random.default_rng([seed, attempt])
        layer = type(configuration.layer).from_config(configuration.layer.get_config())
        x = y = generator.standard_normal(configuration.x.shape)
        with seeded(int(generator.integers(2**31))):
            layer.build_once((None, *x.shape[1:]))
        if "bias" in layer.params:
            layer.params["bias"][...] = generator.standard_normal(layer.params["bias"].shape) / 10
        distance = np.inf
        for each in (layer, *after):
            distance = min(distance, nearest_kink(each, y))
            y = each.forward(y) if after else y
        if distance > CLEAR:
            return layer, x
    raise AssertionError("no numbers were found that are away from kinks")


def layer_passes(configuration: Configuration, backend: str) -> None:
    layer, x = clear_of_kinks(configuration, configuration.seed)
    passes(layer, x.shape, backend, configuration.seed, x)


@BACKENDS
@settings(max_examples=EXAMPLES["dense"])
@given(configuration=configurations.dense())
def test_dense(backend: str, configuration: Configuration) -> None:
    layer_passes(configuration, backend)


@BACKENDS
@settings(max_examples=EXAMPLES["conv2d"])
@given(configuration=configurations.conv2d())
def test_conv2d(backend: str, configuration: Configuration) -> None:
    layer_passes(configuration, backend)


@BACKENDS
@settings(max_examples=EXAMPLES["max_pooling2d"])
@given(configuration=configurations.max_pooling2d())
def test_max_pooling2d(backend: str, configuration: Configuration) -> None:
    layer_passes(configuration, backend)


@BACKENDS
@settings(max_examples=EXAMPLES["activation"])
@given(configuration=configurations.activation())
def test_activation(backend: str, configuration: Configuration) -> None:
    layer_passes(configuration, backend)


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

    pooling = layers.MaxPooling2D(pool[0], pool[1], padding="same", dtype="float64")
    assume(configuration.layer.activation.name != "log_softmax")  # its gradients cancel: float32 has no digits left
    convolution, x = clear_of_kinks(configuration, seed, pooling)
    inputs = Input(x.shape[1:], dtype="float64")
    model = Model(inputs, pooling(convolution(inputs)))
    report = check_model(model, x, backend=backend, tolerance=1e-7, seed=seed)
    assert report.passed, f"\n{report}"


def test_there_are_a_thousand() -> None:
    assert 2 * sum(EXAMPLES.values()) >= 1000
