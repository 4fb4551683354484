"""Layers on images against Keras on TensorFlow: y, dx and every gradient, and the twins there and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from scratchnet import Input, Model, interop, layers
from scratchnet.interop.twin_layers import layer_to_keras

Array = Any

IMAGE = (2, 7, 6, 4)

CASES: list[tuple[type[layers.Layer], dict[str, Any]]] = [
    (layers.AveragePooling2D, {}),
    (layers.AveragePooling2D, {"pool_size": 3, "strides": 1, "padding": "same"}),
    (layers.AveragePooling2D, {"pool_size": (3, 2), "strides": (2, 3)}),
    (layers.AveragePooling2D, {"pool_size": (2, 4), "strides": (3, 2), "padding": "same"}),
    (layers.GlobalAveragePooling2D, {}),
    (layers.GlobalAveragePooling2D, {"keepdims": True}),
    (layers.GlobalMaxPooling2D, {}),
    (layers.GlobalMaxPooling2D, {"keepdims": True}),
    (layers.ZeroPadding2D, {"padding": 2}),
    (layers.ZeroPadding2D, {"padding": (0, 3)}),
    (layers.ZeroPadding2D, {"padding": ((1, 2), (0, 3))}),
    (layers.UpSampling2D, {}),
    (layers.UpSampling2D, {"size": (1, 3)}),
    (layers.Conv2DTranspose, {"filters": 3, "kernel_size": 3}),
    (layers.Conv2DTranspose, {"filters": 3, "kernel_size": 2, "strides": 2, "activation": "relu"}),
    (layers.Conv2DTranspose, {"filters": 3, "kernel_size": 3, "strides": 2, "padding": "same"}),
    (layers.Conv2DTranspose, {"filters": 3, "kernel_size": (2, 3), "strides": (3, 2), "use_bias": False}),
    (layers.Conv2DTranspose, {"filters": 2, "kernel_size": (4, 1), "strides": (3, 2), "padding": "same"}),
    (layers.Conv2DTranspose, {"filters": 2, "kernel_size": 3, "strides": 3, "padding": "same", "output_padding": 1}),
    (layers.Conv2DTranspose, {"filters": 2, "kernel_size": 2, "strides": (4, 3), "output_padding": (0, 2)}),
    (layers.DepthwiseConv2D, {"kernel_size": 3}),
    (layers.DepthwiseConv2D, {"kernel_size": (2, 3), "depth_multiplier": 3, "padding": "same", "activation": "tanh"}),
    (layers.DepthwiseConv2D, {"kernel_size": 3, "strides": 2, "padding": "same", "use_bias": False}),
    (layers.DepthwiseConv2D, {"kernel_size": (3, 2), "dilation_rate": (2, 3), "depth_multiplier": 2}),
    (layers.SeparableConv2D, {"filters": 5, "kernel_size": 3}),
    (layers.SeparableConv2D, {"filters": 3, "kernel_size": (2, 3), "depth_multiplier": 2, "activation": "relu"}),
    (layers.SeparableConv2D, {"filters": 3, "kernel_size": 3, "strides": 2, "padding": "same", "use_bias": False}),
    (layers.SeparableConv2D, {"filters": 3, "kernel_size": 2, "dilation_rate": 2, "padding": "same"}),
    (layers.Conv2D, {"filters": 6, "kernel_size": 3, "groups": 2, "activation": "relu"}),
    (layers.Conv2D, {"filters": 4, "kernel_size": (2, 3), "groups": 4, "padding": "same", "strides": 2}),
    (layers.Conv2D, {"filters": 8, "kernel_size": 2, "groups": 2, "dilation_rate": (3, 2), "use_bias": False}),
]


def titled(case: tuple[type[layers.Layer], dict[str, Any]]) -> str:
    return f"{case[0].__name__}({', '.join(f'{k}={v}' for k, v in case[1].items())})"


def assert_as_keras(layer: Any, twin: Any, x: Array, tolerance: float) -> None:
    """Assert that forward and backward of a layer agree with a Keras layer and TensorFlow's gradients."""
    y = layer(x)
    twin.build(x.shape)
    twin.set_weights(layer.get_weights())
    dy = np.random.default_rng(1).standard_normal(y.shape).astype(y.dtype)
    dx = layer.backward(dy)
    pixels = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(pixels)
        theirs = twin(pixels)
        total = tf.reduce_sum(theirs * dy)
    sources = [pixels, *(variable.value for variable in twin.trainable_variables)]
    found = [y, dx, *layer.grads.values()]
    for ours, expected in zip(found, [theirs, *tape.gradient(total, sources)], strict=True):
        assert ours.dtype == x.dtype
        assert ours.shape == expected.shape
        scale = max(np.abs(expected.numpy()).max(initial=0), 1)
        assert np.abs(ours - expected.numpy()).max(initial=0) <= tolerance * scale


