"""Bad input gets a clear error, before anything has changed."""

from __future__ import annotations

import numpy as np
import pytest

from scratchnet import Input, Model
from scratchnet.layers import Conv2D, Dense, Flatten


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
        (X[..., 0], Y, {}, r"x of shape \(N, 4, 4, 1\) for layer 'images', got \(6, 4, 4\): add the channel axis"),
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
        ([X, X], Y, {}, "expected 1 input arrays, got 2"),
        (X, Y, {"batch_size": 0}, "batch_size expected a whole number ≥ 1, got 0"),
        (X, Y, {"batch_size": 2.5}, "batch_size expected a whole number ≥ 1, got 2.5"),
        (X, Y, {"epochs": 0}, "epochs expected a whole number ≥ 1, got 0"),
        (X, Y, {"epochs": "3"}, "epochs expected a whole number ≥ 1, got '3'"),
        (X, Y, {"initial_epoch": -1}, "initial_epoch expected a whole number ≥ 0, got -1"),
        (X, Y, {"verbose": 7}, 'verbose expected 0, 1, 2 or "auto", got 7'),
        (X, Y, {"validation_split": 1.5}, "validation_split between 0 and 1, got 1.5"),
        (X, Y, {"validation_split": 0.9}, "validation_split=0.9 of 6 samples leaves none for one of the two parts"),
        (X, Y, {"validation_data": X}, r"validation_data as \(x, y\)"),
        (X, Y, {"sample_weight": [1, 2]}, r"sample_weight of shape \(6,\), got \(2,\)"),
        (X, Y, {"sample_weight": [1, 1, 1, 1, 1, -1]}, r"sample_weight ≥ 0, got -1.0 at index 5"),
        (X, Y, {"class_weight": {3: 1.0}}, r"class_weight for classes 0…2, got the key 3"),
        (X, Y, {"class_weight": {0: -1.0}}, r"class_weight\[0\] to be finite and ≥ 0, got -1.0"),
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


def test_a_model_with_several_outputs_can_only_predict():
    a = Input((3,))
    model = Model(a, [Dense(1)(a), Dense(1)(a)])
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="'functional' has 2: such a model can only predict"):
        model.fit(np.zeros((2, 3)), np.zeros((2, 1)), verbose=0)


def test_predict_checks_its_input_too(model):
    with pytest.raises(ValueError, match=r"x of predict expected finite numbers, got nan at index \(2, 1, 3, 0\)"):
        model.predict(with_nan())


def test_callbacks_must_be_callbacks(model):
    with pytest.raises(TypeError, match="callbacks expected"):
        model.fit(X, Y, callbacks=["early"], verbose=0)
