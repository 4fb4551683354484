"""One step: what stops it, and what a refusal leaves as it was."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import scratchnet as sn
from scratchnet import layers
from scratchnet.errors import NonFiniteError
from scratchnet.utils import random

X = np.random.default_rng(0).normal(size=(40, 5)).astype("float32")
Y = np.arange(40) % 3


class Spoils(sn.Layer):
    """Passes everything on, but for one number of the gradient."""

    def __init__(self, with_number: float = np.nan, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.with_number = with_number

    def forward(self, x: Any, training: bool = False) -> Any:
        return x.copy()

    def backward(self, dy: Any) -> Any:
        dx = dy.copy()
        dx[3, 1] = self.with_number
        return dx


def small(*middle: sn.Layer, optimizer: str = "adam") -> sn.Model:
    model = sn.Sequential(
        [sn.Input((5,)), layers.Dense(4, name="first"), *middle, layers.Dense(3, "softmax", name="last")]
    )
    model.compile(optimizer, "sparse_categorical_crossentropy")
    return model


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_a_gradient_that_is_not_finite_stops_before_the_update(backend: str, number: float, optimizer: str) -> None:
    model = small(Spoils(number), optimizer=optimizer)
    before = model.get_weights()
    with pytest.raises(NonFiniteError, match=r"gradient of 'kernel' in layer 'first' became .* at step 1, although"):
        model.fit(X, Y, batch_size=40, verbose=0)
    for a, b in zip(before, model.get_weights()):
        np.testing.assert_array_equal(a, b)
    assert model.optimizer is not None
    assert model.optimizer.iterations == 0


def test_a_gradient_that_nobody_uses_may_be_what_it_likes(backend: str) -> None:
    model = small(Spoils())
    model.layers[0].trainable = False
    model.fit(X, Y, verbose=0)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"callbacks": [5]}, TypeError),
        ({"batch_size": 0}, ValueError),
        ({"validation_data": (X, Y[:3])}, ValueError),
        ({"validation_split": 2.0}, ValueError),
        ({"sample_weight": np.ones(3)}, ValueError),
        ({"verbose": 7}, ValueError),
    ],
)
def test_a_refused_fit_changes_nothing(backend: str, arguments: dict[str, Any], error: type[Exception]) -> None:
    model = small()
    model.fit(X, Y, verbose=0)
    history, weights, spawned = model.history, model.get_weights(), random._seeds.n_children_spawned
    with pytest.raises(error):
        model.fit(X, Y, **{"verbose": 0, **arguments})
    assert model.history is history
    assert random._seeds.n_children_spawned == spawned
    for a, b in zip(weights, model.get_weights()):
        np.testing.assert_array_equal(a, b)


def test_the_hook_after_a_batch_of_predict_gets_the_outputs(backend: str) -> None:
    model, seen = small(), []
    hook = sn.callbacks.LambdaCallback(on_predict_batch_end=lambda batch, logs: seen.append(logs["outputs"]))
    whole = model.predict(X, batch_size=16, verbose=0, callbacks=[hook])
    assert [len(part) for part in seen] == [16, 16, 8]
    np.testing.assert_array_equal(np.concatenate(seen), whole)


def test_the_hook_gets_a_list_where_there_are_several_outputs(backend: str) -> None:
    inputs, seen = sn.Input((5,)), []
    model = sn.Model(inputs, [layers.Dense(2)(inputs), layers.Dense(3)(inputs)])
    hook = sn.callbacks.LambdaCallback(on_predict_batch_end=lambda batch, logs: seen.append(logs["outputs"]))
    model.predict(X, batch_size=30, verbose=0, callbacks=hook)
    assert [[part.shape for part in parts] for parts in seen] == [[(30, 2), (30, 3)], [(10, 2), (10, 3)]]


@pytest.mark.parametrize("in_the_loss", [True, False])
def test_a_step_that_is_refused_has_not_moved_running_means(backend: str, in_the_loss: bool) -> None:
    spoils = layers.Rescaling(np.finfo("float32").max) if in_the_loss else Spoils()
    model = small(layers.BatchNormalization(name="norm"), spoils)
    before = {name: array.copy() for name, array in model.named_weights.items()}
    with pytest.raises(NonFiniteError):
        model.fit(X, Y, batch_size=40, verbose=0)
    for name, array in model.named_weights.items():
        np.testing.assert_array_equal(array, before[name], err_msg=name)