@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-10), ("float32", 1e-5)])
@pytest.mark.parametrize("case", CASES, ids=titled)
def test_values_and_gradients_are_those_of_keras(case, dtype: str, tolerance: float, rng) -> None:
    cls, arguments = case
    layer = cls(**arguments, dtype=dtype)
    x = rng.standard_normal(IMAGE).astype(dtype)
    layer(x)
    layer.set_weights([rng.standard_normal(w.shape) / 2 for w in layer.get_weights()])
    assert_as_keras(layer, layer_to_keras(layer), x, tolerance)


@pytest.mark.parametrize("size", [2, 3, (1, 4), (5, 2)])
def test_bilinear_up_sampling_is_that_of_keras_which_computes_it_in_float32(size, rng) -> None:
    layer = layers.UpSampling2D(size, interpolation="bilinear", dtype="float64")
    assert_as_keras(layer, layer_to_keras(layer), rng.standard_normal(IMAGE), 1e-6)


def test_ties_of_the_global_maximum_are_shared_as_by_keras() -> None:
    x = np.random.default_rng(2).integers(0, 2, IMAGE).astype(float)
    layer = layers.GlobalMaxPooling2D(dtype="float64")
    assert_as_keras(layer, layer_to_keras(layer), x, 1e-12)


@pytest.mark.parametrize("cls", [layers.DepthwiseConv2D, layers.SeparableConv2D])
def test_unequal_strides_are_those_of_tensorflow_compiled(cls, rng) -> None:
    """TensorFlow's plain CPU code refuses them; what XLA compiles does not."""
    filters = {"filters": 3} if cls is layers.SeparableConv2D else {}
    layer = cls(**filters, kernel_size=(3, 2), strides=(1, 2), padding="same", depth_multiplier=2)
    x = rng.standard_normal(IMAGE).astype("float32")
    y = layer(x)
    twin = layer_to_keras(layer)
    twin.build(x.shape)
    twin.set_weights(layer.get_weights())
    theirs = tf.function(twin, jit_compile=True)(tf.constant(x))
    np.testing.assert_allclose(y, theirs.numpy(), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_a_dilated_transposed_convolution_is_that_of_tensorflow_compiled(padding: str, rng) -> None:
    """TensorFlow's plain CPU code refuses the dilation; what XLA compiles does not."""
    layer = layers.Conv2DTranspose(3, (2, 3), padding=padding, dilation_rate=(3, 2), dtype="float64")
    x = rng.standard_normal(IMAGE)
    y = layer(x)
    dx = layer.backward(y)
    twin = layer_to_keras(layer)
    twin.build(x.shape)
    twin.set_weights(layer.get_weights())

    @tf.function(jit_compile=True)
    def both_ways(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = twin(x)
        return y, tape.gradient(y, [x, *twin.trainable_variables], y)

    theirs, gradients = both_ways(tf.constant(x))
    ours = [y, dx, *layer.grads.values()]
    for mine, other in zip(ours, [theirs, *gradients], strict=True):
        np.testing.assert_allclose(mine, other.numpy(), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("case", CASES, ids=titled)
def test_there_and_back_keeps_arguments_names_and_weights(case) -> None:
    cls, arguments = case
    inputs = Input(IMAGE[1:])
    model = Model(inputs, cls(**arguments)(inputs))
    twin = interop.to_keras(model)
    copy = interop.from_keras(twin)
    assert copy.layers[1].get_config() == model.layers[1].get_config()
    assert twin.layers[1].output.shape == model.output_shape
    for a, b in zip(copy.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert [w.path.split("/")[-1] for w in twin.weights] == list(model.layers[1].params)


def test_names_by_which_keras_knows_them_too() -> None:
    for name in ("AvgPool2D", "Convolution2D", "Convolution2DTranspose", "GlobalAvgPool2D", "GlobalMaxPool2D"):
        assert getattr(layers, name).__name__ == getattr(tf.keras.layers, name).__name__
    assert layers.SeparableConvolution2D.__name__ == tf.keras.layers.SeparableConvolution2D.__name__


@pytest.mark.parametrize("cls", sorted({case[0] for case in CASES}, key=lambda c: c.__name__))
def test_arguments_stand_in_keras_order(cls) -> None:
    import inspect

    ours = [n for n in inspect.signature(cls).parameters if n not in ("kwargs", "args")]
    theirs = [n for n in inspect.signature(getattr(tf.keras.layers, cls.__name__)).parameters if n in ours]
    assert ours == theirs
