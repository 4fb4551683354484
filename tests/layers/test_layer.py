"""What holds for every layer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import scratchnet as sn
from scratchnet import config, layers
from scratchnet.layers import LAYERS, Conv2D, Dense, Flatten, Input, Layer, MaxPooling2D

BUILT_IN: dict[str, tuple[Any, Any]] = {
    "Activation": (lambda **k: layers.Activation("sigmoid", **k), (4, 3)),
    "Add": (layers.Add, [(4, 3), (4, 3)]),
    "Average": (layers.Average, [(4, 3), (4, 3)]),
    "Concatenate": (layers.Concatenate, [(4, 3), (4, 2)]),
    "AveragePooling2D": (lambda **k: layers.AveragePooling2D(3, 2, "same", **k), (4, 5, 5, 3)),
    "BatchNormalization": (layers.BatchNormalization, (4, 3, 2)),
    "Conv2D": (lambda **k: Conv2D(2, 2, activation="relu", **k), (4, 5, 5, 3)),
    "Conv2DTranspose": (lambda **k: layers.Conv2DTranspose(2, 3, 2, activation="relu", **k), (4, 5, 4, 3)),
    "ActivityRegularization": (lambda **k: layers.ActivityRegularization(0.1, 0.2, **k), (4, 3)),
    "Dense": (lambda **k: Dense(2, activation="tanh", **k), (4, 3)),
    "DepthwiseConv2D": (lambda **k: layers.DepthwiseConv2D(2, depth_multiplier=2, **k), (4, 5, 5, 3)),
    "Embedding": (lambda **k: layers.Embedding(2, 3, **k), (4, 3)),
    "Dropout": (lambda **k: layers.Dropout(0.3, **k), (4, 3)),
    "GaussianNoise": (lambda **k: layers.GaussianNoise(0.3, **k), (4, 3)),
    "LayerNormalization": (layers.LayerNormalization, (4, 3)),
    "Flatten": (Flatten, (4, 3, 2)),
    "GlobalAveragePooling2D": (layers.GlobalAveragePooling2D, (4, 5, 3, 2)),
    "GlobalMaxPooling2D": (layers.GlobalMaxPooling2D, (4, 5, 3, 2)),
    "InputLayer": (lambda **k: layers.InputLayer((3,), **k), (4, 3)),
    "LeakyReLU": (layers.LeakyReLU, (4, 3)),
    "MaxPooling2D": (MaxPooling2D, (4, 5, 5, 3)),
    "Multiply": (layers.Multiply, [(4, 3), (4, 3)]),
    "Permute": (lambda **k: layers.Permute((2, 1), **k), (4, 3, 2)),
    "ReLU": (layers.ReLU, (4, 3)),
    "RandomCrop": (lambda **k: layers.RandomCrop(2, 3, **k), (4, 5, 5, 3)),
    "RandomErasing": (layers.RandomErasing, (4, 5, 5, 3)),
    "RandomFlip": (layers.RandomFlip, (4, 5, 5, 3)),
    "RandomTranslation": (lambda **k: layers.RandomTranslation(0.3, 0.2, **k), (4, 5, 5, 3)),
    "Rescaling": (lambda **k: layers.Rescaling(2.0, **k), (4, 3)),
    "Reshape": (lambda **k: layers.Reshape((3, 2), **k), (4, 6)),
    "Softmax": (layers.Softmax, (4, 3)),
    "Subtract": (layers.Subtract, [(4, 3), (4, 3)]),
    "SeparableConv2D": (lambda **k: layers.SeparableConv2D(4, 2, depth_multiplier=2, **k), (4, 5, 5, 3)),
    "UpSampling2D": (lambda **k: layers.UpSampling2D((3, 2), interpolation="bilinear", **k), (4, 3, 4, 2)),
    "ZeroPadding2D": (lambda **k: layers.ZeroPadding2D(((1, 0), (2, 3)), **k), (4, 3, 4, 2)),
}


def example(name, dtype="float32"):
    make, shape = BUILT_IN[name]
    layer = make(dtype=dtype)
    rng = np.random.default_rng(1)
    x = (
        [rng.normal(size=s).astype(dtype) for s in shape]
        if isinstance(shape, list)
        else rng.normal(size=shape).astype(dtype)
    )
    return layer, np.abs(x) % 2 if name == "Embedding" else x


def listed(dx):
    return dx if isinstance(dx, list) else [dx]


def test_every_built_in_layer_is_examined_here():
    assert set(BUILT_IN) == set(LAYERS)


@pytest.mark.parametrize("name", BUILT_IN)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_nothing_changes_its_float_type(name, dtype):
    layer, x = example(name, dtype)
    y = layer(x)
    dx = layer.backward(y)
    arrays = [y, *(d for d in listed(dx) if d is not None), *layer.params.values(), *layer.grads.values()]
    assert {a.dtype for a in arrays} == {np.dtype(dtype)}


@pytest.mark.parametrize("name", sorted(set(BUILT_IN) - {"InputLayer"}))
def test_the_caller_may_change_his_arrays_between_forward_and_backward(name):
    layer, x = example(name)
    y = layer(x, training=False)
    dy = np.ones_like(y)
    expected = layer.backward(dy)
    expected_grads = {k: g.copy() for k, g in layer.grads.items()}
    y = layer(x, training=False)
    y[...] = 99
    for array in x if isinstance(x, list) else [x]:
        array[...] = 77
    for a, b in zip(listed(layer.backward(dy)), listed(expected)):
        np.testing.assert_array_equal(a, b)
    for key, gradient in expected_grads.items():
        np.testing.assert_array_equal(layer.grads[key], gradient)


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_configuration_makes_an_equal_layer(name):
    layer, x = example(name)
    twin = type(layer).from_config(layer.get_config())
    layer(x, training=False), twin(x, training=False)
    assert twin.get_config() == layer.get_config()
    twin.set_weights(layer.get_weights())
    np.testing.assert_array_equal(twin(x, training=False), layer(x, training=False))


@pytest.mark.parametrize("name", BUILT_IN)
def test_the_output_has_the_shape_foretold(name):
    layer, x = example(name)
    y = layer(x)
    assert layer.output_shape == (None, *y.shape[1:])


@pytest.mark.parametrize("name", ["a\nb", "\x1b[2J", "\u202e", 3, ""])
def test_a_name_can_be_printed(name):
    for make in (
        lambda: Dense(1, name=name),
        lambda: setattr(Dense(1), "name", name),
        lambda: setattr(sn.Sequential(), "name", name),
    ):
        with pytest.raises(ValueError, match="expected a name of printable characters, got "):
            make()


@pytest.mark.parametrize("make", [sn.losses.MeanSquaredError, sn.metrics.Accuracy, sn.optimizers.SGD])
def test_names_of_other_things_can_be_printed(make):
    with pytest.raises(ValueError, match=r"expected printable text or None, got '\\x1b'"):
        make(name="\x1b")


def test_a_layer_that_no_machine_could_run_is_refused():
    with pytest.raises(ValueError, match="expected to put out what a computer can hold, got"):
        layers.UpSampling2D(10**9)(Input((2, 2, 1)))


@pytest.mark.parametrize("shape", [(None, None, 3), (None, 2.5), (None, "3")])
def test_an_output_of_no_fixed_size_has_no_place_in_a_graph(shape):
    class Cut(sn.Layer):
        def compute_output_shape(self, input_shape):
            return shape

    with pytest.raises(ValueError, match=r"Layer 'cut\w*' \(Cut\) expected its compute_output_shape to return a whole"):
        Cut()(layers.Input((5, 3)))


def test_automatic_names_count_only_nameless_layers():
    names = [Dense(1).name, Dense(1, name="Hidden").name, Dense(1).name, layers.ReLU().name, Conv2D(1, 1).name]
    assert names == ["dense", "Hidden", "dense_1", "re_lu", "conv2d"]


def test_floatx_is_the_dtype_of_new_layers():
    config.set_floatx("float64")
    assert Dense(1).dtype == "float64"
    assert Dense(1, dtype="float32").dtype == "float32"


def test_unknown_dtype_is_refused():
    with pytest.raises(ValueError, match="Unknown float type 'float16': did you mean 'float"):
        Dense(1, dtype="float16")


def test_layers_of_different_dtypes_do_not_mix():
    with pytest.raises(ValueError, match="'d' has dtype float64 but its input from 'input_layer' has float32"):
        Dense(1, dtype="float64", name="d")(Input((3,)))


def test_a_misspelt_layer_suggests_the_nearest():
    with pytest.raises(AttributeError, match="Unknown layer 'Conv2d': did you mean 'Conv2D'"):
        layers.Conv2d  # noqa: B018


def test_set_weights_refuses_wrong_shapes_and_changes_nothing():
    layer = Dense(2, name="d")
    layer(Input((3,)))
    before = layer.get_weights()
    with pytest.raises(ValueError, match=r"layer 'd' expected d/bias of shape \(2,\), got \(3,\)"):
        layer.set_weights([np.ones((3, 2)), np.ones(3)])
    with pytest.raises(ValueError, match=r"expected 2 arrays \(d/kernel, d/bias\), got 1"):
        layer.set_weights([np.ones((3, 2))])
    for a, b in zip(layer.get_weights(), before):
        np.testing.assert_array_equal(a, b)


def test_a_tensor_of_the_graph_holds_no_numbers():
    with pytest.raises(TypeError, match="holds no numbers yet"):
        np.asarray(Input((3,)))


def test_a_layer_without_forward_says_so():
    with pytest.raises(NotImplementedError, match=r"'mine' \(Mine\) has no forward"):
        type("Mine", (Layer,), {})(name="mine")(np.ones((1, 1)))


def test_plus_adds_two_tensors():
    a = Input((3,))
    total = a + Dense(3)(a)
    assert total.layer.name == "add"
