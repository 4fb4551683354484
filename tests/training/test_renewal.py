"""What a callback changes on a layer, loss or optimizer holds from the next step on; another model is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from scratchnet import Input, Sequential, config, layers, losses, optimizers, utils
from scratchnet.callbacks import LambdaCallback

X = np.random.default_rng(0).normal(size=(12, 6, 6, 2))
Y = np.arange(12) % 3

CHANGES: dict[str, tuple[Callable[[], layers.Layer], Callable[[Any], None]]] = {
    "a rate": (lambda: layers.Dropout(0.2, seed=3), lambda layer: setattr(layer, "rate", 0.7)),
    "an activation": (lambda: layers.Activation("relu"), lambda layer: setattr(layer, "activation", "tanh")),
    "an activation of a layer with weights": (
        lambda: layers.Conv2D(2, 3, activation="relu"),
        lambda layer: setattr(layer, "activation", None),
    ),
    "a momentum": (lambda: layers.BatchNormalization(momentum=0.9), lambda layer: setattr(layer, "momentum", 0.1)),
    "an epsilon": (lambda: layers.LayerNormalization(), lambda layer: setattr(layer, "epsilon", 0.5)),
    "a frozen normalization": (layers.BatchNormalization, lambda layer: setattr(layer, "trainable", False)),
    "a frozen layer": (lambda: layers.Dense(3), lambda layer: setattr(layer, "trainable", False)),
    "a thawed layer": (lambda: layers.Dense(3, trainable=False), lambda layer: setattr(layer, "trainable", True)),
    "a penalty": (lambda: layers.Dense(3), lambda layer: setattr(layer, "activity_regularizer", "l2")),
}


def network(make: Callable[[], layers.Layer]) -> Sequential:
    config.set_floatx("float64")
    utils.set_random_seed(1)
    rows = [Input((6, 6, 2)), layers.Conv2D(3, 3), make()]
    model = Sequential([*rows, layers.Flatten(), layers.Dense(3, activation="softmax")])
    model.compile(optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def fitted(model: Sequential, **hooks: Callable[..., Any]) -> dict[str, list[float]]:
    callbacks = [LambdaCallback(**hooks)]
    return model.fit(X, Y, 4, 3, verbose=0, shuffle=False, validation_data=(X, Y), callbacks=callbacks).history


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_between_two_epochs_holds_from_the_next_step_on(backend: str, change: str) -> None:
    make, act = CHANGES[change]
    stopped, alone = network(make), network(make)
    stopped.fit(X, Y, 4, 1, verbose=0, shuffle=False)
    act(stopped.layers[1])
    expected = stopped.fit(X, Y, 4, 2, verbose=0, shuffle=False, validation_data=(X, Y)).history
    history = fitted(alone, on_epoch_begin=lambda epoch, logs: epoch == 1 and act(alone.layers[1]))
    assert {name: values[1:] for name, values in history.items()} == expected
    for one, other in zip(stopped.get_weights(), alone.get_weights()):
        assert np.array_equal(one, other)


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_between_two_steps_holds_too_and_the_figures_of_the_epoch_stay(backend: str, change: str) -> None:
    make, act = CHANGES[change]
    stepped, alone = network(make), network(make)
    losses, hits = [], []
    for step in range(3):
        if step == 1:
            act(stepped.layers[1])
        loss, accuracy = stepped.train_on_batch(X[4 * step : 4 * step + 4], Y[4 * step : 4 * step + 4])
        losses.append(loss)
        hits.append(accuracy)
    hook = LambdaCallback(on_train_batch_end=lambda batch, logs: batch == 0 and act(alone.layers[1]))
    history = alone.fit(X, Y, 4, verbose=0, shuffle=False, callbacks=[hook]).history
    np.testing.assert_allclose([history["loss"][0], history["accuracy"][0]], [np.mean(losses), np.mean(hits)])
    for one, other in zip(stepped.get_weights(), alone.get_weights()):
        assert np.array_equal(one, other)


ANOTHER_MODEL: dict[str, Callable[[Sequential], Any]] = {
    "compiled anew": lambda m: m.compile("sgd", "mse"),
    "compiled anew, with its own optimizer": lambda m: m.compile(m.optimizer, "sparse_categorical_crossentropy"),
    "its optimizer compiled into another": lambda m: network(layers.Flatten).compile(m.optimizer, "mse"),
    "a layer more": lambda m: m.add(layers.Dense(3)),
    "a layer less": lambda m: m.pop(),
    "no layers": lambda m: [m.pop() for _ in range(4)],
}


@pytest.mark.parametrize("change", ANOTHER_MODEL)
@pytest.mark.parametrize("when", ["on_epoch_begin", "on_train_batch_begin", "on_train_batch_end", "on_epoch_end"])
def test_what_makes_another_model_of_it_is_refused_before_the_next_step(backend: str, change: str, when: str) -> None:
    model = network(layers.ReLU)
    todo = [ANOTHER_MODEL[change]]
    with pytest.raises(ValueError, match=r"expected model 'sequential' to stay the one that it began with, but its? "):
        fitted(model, **{when: lambda *_: todo and todo.pop()(model)})


def test_after_its_last_step_a_model_may_become_another() -> None:
    model = network(layers.ReLU)
    fitted(model, on_train_end=lambda logs: model.pop())
    assert model.output_shape == (None, 48)


def test_another_backend_is_for_the_next_call(backend: str) -> None:
    other = "numpy" if backend == "numba" else "numba"
    model, alone = network(layers.ReLU), network(layers.ReLU)

    def change(epoch: int, logs: Any) -> None:
        config.set_backend(other)
        model.layers[1].max_value = 2.0

    losses = fitted(model, on_epoch_begin=change)["loss"]
    config.set_backend(backend)
    assert losses == fitted(alone, on_epoch_begin=lambda *_: setattr(alone.layers[1], "max_value", 2.0))["loss"]


ELSEWHERE: dict[str, Callable[[Any], None]] = {
    "gradients of a variable cut to a length": lambda model: setattr(model.optimizer, "clipnorm", 0.01),
    "all gradients cut to a length": lambda model: setattr(model.optimizer, "global_clipnorm", 0.01),
    "a momentum": lambda model: setattr(model.optimizer, "momentum", 0.5),
    "a weight decay": lambda model: setattr(model.optimizer, "weight_decay", 0.5),
    "a running mean of the weights": lambda model: setattr(model.optimizer, "use_ema", True),
    "gradients of several batches": lambda model: setattr(model.optimizer, "gradient_accumulation_steps", 2),
    "smooth labels": lambda model: setattr(model.loss, "label_smoothing", 0.4),
    "a sum in place of a mean": lambda model: setattr(model.loss, "reduction", "sum"),
    "a stronger penalty": lambda model: setattr(model.layers[0].kernel_regularizer, "l2", 0.5),
    "a stricter constraint": lambda model: setattr(model.layers[0].kernel_constraint, "max_value", 0.1),
}


@pytest.mark.parametrize("change", ELSEWHERE)
@pytest.mark.parametrize("hook", ["on_epoch_begin", "on_train_batch_begin"])
def test_so_does_a_change_on_what_the_model_is_trained_with(backend: str, change: str, hook: str) -> None:
    def made() -> Sequential:
        config.set_floatx("float64")
        utils.set_random_seed(1)
        first = layers.Conv2D(3, 3, kernel_regularizer="l2", kernel_constraint="max_norm")
        model = Sequential([Input((6, 6, 2)), first, layers.Flatten(), layers.Dense(3, "softmax")])
        model.compile(optimizers.SGD(0.1), losses.CategoricalCrossentropy())
        return model

    seen: list[int] = []

    def act(_: int, logs: Any = None) -> None:
        seen.append(1)
        if len(seen) == (2 if hook == "on_epoch_begin" else 4):  # the first of three batches of the second epoch
            ELSEWHERE[change](alone)

    stopped, alone, unchanged, labels = made(), made(), made(), utils.to_categorical(Y)
    stopped.fit(X, labels, 4, 1, verbose=0, shuffle=False)
    ELSEWHERE[change](stopped)
    stopped.fit(X, labels, 4, 2, verbose=0, shuffle=False)
    alone.fit(X, labels, 4, 3, verbose=0, shuffle=False, callbacks=[LambdaCallback(**{hook: act})])
    unchanged.fit(X, labels, 4, 3, verbose=0, shuffle=False)
    for one, other in zip(stopped.get_weights(), alone.get_weights()):
        np.testing.assert_array_equal(one, other)
    assert any((one != other).any() for one, other in zip(alone.get_weights(), unchanged.get_weights()))
