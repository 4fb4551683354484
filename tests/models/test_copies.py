"""Copies of models go on with the same bits and share nothing."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import scratchnet as sn
from scratchnet import layers

X = np.random.default_rng(0).normal(size=(40, 5)).astype("float32")
Y = np.arange(40) % 3


class Drop(sn.Layer):
    """Dropout, with a source of random numbers of its own."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seed_generator = sn.utils.SeedGenerator()

    def forward(self, x: Any, training: bool = False) -> Any:
        if not training:
            return x.copy()
        self.mask = (self.seed_generator.next().random(x.shape) < 0.5).astype(x.dtype) * 2
        return x * self.mask

    def backward(self, dy: Any) -> Any:
        return dy * self.mask


def sequential() -> sn.Model:
    return sn.Sequential([sn.Input((5,)), layers.Dense(4, "relu"), Drop(), layers.Dense(3, "softmax")])


def branching() -> sn.Model:
    inputs = sn.Input((5,))
    shared = layers.Dense(5, "tanh")
    x = layers.Add()([shared(inputs), shared(Drop()(inputs)), inputs])
    return sn.Model(inputs, layers.Dense(3, "softmax")(x))


def of_a_frozen_base() -> sn.Model:
    inputs = sn.Input((5,))
    base = sn.Model(inputs, layers.Dense(4, "relu")(inputs))
    base.trainable = False
    return sn.Model(base.input, layers.Dense(3, "softmax")(base.output))


WAYS = [copy.deepcopy, copy.copy, lambda model: pickle.loads(pickle.dumps(model))]


@pytest.mark.parametrize("through", WAYS, ids=["deepcopy", "copy", "pickle"])
@pytest.mark.parametrize("make", [sequential, branching, of_a_frozen_base])
@pytest.mark.parametrize("used", [False, True])
def test_a_copy_goes_on_with_the_same_bits_and_shares_nothing(
    backend: str, through: Callable[[Any], Any], make: Callable[[], sn.Model], used: bool
) -> None:
    model = make()
    model.compile(sn.optimizers.Adam(0.05), "sparse_categorical_crossentropy", ["accuracy"])
    if used:
        model.predict(X, verbose=0)
        model.fit(X, Y, verbose=0)
    twin = through(model)
    before = twin.get_weights()
    model.fit(X, Y, verbose=0, shuffle=False, epochs=2)
    for a, b in zip(before, twin.get_weights()):
        np.testing.assert_array_equal(a, b)
    twin.fit(X, Y, verbose=0, shuffle=False, epochs=2)
    for a, b in zip(model.get_weights(), twin.get_weights()):
        np.testing.assert_array_equal(a, b)
    assert any((a != b).any() for a, b in zip(before, twin.get_weights()))
    arrays = [*model.named_weights.values(), *model.grads.values()]
    assert not any(np.shares_memory(a, b) for a in arrays for b in [*twin.named_weights.values(), *twin.grads.values()])
    assert [layer.trainable for layer in twin.layers] == [layer.trainable for layer in model.layers]
    assert twin.optimizer is not model.optimizer


def test_a_copy_of_an_unbuilt_sequential_is_built_by_its_own_data() -> None:
    model = sn.Sequential([layers.Dense(3)])
    twin = copy.deepcopy(model)
    assert twin.predict(np.ones((2, 4)), verbose=0).shape == (2, 3)
    assert not model.built


def test_long_chains_are_copied_pickled_saved_and_summed_up(tmp_path: Any) -> None:
    x = first = sn.Input((2,))
    for _ in range(3000):
        x = layers.ReLU()(x)
    model = sn.Model(first, x)
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        np.testing.assert_array_equal(twin.predict(np.ones((1, 2)), verbose=0), [[1, 1]])
    lines: list[str] = []
    model.summary(print_fn=lines.append)
    assert "re_lu_2999" in lines[0]
    model.save(tmp_path / "long.safetensors")
    assert len(sn.load_model(tmp_path / "long.safetensors").layers) == 3001


def test_an_optimizer_object_starts_afresh_for_the_next_model_and_leaves_the_last(backend: str) -> None:
    weights = []
    for used in (True, False):
        rule = sn.optimizers.Adam(0.01)
        sn.utils.set_random_seed(1)
        first, second = of_a_frozen_base(), of_a_frozen_base()
        first.compile(rule, "sparse_categorical_crossentropy")
        if used:
            first.fit(X, Y, verbose=0, shuffle=False)
        second.compile(rule, "sparse_categorical_crossentropy")
        second.train_on_batch(X, Y)
        weights.append(second.get_weights())
    for a, b in zip(*weights):
        np.testing.assert_array_equal(a, b)
    with pytest.raises(RuntimeError, match=r"serves another model now.*compile 'functional"):
        first.fit(X, Y, verbose=0)
    first.evaluate(X, Y, verbose=0)


def test_a_metric_object_may_serve_several_models(backend: str) -> None:
    metric = sn.metrics.Accuracy()
    figures = []
    for _ in range(2):
        sn.utils.set_random_seed(1)
        model = of_a_frozen_base()
        model.compile("sgd", "sparse_categorical_crossentropy", [metric])
        model.fit(X, Y, verbose=0)
        figures.append(model.evaluate(X, Y, verbose=0))
    assert figures[0] == figures[1]


def test_a_model_of_the_rest_of_a_graph(backend: str, tmp_path: Any) -> None:
    inputs = sn.Input((5,))
    hidden = layers.Dense(4, "tanh", name="h")(inputs)
    outputs = layers.Dense(3, "softmax", name="o")(hidden)
    whole, first, rest = sn.Model(inputs, outputs), sn.Model(inputs, hidden), sn.Model(hidden, outputs)
    np.testing.assert_array_equal(rest.predict(first.predict(X, verbose=0), verbose=0), whole.predict(X, verbose=0))
    assert [layer.name for layer in rest.layers] == ["h_input", "o"]
    assert whole.get_layer("o").output is outputs
    rest.compile("sgd", "sparse_categorical_crossentropy")
    rest.fit(first.predict(X, verbose=0), Y, verbose=0)
    np.testing.assert_array_equal(rest.predict(first.predict(X, verbose=0), verbose=0), whole.predict(X, verbose=0))
    rest.save(tmp_path / "rest.safetensors")
    assert sn.load_model(tmp_path / "rest.safetensors").count_params() == 15


def test_a_model_of_an_input_alone_returns_it(backend: str) -> None:
    inputs = sn.Input((5,))
    model = sn.Model(inputs, inputs)
    np.testing.assert_array_equal(model.predict(X, verbose=0), X)
    np.testing.assert_array_equal(model(X), X)
    model.compile("sgd", "mse")
    assert model.evaluate(X, X, verbose=0) == 0
    model.fit(X, X, verbose=0)
