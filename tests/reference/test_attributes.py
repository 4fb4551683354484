"""What is read off layers and models, beside the same in Keras."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import scratchnet
from reference.environment import keras

LISTS = ("weights", "trainable_weights", "non_trainable_weights", "trainable_variables", "variables")


def network(library: Any) -> Any:
    layers = library.layers
    inputs = library.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, name="conv")(inputs)
    x = layers.BatchNormalization(name="norm")(x)
    x = layers.SeparableConv2D(4, 3, use_bias=False, name="separable")(x)
    x = layers.Flatten()(x)
    both = layers.Add()([layers.Dense(3, name="left")(x), layers.Dense(3, name="right")(x)])
    return library.Model(inputs, layers.LayerNormalization(name="last", scale=False)(both))


@pytest.mark.parametrize("frozen", [[], ["norm"], ["conv", "right"], ["model"]])
def test_the_lists_of_weights_are_keras_s(frozen: list[str]) -> None:
    models = [network(library) for library in (scratchnet, keras)]
    for model in models:
        for name in frozen:
            (model if name == "model" else model.get_layer(name)).trainable = False
    ours, theirs = models
    for which in LISTS:
        for owner, other in [(ours, theirs), *zip(ours.layers, theirs.layers)]:
            found, expected = getattr(owner, which), getattr(other, which)
            assert [w.path for w in found] == [w.path for w in expected]
            for fact in ("name", "shape", "dtype", "trainable"):
                assert [getattr(w, fact) for w in found] == [getattr(w, fact) for w in expected]
    assert len(ours.non_trainable_variables) == len(theirs.non_trainable_variables)


def test_a_variable_answers_as_keras_s() -> None:
    models = [network(library) for library in (scratchnet, keras)]
    models[1].set_weights(models[0].get_weights())
    kernels = [model.get_layer("left").kernel for model in models]
    for model, kernel in zip(models, kernels):
        kernel.assign(kernel * 2 + 1)
        kernel.assign_add(np.ones(kernel.shape))
        kernel.assign_sub(np.full(kernel.shape, 3.0))
        with pytest.raises(ValueError, match="shape"):
            kernel.assign(1.0)
        with pytest.raises(AttributeError):
            model.get_layer("left").kernel = kernel.numpy()
    np.testing.assert_allclose(kernels[0].numpy(), kernels[1].numpy(), rtol=1e-6)
    for layer in (model.get_layer("separable") for model in models):
        assert layer.bias is None
    for library in (scratchnet, keras):
        assert not hasattr(library.layers.Dense(3), "kernel")


def test_inputs_have_keras_s_shapes_and_batches_of_any_size_run() -> None:
    for make in (
        lambda library: library.Input((4,), 32),
        lambda library: library.Input(batch_shape=(32, 4)),
        lambda library: library.Input((4,), batch_size=None),
        lambda library: library.layers.InputLayer((4,), 32).output,
    ):
        ours, theirs = (make(library) for library in (scratchnet, keras))
        assert ours.shape == theirs.shape
        models = [lib.Model(t, lib.layers.Dense(3)(t)) for lib, t in ((scratchnet, ours), (keras, theirs))]
        assert models[0].output_shape == models[1].output_shape
        assert [model.predict(np.ones((33, 4)), verbose=0).shape for model in models] == [(33, 3)] * 2


@pytest.mark.parametrize("arguments", [{"input_shape": (4,)}, {"input_dim": 4}])
def test_a_first_layer_that_says_the_shape_is_warned_of_in_both(arguments: Any) -> None:
    for library in (scratchnet, keras):
        with pytest.warns(UserWarning, match="input_shape|input_dim"):
            first = library.layers.Dense(3, **arguments)
        model = library.Sequential([first, library.layers.Dense(2)])
        assert model.input_shape == (None, 4)
        with pytest.warns(UserWarning, match="input_shape|input_dim"):
            passed_over = library.layers.Dense(3, **arguments)
        assert library.Sequential([library.Input((5,)), passed_over]).input_shape == (None, 5)


@pytest.mark.parametrize("frozen", [[], ["inner"], ["norm"]])
def test_the_lists_of_weights_of_a_nested_model_are_keras_s(frozen: list[str]) -> None:
    models = []
    for library in (scratchnet, keras):
        inner = library.Sequential(
            [library.Input((4,)), library.layers.Dense(3, name="d"), library.layers.BatchNormalization(name="norm")],
            name="inner",
        )
        inputs = library.Input((4,))
        model = library.Model(inputs, library.layers.Dense(2, name="top")(inner(inputs)))
        for name in frozen:
            (inner if name == "inner" else inner.get_layer(name)).trainable = False
        models += [model, library.models.clone_model(model)]
    for which in ("weights", "trainable_weights", "non_trainable_weights"):
        for owner, other in zip(models[:2], models[2:]):
            assert [(w.name, w.shape) for w in getattr(owner, which)] == [
                (w.name, w.shape) for w in getattr(other, which)
            ]
