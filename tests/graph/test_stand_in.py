"""What forward remembers belongs to the run."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

import scratchnet as sn
from scratchnet import layers

X = np.random.default_rng(0).normal(size=(64, 5)).astype("float32")
Y = np.arange(64) % 3


def chain(*middle: sn.Layer) -> sn.Model:
    sn.utils.set_random_seed(0)
    model = sn.Sequential([sn.Input((5,)), layers.Dense(8, activation="relu"), *middle, layers.Dense(3, "softmax")])
    model.compile(sn.optimizers.SGD(0.1), "sparse_categorical_crossentropy", ["accuracy"])
    return model


class Meddler(sn.Layer):
    """Lets something happen between the forward pass of a step and its backward pass."""

    def __init__(self, meddle: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.meddle = meddle

    def forward(self, x: Any, training: bool = False) -> Any:
        if training and self.meddle is not None:
            self.meddle()
        return x.copy()

    def backward(self, dy: Any) -> Any:
        return dy.copy()


class Keeps(sn.Layer):
    """Remembers in an attribute, in a list and in a dictionary made once."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.cache: dict[str, Any] = {}
        self.stack: list[Any] = []

    def forward(self, x: Any, training: bool = False) -> Any:
        self.x, self.cache["x"] = x.copy(), x.copy()
        self.stack.append(x.copy())
        return x**3

    def backward(self, dy: Any) -> Any:
        return dy * (self.x**2 + self.cache["x"] ** 2 + self.stack.pop() ** 2)


def in_a_thread(act: Any) -> Any:
    def run() -> None:
        thread = threading.Thread(target=act)
        thread.start()
        thread.join(30)

    return run


@pytest.mark.parametrize("how", [lambda act: act, in_a_thread])
@pytest.mark.parametrize("what", ["predict", "call", "evaluate"])
def test_a_step_has_the_same_bits_whatever_runs_in_its_middle(backend: str, how: Any, what: str) -> None:
    weights = []
    for meddles in (False, True):
        meddler = Meddler()
        model = chain(Keeps(), meddler)
        acts = {
            "predict": lambda m=model: m.predict(X[40:50], verbose=0),
            "call": lambda m=model: m(X[3:9]),
            "evaluate": lambda m=model: m.evaluate(X[10:40], Y[10:40], verbose=0),
        }
        meddler.meddle = how(acts[what]) if meddles else None
        model.train_on_batch(X[:32], Y[:32])
        model.train_on_batch(X[32:], Y[32:])
        weights.append(model.get_weights())
    for a, b in zip(*weights):
        np.testing.assert_array_equal(a, b)


def test_training_and_many_predictions_side_by_side(backend: str) -> None:
    expected = chain(Keeps())
    expected.fit(X, Y, epochs=10, verbose=0)
    model, done = chain(Keeps()), threading.Event()
    seen: list[Exception] = []

    def predict() -> None:
        while not done.is_set():
            try:
                model.predict(X[:7], verbose=0)
                model.evaluate(X[:9], Y[:9], verbose=0)
            except Exception as error:
                seen.append(error)

    threads = [threading.Thread(target=predict) for _ in range(2)]
    for thread in threads:
        thread.start()
    model.fit(X, Y, epochs=10, verbose=0)
    done.set()
    for thread in threads:
        thread.join()
    assert not seen
    for a, b in zip(model.get_weights(), expected.get_weights()):
        np.testing.assert_array_equal(a, b)


def test_evaluating_inside_a_hook_changes_no_figure(backend: str) -> None:
    figures = []
    for inside in (False, True):
        model = chain()

        def look(*_: Any, model: sn.Model = model, inside: bool = inside) -> None:
            if inside:
                model.evaluate(X[:7], Y[:7], verbose=0)

        hooks = sn.callbacks.LambdaCallback(on_train_batch_end=look, on_test_batch_end=look)
        history = model.fit(X, Y, validation_data=(X, Y), epochs=2, verbose=0, callbacks=[hooks])
        figures.append(history.history)
    assert figures[0] == figures[1]


def test_what_forward_sets_can_be_looked_at_and_gone_on_with(backend: str) -> None:
    class Counts(sn.Layer):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.calls, self.mean, self.seen = 0, np.zeros(5, "float32"), {"training": 0}

        def forward(self, x: Any, training: bool = False) -> Any:
            self.calls += 1
            if training:
                self.mean = 0.5 * self.mean + 0.5  # another array, not the same changed in place
                self.seen["training"] += 1
            return x + self.mean

        def backward(self, dy: Any) -> Any:
            return dy.copy()

    layer, inputs = Counts(), sn.Input((5,))
    model = sn.Model(inputs, layer(inputs))
    for training in (True, False, True):
        model(np.zeros((2, 5)), training=training)
    assert (layer.calls, layer.seen) == (3, {"training": 2})
    np.testing.assert_array_equal(model.predict(np.zeros((1, 5)), verbose=0), np.full((1, 5), 0.75))


def test_what_is_set_on_a_layer_counts_from_the_next_call(backend: str) -> None:
    class Times(sn.Layer):
        factor = 1.0

        def forward(self, x: Any, training: bool = False) -> Any:
            return x * self.factor

        def backward(self, dy: Any) -> Any:
            return dy * self.factor

    layer, inputs = Times(), sn.Input((5,))
    model = sn.Model(inputs, layer(inputs))
    ones = np.ones((1, 5))
    assert model.predict(ones, verbose=0).max() == 1
    layer.factor = 4.0
    assert model.predict(ones, verbose=0).max() == 4


def test_a_layer_that_stands_at_places_of_different_sizes() -> None:
    found = []
    for backend in ("numpy", "numba"):
        sn.config.set_backend(backend)
        sn.utils.set_random_seed(0)
        shared, pool = layers.Conv2D(3, 2, activation="relu"), layers.MaxPooling2D()
        small, large = sn.Input((6, 6, 1)), sn.Input((9, 7, 1))
        one, other = sn.Model(small, pool(shared(small))), sn.Model(large, pool(shared(large)))
        data = np.random.default_rng(0)
        images = [(one, data.normal(size=(2, 6, 6, 1))), (other, data.normal(size=(2, 9, 7, 1)))]
        found.append([model.predict(x, verbose=0) for model, x in images])
    for a, b in zip(*found):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
