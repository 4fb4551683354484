"""What an optimizer's options do in a training: at its end, after loading, and to which variables."""

from __future__ import annotations

import numpy as np
import pytest

import scratchnet
from scratchnet import Input, Sequential, layers, optimizers, utils

RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((24, 5)), RNG.integers(0, 3, 24)

ALL = {
    "adamw": lambda: optimizers.AdamW(0.01),
    "amsgrad": lambda: optimizers.Adam(0.01, amsgrad=True),
    "rmsprop": lambda: optimizers.RMSprop(0.01, momentum=0.5, centered=True),
    "adagrad": lambda: optimizers.Adagrad(0.1),
    "clipnorm": lambda: optimizers.SGD(0.1, clipnorm=0.1),
    "mean": lambda: optimizers.SGD(0.1, use_ema=True, ema_momentum=0.8, ema_overwrite_frequency=5),
    "accumulated": lambda: optimizers.Adam(0.1, gradient_accumulation_steps=4),
}


def network(optimizer: optimizers.Optimizer) -> Sequential:
    utils.set_random_seed(1)
    model = Sequential([Input((5,)), layers.Dense(4, "relu", name="first"), layers.Dense(3, "softmax", name="last")])
    model.compile(optimizer, "sparse_categorical_crossentropy")
    return model


@pytest.mark.parametrize("title", ALL)
def test_a_saved_training_goes_on_to_the_same_bits(title, tmp_path):
    straight, interrupted = network(ALL[title]()), network(ALL[title]())
    for step in range(10):
        straight.train_on_batch(X[step : step + 8], Y[step : step + 8])
        interrupted.train_on_batch(X[step : step + 8], Y[step : step + 8])
        if step == 4:  # in the middle of an accumulation, too
            interrupted.save(tmp_path / "model.safetensors")
            interrupted = scratchnet.load_model(tmp_path / "model.safetensors")
    for name, array in straight.params.items():
        np.testing.assert_array_equal(array, interrupted.params[name])


def test_fit_ends_with_the_mean_of_the_weights():
    model = network(optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5))
    seen = []
    keep = scratchnet.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: seen.append(model.params["last/bias"].copy())
    )
    model.fit(X, Y, batch_size=8, epochs=1, verbose=0, callbacks=[keep])
    mean = 0.5 * (0.5 * seen[0] + 0.5 * seen[1]) + 0.5 * seen[2]
    np.testing.assert_allclose(model.params["last/bias"], mean, rtol=1e-6)


def test_a_layer_that_thaws_begins_its_mean_where_it_is():
    model = network(optimizers.SGD(0.1, use_ema=True))
    model.layers[-1].trainable = False
    model.fit(X, Y, epochs=2, verbose=0)
    model.layers[-1].trainable = True
    model.fit(X, Y, epochs=1, verbose=0)
    assert np.abs(model.params["last/kernel"]).mean() > 0.1  # a mean that began at zero would be a hundredth


@pytest.mark.parametrize("how", ["names", "arrays", "paths"])
def test_variables_are_spared_the_decay(how, tmp_path):
    optimizer = optimizers.SGD(0.0, weight_decay=0.5)
    optimizer.learning_rate = 1e-12  # nothing but the decay moves anything much
    optimizer.weight_decay = 0.5e12
    model = network(optimizer)
    for array in model.params.values():
        array[...] = 1
    if how == "names":
        optimizer.exclude_from_weight_decay(var_names=["bias"])
    elif how == "arrays":
        optimizer.exclude_from_weight_decay([model.params["first/bias"], model.params["last/bias"]])
    else:
        optimizer.exclude_from_weight_decay(["first/bias", "last/bias"])
    model.train_on_batch(X, Y)
    model.save(tmp_path / "model.safetensors")
    model = scratchnet.load_model(tmp_path / "model.safetensors")
    model.train_on_batch(X, Y)
    for name, array in model.params.items():
        np.testing.assert_allclose(array, 1 if name.endswith("bias") else 0.25, rtol=1e-5)


def test_an_array_of_another_model_cannot_be_spared():
    optimizer = optimizers.AdamW()
    optimizer.exclude_from_weight_decay([np.ones(3)])
    with pytest.raises(ValueError, match="expected variables of the model, got an array of shape \\(3,\\)"):
        network(optimizer).fit(X, Y, verbose=0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: optimizers.SGD(clipnorm=0), "^clipnorm of SGD expected a finite number > 0, got 0"),
        (lambda: optimizers.SGD(clipnorm=1, clipvalue=1), "at most one of clipnorm, clipvalue, global_clipnorm"),
        (lambda: optimizers.SGD(gradient_accumulation_steps=1), "expected a whole number ≥ 2, got 1"),
        (lambda: optimizers.SGD(use_ema=True, ema_momentum=2), "^ema_momentum of SGD"),
        (lambda: optimizers.SGD(ema_overwrite_frequency=0), "^ema_overwrite_frequency of SGD"),
        (lambda: optimizers.AdamW(weight_decay=None), "^weight_decay of AdamW expected a finite number ≥ 0, got None"),
        (lambda: optimizers.RMSprop(rho=2), "^rho of RMSprop"),
        (lambda: optimizers.Adagrad(initial_accumulator_value=-1), "^initial_accumulator_value of Adagrad"),
    ],
)
def test_senseless_options_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_squares_that_float32_cannot_hold_do_not_stop_the_step():
    sgd, w = optimizers.SGD(1.0, clipnorm=1.0), np.zeros(2, "float32")
    sgd.step([(slice(0, 2), w, np.float32([3e30, 4e30]))])
    np.testing.assert_allclose(w, [-0.6, -0.8], rtol=1e-6)
    assert w.dtype == np.float32


def test_options_are_saved_and_defaults_are_not():
    assert set(optimizers.SGD().get_config()) == {"learning_rate", "weight_decay", "momentum", "nesterov"}
    optimizer = optimizers.RMSprop(0.1, clipvalue=2, use_ema=True, gradient_accumulation_steps=3)
    assert optimizers.get(optimizers.serialize(optimizer)).get_config() == optimizer.get_config()
