"""No weight moves by a gradient that is not finite, whoever wrote it and whatever was added to it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import scratchnet as sn
from scratchnet import layers
from scratchnet.errors import NonFiniteError
from scratchnet.regularizers import Regularizer
from scratchnet.training.step import compiled_parts

X, Y = np.random.default_rng(0).random((8, 5)).astype("float32"), np.zeros((8, 1), "float32")


class Steep(Regularizer):
    """A penalty of 0 whose slope is infinite."""

    def forward(self, w: Any) -> float:
        return 0.0

    def gradient(self, w: Any) -> Any:
        return np.full_like(w, np.inf)


def refused(model: Any, x: Any = X, y: Any = Y) -> None:
    """Assert that a step is refused and changes nothing."""
    before = model.get_weights()
    with pytest.raises(NonFiniteError, match="gradient"):
        model.fit(x, y, batch_size=8, verbose=0)
    for a, b in zip(before, model.get_weights()):
        np.testing.assert_array_equal(a, b)
    assert model.optimizer.iterations == 0


class Steepest(sn.losses.Loss):
    """A loss of 0 whose gradient is the largest number there is, so that a sum of two is none."""

    name = "steepest"

    def forward(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> float:
        self.predictions = y_pred
        return 0.0

    def backward(self) -> Any:
        return np.full_like(self.predictions, np.finfo(self.predictions.dtype).max)


@pytest.mark.parametrize("optimizer", ["adam", "sgd", "rmsprop"])
def test_a_sum_that_overflows_in_a_kernel(backend: str, optimizer: str) -> None:
    model = sn.Sequential([sn.Input((5,)), layers.Dense(1)])
    model.compile(optimizer, Steepest())
    refused(model)


def test_a_penalty_that_is_added_to_what_a_kernel_wrote(backend: str) -> None:
    model = sn.Sequential([sn.Input((5,)), layers.Dense(1, kernel_regularizer=Steep())])
    model.compile("adam", "mse")
    refused(model)


def test_a_layer_in_two_places_whose_gradients_are_finite_but_not_their_sum(backend: str) -> None:
    x, dense = sn.Input((1,)), layers.Dense(1, use_bias=False)
    model = sn.Model(x, layers.Add()([dense(x), dense(x)]))
    model.compile("adam", Steepest())
    refused(model, np.array([[0.75]], "float32"), np.zeros((1, 1), "float32"))


def test_a_frozen_layer_may_have_any(backend: str) -> None:
    model = sn.Sequential([sn.Input((5,)), layers.Dense(1), layers.Dense(1, name="frozen")])
    model.compile("sgd", Steepest())
    model.layers[1].trainable = False
    model.layers[1].set_weights([np.full((1, 1), 1e-30, "float32"), np.zeros(1, "float32")])
    model.fit(X, Y, batch_size=8, verbose=0)
    assert model.optimizer is not None
    assert model.optimizer.iterations == 1


def test_two_models_of_one_layer_are_told_apart(backend: str) -> None:
    dense = layers.Dense(1)
    first, second = (sn.Sequential([sn.Input((5,)), dense]) for _ in range(2))
    first.compile("adam", Steepest())
    second.compile("adam", "mse")
    refused(first)
    second.fit(X, Y, batch_size=8, verbose=0)


def test_no_gradient_is_looked_at_twice_and_none_is_left_out() -> None:
    conv = layers.Conv2D(3, 2)
    model = sn.Sequential([sn.Input((4, 4, 1)), conv, layers.Flatten(), layers.Dense(5), layers.Dense(2, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    frozen = sn.Sequential([sn.Input((5,)), layers.Dense(4), layers.Dense(3)])
    frozen.layers[0].trainable = False
    frozen.compile("sgd", "mse")
    sn.config.set_backend("numba")
    for network, steps, rest in ((model, 2, 15), (frozen, 1, 0)):
        watch = compiled_parts(network, "train").gradients
        assert len(watch.steps) == steps
        assert sum(gradient.size for gradient in watch.rest) == rest
    sn.config.set_backend("numpy")
    watch = compiled_parts(model, "train").gradients
    assert watch.steps == []
    assert sum(gradient.size for gradient in watch.rest) == model.count_params()
