"""Where a graph begins: ``Input`` in all its forms, and ``input_shape=`` of a first layer."""

from __future__ import annotations

import copy
import warnings
from typing import Any

import numpy as np
import pytest

import scratchnet as sn
from scratchnet import layers

X = np.random.default_rng(0).normal(size=(33, 4)).astype("float32")


@pytest.mark.parametrize("make", [sn.Input, lambda *a, **k: layers.InputLayer(*a, **k).output])
def test_the_forms_of_an_input(make: Any) -> None:
    assert make((28, 28), 32).shape == (32, 28, 28)
    assert make((28, 28), batch_size=np.int64(32), name="a").layer.batch_shape == (32, 28, 28)
    assert make(batch_shape=(32, 28)).shape == (32, 28)
    assert make(batch_shape=[None, 28]).shape == (None, 28)
    assert make((3,), None, "int32").dtype == "int32"
    assert make(()).shape == (None,)
    assert layers.InputLayer(input_shape=(3,)).shape == (None, 3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, r"the shape of one sample such as \(28,\), got None"),
        ({"shape": 3}, "got 3"),
        ({"shape": "ab"}, "got 'ab'"),
        ({"shape": (None, 3)}, "without the batch size"),
        ({"shape": (3,), "batch_size": 0}, "batch_size of Input expected a whole number ≥ 1, got 0"),
        ({"shape": (3,), "batch_size": 2.5}, "batch_size of Input"),
        ({"batch_shape": (0, 3)}, "batch_size of Input"),
        ({"batch_shape": ()}, "with the batch in front"),
        ({"batch_shape": (2, None)}, "without the batch size"),
        ({"shape": (3,), "batch_shape": (2, 3)}, "either shape or batch_shape"),
        ({"batch_size": 2, "batch_shape": (2, 3)}, "either batch_size or batch_shape"),
    ],
)
def test_what_is_no_input_is_refused(arguments: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        sn.Input(**arguments)


def test_a_fixed_batch_size_is_shown_and_kept() -> None:
    inputs = sn.Input((2, 2), batch_size=32, name="in")
    model = sn.Model(inputs, layers.Dense(3, name="d")(layers.Flatten(name="f")(inputs)))
    shown: list[str] = []
    model.summary(print_fn=shown.append)
    for line in ("in (InputLayer)               │ (32, 2, 2)", "(32, 4)", "(32, 3)"):
        assert line.split("│")[-1].strip() in shown[0]
    assert (model.input_shape, model.output_shape) == ((32, 2, 2), (32, 3))
    for twin in (copy.deepcopy(model), sn.models.clone_model(model), sn.Model.from_config(model.get_config())):
        assert twin.input_shape == (32, 2, 2)
    assert sn.Model(model.get_layer("f").output, model.output).input_shape == (32, 4)


def test_batches_of_other_sizes_are_computed_all_the_same(backend: str) -> None:
    fixed, free = (sn.Sequential([sn.Input((4,), size), layers.Dense(3, activation="relu")]) for size in (32, None))
    free.set_weights(fixed.get_weights())
    np.testing.assert_array_equal(fixed.predict(X, verbose=0), free.predict(X, verbose=0))
    np.testing.assert_array_equal(fixed(X[:5]), free(X[:5]))
    for model in (fixed, free):
        model.compile("sgd", "mse")
    y = X[:, :3]
    sn.utils.set_random_seed(0)
    history = fixed.fit(X, y, verbose=0).history
    sn.utils.set_random_seed(0)
    assert free.fit(X, y, verbose=0).history == history
    assert fixed.evaluate(X, y, verbose=0) == free.evaluate(X, y, verbose=0)


def test_inputs_meet_if_their_batch_sizes_can_be_one() -> None:
    both = layers.Add()([sn.Input((4,), 8), sn.Input((4,))])
    assert both.shape == (8, 4)
    assert layers.Concatenate()([sn.Input((4,)), sn.Input((3,), 8)]).shape == (8, 7)
    with pytest.raises(ValueError, match=r"inputs of one batch size, got \(8, 4\) and \(9, 4\)"):
        layers.Add()([sn.Input((4,), 8), sn.Input((4,), 9)])


# A first layer that says the shape ----------------------------------------------------------------------------------


def saying(**arguments: Any) -> Any:
    with pytest.warns(UserWarning, match="counts for the first layer of a Sequential model only"):
        return layers.Dense(3, **arguments)


@pytest.mark.parametrize("arguments", [{"input_shape": (4,)}, {"input_shape": [4]}, {"input_dim": 4}])
def test_the_first_layer_may_say_the_input_s_shape(arguments: Any) -> None:
    model = sn.Sequential([saying(name="first", **arguments), layers.Dense(2)])
    assert model.built
    assert model.input_shape == (None, 4)
    assert model.layers[0].kernel.shape == (4, 3)
    assert sn.Sequential.from_config(model.get_config()).input_shape == (None, 4)
    assert "input_shape" not in model.layers[0].get_config()
    later = sn.Sequential()
    later.add(saying(**arguments))
    assert later.output_shape == (None, 3)


def test_an_embedding_s_input_is_of_whole_numbers_and_a_layer_s_of_its_dtype() -> None:
    with pytest.warns(UserWarning, match="Embedding expected no input_shape"):
        model = sn.Sequential([layers.Embedding(10, 2, input_shape=(3,))])
    assert model.inputs[0].dtype == "int32"
    assert sn.Sequential([saying(input_shape=(4,), dtype="float64")]).inputs[0].dtype == "float64"


def test_everywhere_else_it_is_passed_over_as_in_keras() -> None:
    assert sn.Sequential([sn.Input((5,)), saying(input_shape=(4,))]).input_shape == (None, 5)
    assert not sn.Sequential([layers.Dense(2), saying(input_shape=(4,))]).built
    assert saying(input_shape=(4,))(sn.Input((5,))).layer.kernel.shape == (5, 3)


def test_a_layer_may_go_on_to_other_shapes() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        layer = layers.Flatten()
        assert layer(sn.Input((2, 3))).shape == (None, 6)
        assert layer(sn.Input((4, 3))).shape == (None, 12)
    assert layer.input_shape == (None, 4, 3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"input_shape": (4,), "input_dim": 4}, "either input_shape or input_dim"),
        ({"input_shape": 4}, r"such as \(28,\), got 4"),
        ({"input_shape": (0,)}, "input_shape of Dense expected a whole number ≥ 1, got 0"),
        ({"input_dim": (4,)}, "input_dim of Dense"),
    ],
)
def test_what_says_no_shape_is_refused(arguments: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        layers.Dense(3, **arguments)


def test_dtypes_and_the_format_of_flatten() -> None:
    layer = layers.Flatten("channels_last", dtype="float64")
    assert (layer.dtype, layer.compute_dtype, layer.variable_dtype) == ("float64",) * 3
    assert layer.get_config()["data_format"] == "channels_last"
    with pytest.raises(ValueError, match=r"np\.moveaxis"):
        layers.Flatten("channels_first")
