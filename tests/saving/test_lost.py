"""Saving loses nothing in silence."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import scratchnet as sn
from scratchnet import layers

X = np.random.default_rng(0).normal(size=(40, 5)).astype("float32") + 5
Y = np.arange(40) % 3


class Keeps(sn.Layer):
    """A layer that passes x on, and whose subclasses keep something beside."""

    def forward(self, x: Any, training: bool = False) -> Any:
        return self.use(x, training)

    def use(self, x: Any, training: bool) -> Any:
        return x.copy()

    def backward(self, dy: Any) -> Any:
        return dy.copy()


class InPlace(Keeps):
    def build(self, input_shape: Any) -> None:
        self.mean = np.zeros(input_shape[-1], "float32")

    def use(self, x: Any, training: bool) -> Any:
        if training:
            self.mean += 0.1 * (x.mean(axis=0) - self.mean)
        return x - self.mean


class MadeAnew(Keeps):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mean = np.zeros(5, "float32")

    def use(self, x: Any, training: bool) -> Any:
        if training:
            self.mean = 0.9 * self.mean + 0.1 * x.mean(axis=0)
        return x - self.mean


class MadeInForward(Keeps):
    def use(self, x: Any, training: bool) -> Any:
        if not hasattr(self, "mean"):
            self.mean = np.zeros(x.shape[-1], x.dtype)
        if training:
            self.mean = 0.9 * self.mean + 0.1 * x.mean(axis=0)
        return x - self.mean


class InADictionary(Keeps):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mean = {"all": [np.zeros(5, "float32")]}

    def use(self, x: Any, training: bool) -> Any:
        if training:
            self.mean["all"][0] = 0.9 * self.mean["all"][0] + 0.1 * x.mean(axis=0)
        return x - self.mean["all"][0]


class OnlyKept(Keeps):
    def build(self, input_shape: Any) -> None:
        self.mean = np.zeros(input_shape[-1], "float32")

    def use(self, x: Any, training: bool) -> Any:
        self.mean += x.sum(axis=0)  # looked at by a person, in no output
        return x.copy()


class Inside(Keeps):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.inner = InPlace()

    def use(self, x: Any, training: bool) -> Any:
        return self.inner(x, training)


class Cache(Keeps):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.x, self.memory, self.stack = np.zeros(1), {}, []

    def use(self, x: Any, training: bool) -> Any:
        self.x, self.memory["x"] = x.copy(), x.copy()
        self.stack.append(x.copy())
        self.mean = x.mean(axis=0)
        return x - self.mean


class Mask(Keeps):
    def use(self, x: Any, training: bool) -> Any:
        if not training:
            return x.copy()
        self.mask = np.where(x > 0, 2.0, 0.0).astype(x.dtype)
        return x * self.mask


class Table(Keeps):
    def build(self, input_shape: Any) -> None:
        self.table = np.sin(np.arange(input_shape[-1], dtype="float32"))  # made again when the model is loaded

    def use(self, x: Any, training: bool) -> Any:
        return x + self.table


class Right(Keeps):
    def build(self, input_shape: Any) -> None:
        self.add_weight("mean", (input_shape[-1],), "zeros", trainable=False)

    def use(self, x: Any, training: bool) -> Any:
        if training:
            self.non_trainable["mean"] += 0.1 * (x.mean(axis=0) - self.non_trainable["mean"])
        return x - self.non_trainable["mean"]


def trained(layer: sn.Layer) -> sn.Model:
    model = sn.Sequential([sn.Input((5,)), layers.Dense(5), layer, layers.Dense(3, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.fit(X, Y, verbose=0, epochs=2)
    model.predict(X, verbose=0)
    return model


@pytest.mark.parametrize("kind", [InPlace, MadeAnew, MadeInForward, InADictionary, OnlyKept, Inside])
def test_numbers_that_would_be_lost_are_named(kind: type[sn.Layer], tmp_path: Any, backend: str) -> None:
    model = trained(kind(name="keeps"))
    attribute = "inner/mean" if kind is Inside else "mean"
    with pytest.raises(ValueError, match=rf"Cannot save layer 'keeps'.*self\.{attribute} .*add_weight\('mean'"):
        model.save(tmp_path / "m.safetensors")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", [Cache, Mask, Table, Right])
def test_what_is_not_lost_does_not_stop_saving(kind: type[sn.Layer], tmp_path: Any, backend: str) -> None:
    model = trained(kind())
    model.save(tmp_path / "m.safetensors")
    loaded = sn.load_model(tmp_path / "m.safetensors", {kind.__name__: kind})
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), model.predict(X, verbose=0))


def test_random_states_and_flags_inside_come_back(tmp_path: Any, backend: str) -> None:
    class Random(Keeps):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.inner, self.sources = layers.Dense(5), [sn.utils.SeedGenerator()]

        def use(self, x: Any, training: bool) -> Any:
            x = self.inner(x, training)
            return x + (self.sources[0].next().random(x.shape).astype(x.dtype) if training else 0)

        def backward(self, dy: Any) -> Any:
            return self.inner.backward(dy)

    model = trained(Random())
    model.layers[1].inner.trainable = False
    model.trainable = True
    model.layers[1].inner.trainable = False
    model.save(tmp_path / "m.safetensors")
    loaded = sn.load_model(tmp_path / "m.safetensors", {"Random": Random})
    assert not loaded.layers[1].inner.trainable
    for one in (model, loaded):
        one.fit(X, Y, verbose=0, shuffle=False)
    for a, b in zip(model.get_weights(), loaded.get_weights()):
        np.testing.assert_array_equal(a, b)


def test_a_model_frozen_as_a_whole_comes_back_so(tmp_path: Any) -> None:
    model = trained(Mask())
    model.trainable = False
    model.save(tmp_path / "m.safetensors")
    assert not sn.load_model(tmp_path / "m.safetensors", {"Mask": Mask}).trainable
