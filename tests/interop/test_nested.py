"""Models that are layers of models: there and back, and to ONNX."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("keras", reason="needs the `keras` extra")

from scratchnet import Input, Model, Sequential, interop, layers, optimizers
from scratchnet.interop.keras_import import floatx, keras


def two_headed() -> Model:
    inputs = Input((4,), name="features")
    x = layers.Dense(3, "tanh", name="inside")(inputs)
    return Model(inputs, [x, layers.BatchNormalization(name="norm")(x)], name="base")


def nested(frozen: bool = False, training: bool | None = None) -> Model:
    """A model in a model in a model, shared, with one output of a base of two used more than the other."""
    base = two_headed()
    inner = Sequential([Input((3,)), layers.Dense(3, "relu"), Sequential([Input((3,)), layers.Dense(3)])], name="inner")
    inputs, other = Input((4,)), Input((4,))
    first, second = base(inputs, training=training)
    _, third = base(other, training=training)
    x = inner(second) + inner(third)
    if frozen:
        base.trainable = False
    return Model([inputs, other], layers.Dense(2, name="head")(layers.Add()([x, first])), name="whole")


def batch() -> tuple[list[Any], Any]:
    generator = np.random.default_rng(0)
    return [generator.standard_normal((8, 4)) for _ in range(2)], generator.standard_normal((8, 2))


def in_a_sequential() -> Model:
    return Sequential([Input((4,)), Sequential([Input((4,)), layers.Dense(3)], name="base"), layers.Dense(2)])


@pytest.mark.parametrize(("frozen", "training"), [(False, None), (True, None), (True, False)])
def test_a_nested_model_goes_there_and_back_and_trains_on(frozen: bool, training: bool | None) -> None:
    with floatx("float64"):
        model = nested(frozen, training)
        model.compile(optimizers.Adam(0.25, beta_1=0.5, beta_2=0.75, epsilon=2**-10), "mse")
        x, y = batch()
        model.train_on_batch(x, y)
        twin = interop.to_keras(model)
        again = interop.from_keras(twin)
        assert type(twin.get_layer("inner")) is keras.Sequential
        assert [layer.name for layer in again.layers] == [layer.name for layer in model.layers]
        assert [w.shape for w in again.get_weights()] == [w.shape for w in model.get_weights()]
        for other in (twin, again):
            expected, found = model.predict(x, verbose=0), other.predict(x, verbose=0)
            np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)
        for _ in range(2):
            expected = model.train_on_batch(x, y)
            for other in (twin, again):
                np.testing.assert_allclose(other.train_on_batch(x, y), expected, rtol=1e-6)
        for other in (twin, again):
            for a, b in zip(other.get_weights(), model.get_weights(), strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)


def test_a_mode_that_keras_passes_over_is_warned_of_and_comes_back() -> None:
    model = nested(training=False)
    with pytest.warns(
        UserWarning, match="'base' was called with training=False, which Keras's fit and predict pass over"
    ):
        twin = interop.to_keras(model)
    again = interop.from_keras(twin)
    assert [t.training for t in again.graph.tensors] == [t.training for t in model.graph.tensors]


def test_a_model_in_a_sequential() -> None:
    model = in_a_sequential()
    twin = interop.to_keras(model)
    again = interop.from_keras(twin)
    x = batch()[0][0]
    assert isinstance(again, Sequential)
    assert [layer.name for layer in again.layers] == [layer.name for layer in model.layers]
    for other in (twin, again):
        np.testing.assert_allclose(other.predict(x, verbose=0), model.predict(x, verbose=0), rtol=1e-5, atol=1e-6)


def test_a_frozen_model_is_frozen_there_and_back() -> None:
    model = in_a_sequential()
    model.trainable = False
    model.layers[-1].trainable = True
    twin = interop.to_keras(model)
    assert (twin.trainable, twin.layers[0].trainable, twin.layers[-1].trainable) == (False, False, True)
    again = interop.from_keras(twin)
    assert (again.trainable, again.layers[-1].trainable) == (False, True)


def test_a_layer_that_only_keras_would_train_is_refused() -> None:
    model = nested(frozen=True)
    model.get_layer("base").get_layer("norm").trainable = True
    with pytest.raises(
        ValueError, match="'base' is frozen but its layer 'norm' is not, which scratchnet leaves as it is"
    ):
        interop.to_keras(model)


@pytest.mark.parametrize("make", [nested, in_a_sequential])
def test_a_nested_model_in_onnx(make: Any) -> None:
    pytest.importorskip("onnxruntime", reason="needs onnxruntime")
    from tests.interop.test_onnx import assert_same, images, randomized

    model = randomized(make())
    assert_same(model, images(model))


def test_onnx_refuses_a_call_in_training_mode() -> None:
    pytest.importorskip("onnx", reason="needs the `onnx` extra")
    with pytest.raises(ValueError, match=r"Layer 'norm' \(BatchNormalization\) was called with training=True"):
        interop.to_onnx(nested(training=True))
