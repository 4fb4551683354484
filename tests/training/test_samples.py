"""Bad input gets a clear error, before anything has changed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scratchnet import Input, Model, Sequential, losses, optimizers, utils
from scratchnet.layers import Conv2D, Dense, Flatten
from scratchnet.training.inputs import check_inputs


class OfMyOwn(losses.MeanSquaredError):
    name = "of_my_own"

    def prepare_labels(self, y, output_shape):
        return y


@pytest.fixture
def model():
    a = Input((4, 4, 1), name="images")
    model = Model(a, Dense(3, activation="softmax")(Flatten()(Conv2D(2, 2)(a))))
    model.compile("adam", "sparse_categorical_crossentropy", ["accuracy"])
    return model


X, Y = np.zeros((6, 4, 4, 1), "float32"), np.arange(6) % 3


def with_nan():
    x = X.copy()
    x[2, 1, 3, 0] = np.nan
    return x


@pytest.mark.parametrize(
    ("x", "y", "options", "message"),
    [
        (X[:, 0, :, 0], Y, {}, r"x of shape \(N, 4, 4, 1\) for layer 'images', got \(6, 4\)"),
        ({"image": X}, Y, {}, "x of fit expected the keys 'images', got 'image': leave it out or correct it"),
        ({}, Y, {}, "x of fit expected the keys 'images', got none: 'images' is missing"),
        ([], Y, {}, "fit expected an array of samples as x, got"),
        (np.array(0.5), Y, {}, "one entry for each sample, got the number"),
        (X, [[1], [1, 2]], {}, "y of fit expected an array of numbers, got"),
        (np.zeros((6, 4, 4, 3)), Y, {}, r"for layer 'images', got \(6, 4, 4, 3\)"),
        (X[0], Y, {}, r"for one sample pass a batch of one, x\[None\]"),
        (X, Y[:5], {}, "one label for each sample, got 6 samples in x and 5 in y"),
        (X, Y + 1, {}, r"labels in 0…2, since there are 3 outputs, got 3 at index 2"),
        (X, Y + 0.5, {}, "whole class numbers as labels, got 0.5 at index 0"),
        (X, None, {}, "expected labels y, got None"),
        (with_nan(), Y, {}, r"x of fit expected finite numbers, got nan at index \(2, 1, 3, 0\)"),
        (X[:0], Y[:0], {}, r"at least one sample, got x of shape \(0, 4, 4, 1\)"),
        (X.astype(str), Y, {}, "expected an array of numbers, got dtype <U"),
        (X, np.array(list("abcabc")), {}, "expected an array of numbers, got dtype <U1"),
        ([X, X], Y, {}, "expected 1 input array, got a list of 2"),
        (X, Y, {"batch_size": 0}, "batch_size expected a whole number ≥ 1, got 0"),
        (X, Y, {"batch_size": 2.5}, "batch_size expected a whole number ≥ 1, got 2.5"),
        (X, Y, {"epochs": 0}, "epochs expected a whole number ≥ 1, got 0"),
        (X, Y, {"epochs": "3"}, "epochs expected a whole number ≥ 1, got '3'"),
        (X, Y, {"initial_epoch": -1}, "initial_epoch expected a whole number ≥ 0, got -1"),
        (X, Y, {"verbose": 7}, 'verbose expected 0, 1, 2 or "auto", got 7'),
        (X, Y, {"validation_split": 1.5}, "^validation_split of fit expected a finite number > 0 and < 1, got 1.5"),
        (X, Y, {"validation_split": 0.9}, "validation_split=0.9 of 6 samples leaves none for one of the two parts"),
        (X, Y, {"validation_data": X}, r"validation_data as \(x, y\)"),
        (X, Y, {"sample_weight": [1, 2]}, r"sample_weight of shape \(6,\) or \(6, 1\), got \(2,\)"),
        (X, Y, {"sample_weight": np.ones((6, 3))}, r"sample_weight of shape \(6,\) or \(6, 1\), got \(6, 3\)"),
        (X, Y, {"sample_weight": np.ones((1, 6))}, r"sample_weight of shape \(6,\) or \(6, 1\), got \(1, 6\)"),
        (X, Y, {"sample_weight": [[1], [1], [np.nan], [1], [1], [1]]}, r"sample_weight .* got nan at index \(2,\)"),
        (X, Y, {"sample_weight": 2.0}, "sample_weight of fit expected an array"),
        (X, Y, {"sample_weight": ["1"] * 6}, "sample_weight of fit expected an array of numbers, got dtype <U1"),
        (X, Y, {"validation_data": (X, Y, [1, 2])}, r"fit\(validation_data\) expected sample_weight of shape \(6,\)"),
        (X, Y, {"validation_data": (X, Y + 1)}, "labels in 0…2, since there are 3 outputs, got 3 at index 2"),
        (X, Y, {"sample_weight": [1, 1, 1, 1, 1, -1]}, r"sample_weight ≥ 0, got -1.0 at index 5"),
        (X, Y, {"class_weight": {3: 1.0}}, r"class_weight for classes 0…2, got the key 3"),
        (X, Y, {"class_weight": {0: -1.0}}, r"class_weight\[0\] of fit expected a finite number ≥ 0, got -1.0"),
        (X, Y, {"class_weight": {0: "x"}}, r"class_weight\[0\] of fit expected a finite number ≥ 0, got 'x'"),
        (X, Y, {"class_weight": {1: None}}, r"class_weight\[1\] of fit expected a finite number ≥ 0, got None"),
        (X, Y, {"class_weight": {1: np.nan}}, r"class_weight\[1\] of fit expected a finite number ≥ 0, got nan"),
        (X, Y, {"class_weight": {1: True}}, r"class_weight\[1\] of fit expected a finite number ≥ 0, got True"),
        (X, Y, {"class_weight": {"0": 1.0}}, "key of class_weight of fit expected a finite number ≥ 0, got '0'"),
        (X, Y, {"class_weight": {True: 1.0}}, "key of class_weight of fit expected a finite number ≥ 0, got True"),
        (X, Y, {"class_weight": {1.5: 1.0}}, "class_weight for classes 0…2, got the key 1.5"),
        (X, Y, {"class_weight": {-1: 1.0}}, "key of class_weight of fit expected a finite number ≥ 0, got -1"),
        (X, Y, {"class_weight": [1.0, 2.0, 3.0]}, "class_weight as a dict with a factor for each class"),
        (X, Y, {"class_weight": np.ones(3)}, "class_weight as a dict with a factor for each class"),
        (X, Y, {"class_weight": "balanced"}, "class_weight as a dict .* got 'balanced'"),
        (X, Y, {"class_weight": 2.0}, "class_weight as a dict .* got 2.0"),
    ],
)
def test_fit_refuses(model, x, y, options, message):
    before = model.get_weights()
    with pytest.raises(ValueError, match=message):
        model.fit(x, y, **{"verbose": 0, **options})
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights()))
    assert model.history is None


def test_fit_and_evaluate_before_compile_say_what_to_call():
    a = Input((3,))
    model = Model(a, Dense(1)(a))
    for call in (model.fit, model.evaluate):
        with pytest.raises(RuntimeError, match=r"call model\.compile\(optimizer, loss, metrics\) first"):
            call(np.zeros((2, 3)), np.zeros((2, 1)))


def test_predict_checks_its_input_too(model):
    with pytest.raises(ValueError, match=r"x of predict expected finite numbers, got nan at index \(2, 1, 3, 0\)"):
        model.predict(with_nan())


def test_callbacks_must_be_callbacks(model):
    with pytest.raises(TypeError, match="callbacks expected"):
        model.fit(X, Y, callbacks=["early"], verbose=0)


def regression(outputs=1, shape=(3,), activation=None):
    a = Input(shape)
    model = Model(a, Dense(outputs, activation)(Flatten()(a)))
    model.compile(optimizers.SGD(0.0), "mse", ["accuracy"])
    return model


@pytest.mark.parametrize("loss", ["mse", "sparse_categorical_crossentropy", "categorical_crossentropy", OfMyOwn()])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("call", ["fit", "evaluate", "train_on_batch", "test_on_batch", "validation_data"])
def test_a_target_that_is_no_number_is_named_with_its_index(loss, bad, call):
    model = regression(3, activation="softmax")
    model.compile("sgd", loss)
    x = np.zeros((6, 3))
    y = np.zeros(6) if loss == "sparse_categorical_crossentropy" else np.zeros((6, 3))
    broken = y.copy()
    broken[4] = bad
    calls = {
        "fit": lambda: model.fit(x, broken, verbose=0),
        "evaluate": lambda: model.evaluate(x, broken, verbose=0),
        "train_on_batch": lambda: model.train_on_batch(x, broken),
        "test_on_batch": lambda: model.test_on_batch(x, broken),
        "validation_data": lambda: model.fit(x, y, validation_data=(x, broken), verbose=0),
    }
    with pytest.raises(ValueError, match=rf"^y of .* expected finite numbers, got {bad} at index \(4,"):
        calls[call]()


@given(st.integers(0, 2**32 - 1), st.sampled_from(["one output", "numbers", "one-hot"]), st.booleans(), st.booleans())
def test_class_weight_is_a_sample_weight_by_label_in_training_only(seed, kind, column, held_back):
    rng = np.random.default_rng(seed)
    x, y, classes = rng.normal(size=(20, 3)), rng.integers(0, 2, 20), 1 if kind == "one output" else 3
    factors, weight = {0: 5.0, 1: float(rng.random())}, rng.random(20)
    model = regression(classes)
    if kind == "numbers":
        model.compile(optimizers.SGD(0.0), losses.SparseCategoricalCrossentropy(from_logits=True))
    labels = utils.to_categorical(y, 3) if kind == "one-hot" else y[:, None] if column else y
    options = {"validation_split": 0.3} if held_back else {"validation_data": (x, labels, weight)}
    options |= {"shuffle": False, "batch_size": 6, "verbose": 0}
    by_class = model.fit(x, labels, class_weight=factors, sample_weight=weight, **options).history
    both = weight * [factors[label] for label in y]
    by_sample = model.fit(x, labels, sample_weight=both[:, None] if column else both, **options).history
    neither = model.fit(x, labels, sample_weight=weight, **options).history
    assert by_class["loss"] == pytest.approx(by_sample["loss"])
    assert by_class["val_loss"] == pytest.approx(neither["val_loss"])


def test_a_class_without_a_weight_weighs_one():
    model, x, y = regression(), np.ones((4, 3)), np.array([0, 1, 1, 0])
    weighted = model.fit(x, y, class_weight={1: 3.0}, verbose=0).history["loss"]
    assert weighted == pytest.approx(model.fit(x, y, sample_weight=[1, 3, 3, 1], verbose=0).history["loss"])
    plain = model.fit(x, y, verbose=0).history["loss"]
    assert plain == model.fit(x, y, class_weight={}, verbose=0).history["loss"]
    assert model.fit(x, y, class_weight={np.int64(1): np.float32(3), 0.0: 1}, verbose=0).history["loss"] == weighted


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([0, 0.5, 1], r"whole class numbers ≥ 0 in y, since class_weight is given, got 0\.5 at index 1"),
        ([0, 1, -1], r"class_weight is given, got -1 at index 2"),
    ],
)
def test_class_weight_needs_classes(y, message):
    with pytest.raises(ValueError, match=message):
        regression().fit(np.ones((3, 3)), np.array(y), class_weight={0: 1.0}, verbose=0)


def test_one_output_has_two_classes():
    with pytest.raises(ValueError, match="class_weight for classes 0…1, got the key 2"):
        regression().fit(np.ones((3, 3)), np.zeros(3), class_weight={2: 1.0}, verbose=0)


def test_class_weight_of_samples_with_a_class_for_each_place_is_refused():
    a = Input((4, 3))
    model = Model(a, Dense(2)(a))
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match=r"no class_weight for labels of shape \(5, 4, 2\)"):
        model.fit(np.ones((5, 4, 3)), np.ones((5, 4, 2)), class_weight={0: 1.0}, verbose=0)


def test_a_class_for_each_place_is_measured_over_all_places(backend):
    a = Input((4, 3))
    model = Model(a, Dense(2)(a))
    model.compile("sgd", "mse", ["accuracy"])
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(50, 4, 3)), rng.integers(0, 2, (50, 4))
    hits = model.predict(x, verbose=0).argmax(axis=-1) == y
    assert model.evaluate(x, utils.to_categorical(y), verbose=0)[1] == pytest.approx(hits.mean())


@pytest.mark.parametrize(
    ("shape", "came"),
    [
        *[((3,), (5, 3, 1)), ((8, 8, 1), (5, 8, 8)), ((1,), (5,))],
        *[((8, 8), (5, 8, 8, 1)), ((1, 1), (5, 1)), ((1,), (5, 1, 1))],
    ],
)
def test_a_last_axis_of_one_may_be_there_or_not_as_in_keras(shape, came, backend):
    x = np.random.default_rng(0).normal(size=came)
    model = regression(2, shape)
    whole = x.reshape(len(x), *shape)
    np.testing.assert_array_equal(model.predict(x, verbose=0), model.predict(whole, verbose=0))
    assert model.evaluate(x, np.zeros((5, 2)), verbose=0) == model.evaluate(whole, np.zeros((5, 2)), verbose=0)
    (seen,) = check_inputs(model, x, "predict")
    assert seen.shape == (5, *shape)
    assert np.shares_memory(seen, x)


def test_every_input_of_a_model_may_lack_its_last_axis():
    a, b = Input((4, 1)), Input((3,))
    model = Model([a, b], Dense(2)(Flatten()(a)) + Dense(2)(b))
    x = [np.ones((5, 4)), np.ones((5, 3, 1))]
    assert [seen.shape for seen in check_inputs(model, x, "predict")] == [(5, 4, 1), (5, 3)]


@pytest.mark.parametrize("came", [(5, 3, 2), (5, 4, 1), (5,), (5, 1), (3,), (5, 3, 1, 1)])
def test_no_other_shape_passes(came):
    with pytest.raises(ValueError, match=r"expected x of shape \(N, 3\) for layer"):
        regression().predict(np.ones(came), verbose=0)


@pytest.mark.parametrize("what", ["x", "y", "sample_weight"])
def test_a_number_beyond_the_model_s_float_type_is_named(what: str) -> None:
    inputs = Input((2,))
    model = Model(inputs, Dense(1)(inputs))
    model.compile("sgd", "mse")
    data = {"x": np.ones((5, 2)), "y": np.ones((5, 1)), "sample_weight": np.ones(5)}
    data[what].reshape(-1)[3] = 1e300
    with pytest.raises(ValueError, match=rf"{what} of fit .*none beyond float32's 3.4e\+38, got 1e\+300 at index \("):
        model.fit(**data, verbose=0)


@pytest.mark.parametrize("act", ["fit", "predict", "call"])
def test_numbers_that_are_masked_are_missing_numbers(act):
    x = np.ma.masked_array(np.full((4, 3), 1e20), [[False, True, False]] * 4)
    model = Sequential([Input((3,)), Dense(2)])
    model.compile("sgd", "mse")
    calls: dict[str, Any] = {
        "fit": lambda x: model.fit(x, np.zeros((4, 2)), verbose=0),
        "predict": lambda x: model.predict(x, verbose=0),
        "call": lambda x: model(x),
    }
    with pytest.raises(ValueError, match=r"got a masked array with 4 of them missing: fill them in, with x\.filled"):
        calls[act](x)
    calls[act](np.ma.masked_array(np.ones((4, 3))))  # none is missing
