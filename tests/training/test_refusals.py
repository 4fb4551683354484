"""A refused call has changed nothing: neither an unbuilt model, nor its layers, nor the global seed and names."""

from __future__ import annotations

import numpy as np
import pytest

from scratchnet import Input, Sequential, utils
from scratchnet.layers import Conv2D, Dense, Flatten, Layer
from scratchnet.utils import naming, random

X, Y = np.zeros((6, 5)), np.arange(6) % 3
BROKEN = np.where(np.arange(30).reshape(6, 5) == 7, np.nan, X)


class Outer(Layer):
    """Holds one layer from the start, and makes another when it is built."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.inner = Dense(5)

    def build(self, input_shape):
        self.made = Dense(5)
        self.inner.build_once(input_shape)
        self.made.build_once(input_shape)

    def forward(self, x, training=False):
        return self.made.forward(self.inner.forward(x, training), training)

    def backward(self, dy):
        return self.inner.backward(self.made.backward(dy))


class Fails(Layer):
    def build(self, input_shape):
        self.add_weight("kernel", (2,))
        raise ValueError("This layer cannot be built.")


CALLS = {
    "NaN in x": lambda m: m.fit(BROKEN, Y, verbose=0),
    "NaN in y": lambda m: m.fit(X, np.full(6, np.nan), verbose=0),
    "labels out of range": lambda m: m.fit(X, Y + 1, verbose=0),
    "labels of another length": lambda m: m.fit(X, Y[:5], verbose=0),
    "no labels": lambda m: m.fit(X, verbose=0),
    "sample_weight": lambda m: m.fit(X, Y, sample_weight=[1], verbose=0),
    "class_weight": lambda m: m.fit(X, Y, class_weight=[1], verbose=0),
    "evaluate": lambda m: m.evaluate(X, Y + 1, verbose=0),
    "train_on_batch": lambda m: m.train_on_batch(X, Y + 1),
    "predict": lambda m: m.predict(BROKEN, verbose=0),
    "called": lambda m: m(BROKEN),
    "two inputs": lambda m: m.predict([X, X], verbose=0),
    "no samples": lambda m: m.predict(X[:0], verbose=0),
}


def unbuilt(*more):
    utils.set_random_seed(7)
    model = Sequential([Dense(5), Outer(), *more, Dense(3, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


def state(model):
    leaves = [leaf for layer in model.layers for _, leaf, _ in layer.leaves()]
    arrays = [{k: a.copy() for k, a in leaf.named_weights.items()} for leaf in leaves]
    attributes = [(leaf.name, sorted(vars(leaf)), leaf.built, leaf.params.settled, leaf.input_shape) for leaf in leaves]
    return model.built, attributes, arrays, random._seeds.n_children_spawned, dict(naming._names_given)


@pytest.mark.parametrize("name", CALLS)
def test_an_unbuilt_model_waits_again(name):
    model = unbuilt()
    before = state(model)
    with pytest.raises(ValueError, match="expected"):
        CALLS[name](model)
    assert state(model) == before
    x = np.random.default_rng(0).normal(size=(6, 8))  # the refused call's five features are forgotten
    model.fit(x, Y, verbose=0)
    fresh = unbuilt()
    fresh.fit(x, Y, verbose=0)
    assert all(np.array_equal(a, b) for a, b in zip(model.get_weights(), fresh.get_weights(), strict=True))
    assert any(a.any() for a in model.get_weights())


def test_a_layer_with_weights_of_its_own_keeps_them():
    first = Dense(4)
    first.build((None, 5))
    weights = first.get_weights()
    params, kernel = first.params, first.params["kernel"]
    model = Sequential([first, Dense(3, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    with pytest.raises(ValueError, match="labels in 0…2"):
        model.fit(X, Y + 1, verbose=0)
    assert first.built
    assert first.params is params
    assert first.params["kernel"] is kernel
    assert not model.built
    model.predict(X, verbose=0)
    assert all(np.array_equal(a, b) for a, b in zip(weights, first.get_weights(), strict=True))


@pytest.mark.parametrize("more", [Fails, lambda: Conv2D(2, 2)])
def test_a_build_that_fails_leaves_the_layers_in_front_unbuilt(more):
    model = unbuilt(more())
    before = state(model)
    with pytest.raises(ValueError, match=r"cannot be built|expected images"):
        model.fit(X, Y, verbose=0)
    assert state(model) == before


def test_a_model_that_was_built_stays_so():
    model = Sequential([Input((5,)), Dense(3, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    before = model.get_weights()
    for call in CALLS.values():
        with pytest.raises(ValueError, match="expected"):
            call(model)
    assert model.built
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


def test_a_call_that_is_not_refused_builds():
    model = Sequential([Flatten(), Dense(3)])
    assert model.predict(X, verbose=0).shape == (6, 3)
    assert model.built


def test_an_error_gives_the_drawn_seeds_back():
    utils.set_random_seed(3)
    random.new_generator()

    @random.given_back_on_error()
    def refused():
        random.new_generator()
        utils.set_random_seed(4)
        raise KeyError

    with pytest.raises(KeyError):
        refused()
    after = random.new_generator().random()
    utils.set_random_seed(3)
    random.new_generator()
    assert after == random.new_generator().random()
