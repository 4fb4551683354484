"""The fourth oracle: Keras, on TensorFlow, computes the same outputs and gradients as both backends."""

from __future__ import annotations

import os
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from scratchnet import layers, losses
from scratchnet.gradient_check.check_losses import loss_on
from tests.oracles import configurations
from tests.oracles.configurations import ACTIVATIONS, Configuration, assert_agree

pytestmark = pytest.mark.filterwarnings("ignore")

Array = Any
DTYPES = ("float64", "float32")
ROUNDED = ("gelu", "leaky_relu")
"""Keras rounds √2 and 0.2 to float32 even where it computes in float64."""


@pytest.fixture(scope="module")
def tf() -> Any:
    """TensorFlow, imported only when a test here runs: it takes five seconds."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("tensorflow", reason="Keras is the fourth oracle: pip install scratchnet[reference]")


def keras_layer(tf: Any, layer: Any) -> Any:
    """Return the Keras layer of the same arguments, in float64."""
    given_to_both = {
        layers.Dense: ("units", "use_bias"),
        layers.Conv2D: ("filters", "kernel_size", "strides", "padding", "dilation_rate", "use_bias"),
        layers.MaxPooling2D: ("pool_size", "strides", "padding"),
        layers.Activation: (),
        layers.ReLU: (),
        layers.Softmax: ("axis",),
    }
    arguments = {name: getattr(layer, name) for name in given_to_both[type(layer)]}
    if getattr(getattr(layer, "activation", None), "name", "") in ROUNDED:
        assume(False)
    if hasattr(layer, "activation") and not isinstance(layer, (layers.ReLU, layers.Softmax)):
        arguments["activation"] = layer.activation.name
    return getattr(tf.keras.layers, type(layer).__name__)(**arguments, dtype="float64")


def by_keras(tf: Any, configuration: Configuration) -> tuple[dict[str, Array], Array]:
    """Return y and all gradients of a layer by Keras, and the upstream gradient that they are for."""
    layer, x = configuration.layer, tf.constant(configuration.x)
    twin = keras_layer(tf, layer)
    twin.build(configuration.x.shape)
    twin.set_weights(layer.get_weights())
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = twin(x)
        dy = configuration.dy(tuple(y.shape))
        total = tf.reduce_sum(y * dy)
    results = {"y": y.numpy(), "dx": tape.gradient(total, x).numpy()}
    for name, variable in zip(layer.params, twin.trainable_variables):
        results[f"d{name}"] = tape.gradient(total, variable.value).numpy()
    return results, dy


def agrees(tf: Any, configuration: Configuration) -> None:
    expected, dy = by_keras(tf, configuration)
    for backend in ("numpy", "numba"):
        for dtype in DTYPES:
            assert_agree(configuration.run(backend, dtype, dy).arrays(), expected, dtype)


@settings(max_examples=40)
@given(configuration=configurations.dense())
def test_dense(tf: Any, configuration: Configuration) -> None:
    agrees(tf, configuration)


@settings(max_examples=100)
@given(configuration=configurations.conv2d(dilated_strides=False))  # Keras takes only one of the two
def test_conv2d(tf: Any, configuration: Configuration) -> None:
    agrees(tf, configuration)


@settings(max_examples=60)
@given(configuration=configurations.max_pooling2d())
def test_max_pooling2d(tf: Any, configuration: Configuration) -> None:
    agrees(tf, configuration)


@settings(max_examples=40)
@given(configuration=configurations.activation())
def test_activation(tf: Any, configuration: Configuration) -> None:
    agrees(tf, configuration)


def test_flatten_add_and_rescaling(tf: Any, rng: np.random.Generator) -> None:
    """Layers without settings worth drawing."""
    x, other = rng.standard_normal((2, 3, 4, 2)), rng.standard_normal((2, 3, 4, 2))
    assert_agree(
        {"y": layers.Flatten(dtype="float64")(x)}, {"y": tf.keras.layers.Flatten(dtype="float64")(x).numpy()}, "float64"
    )
    ours, theirs = layers.Add(dtype="float64")([x, other]), tf.keras.layers.Add(dtype="float64")([x, other])
    assert_agree({"y": ours}, {"y": theirs.numpy()}, "float64")
    ours = layers.Rescaling(0.25, offset=-0.5, dtype="float64")(x)  # Keras keeps these two in float32
    assert_agree({"y": ours}, {"y": tf.keras.layers.Rescaling(0.25, -0.5, dtype="float64")(x).numpy()}, "float64")


@settings(max_examples=60)
@given(
    st.sampled_from([losses.SparseCategoricalCrossentropy, losses.CategoricalCrossentropy]),
    st.booleans(),
    st.tuples(st.integers(1, 9), st.integers(2, 7)),
    st.booleans(),
    configurations.seeds,
)
def test_crossentropy(tf: Any, cls: Any, from_logits: bool, shape: tuple[int, int], weighted: bool, seed: int) -> None:
    generator = np.random.default_rng(seed)
    N, C = shape
    z = 3 * generator.standard_normal(shape)
    y_pred = z if from_logits else np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    y_true = generator.integers(0, C, N)
    if cls is losses.CategoricalCrossentropy:
        y_true = np.eye(C)[y_true]
    weight = generator.random(N) if weighted else None
    tensor = tf.constant(y_pred)
    with tf.GradientTape() as tape:
        tape.watch(tensor)
        value = getattr(tf.keras.losses, cls.__name__)(from_logits=from_logits, dtype="float64")(
            y_true, tensor, sample_weight=weight
        )
    gradient = tape.gradient(value, tensor).numpy()
    for backend in ("numpy", "numba"):
        loss = loss_on(cls(from_logits=from_logits), backend)
        seen = {"loss": np.array(loss.forward(y_true, y_pred, weight)), "gradient": loss.backward()}
        assert_agree(seen, {"loss": value.numpy(), "gradient": gradient}, "float64", 0.1)


def test_every_activation_is_drawn() -> None:
    from scratchnet.activations import ACTIVATIONS as ours

    assert set(ACTIVATIONS) == set(ours)
