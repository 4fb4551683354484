"""A plan never outlives what it was made from."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import scratchnet as sn
from scratchnet import activations, layers

X = np.random.default_rng(0).normal(size=(40, 5)).astype("float32")
Y = np.arange(40) % 3


def small(last: str | None = "softmax") -> sn.Model:
    model = sn.Sequential([sn.Input((5,)), layers.Dense(4, "tanh", name="a"), layers.Dense(3, last, name="b")])
    model.compile(sn.optimizers.SGD(0.5), "sparse_categorical_crossentropy" if last else "mse")
    return model


def moved(model: sn.Model) -> list[bool]:
    before = model.get_weights()
    model.fit(X, Y, verbose=0)
    return [bool((a != b).any()) for a, b in zip(before, model.get_weights())]


@pytest.mark.parametrize("compiled_again", [True, False])
def test_a_thawed_layer_learns_again(backend: str, compiled_again: bool) -> None:
    model = small()
    model.layers[0].trainable = False
    assert moved(model) == [False, False, True, True]
    model.layers[0].trainable = True
    if compiled_again:
        model.compile("sgd", "sparse_categorical_crossentropy")
    assert moved(model) == [True] * 4
    model.layers[1].trainable = False
    assert moved(model) == [True, True, False, False]


def test_the_flag_of_a_model_reaches_all_its_layers_and_the_models_that_share_them(backend: str) -> None:
    inputs = sn.Input((5,))
    features = layers.Dense(4, "tanh", name="a")(inputs)
    base = sn.Model(inputs, features)
    model = sn.Model(base.input, layers.Dense(3, "softmax", name="head")(base.output))
    model.compile("sgd", "sparse_categorical_crossentropy")
    assert moved(model) == [True] * 4
    base.trainable = False
    assert not base.layers[1].trainable
    assert moved(model) == [False, False, True, True]
    base.trainable = True
    assert moved(model) == [True] * 4
    model.trainable = False
    assert moved(model) == [False] * 4
    model.layers[-1].trainable = True  # within a model that is frozen as a whole, as in Keras
    assert moved(model) == [False] * 4


@pytest.mark.parametrize("value", ["no", 1, None, np.ones(2)])
def test_trainable_is_a_truth_value(value: Any) -> None:
    model = small()
    with pytest.raises(ValueError, match="expected trainable to be True or False"):
        model.trainable = value
    assert model.trainable


@pytest.mark.parametrize("to", [None, "linear", activations.Linear()])
def test_an_activation_that_is_changed_is_used(backend: str, to: Any) -> None:
    model = small()
    np.testing.assert_allclose(model.predict(X, verbose=0).sum(axis=1), 1, rtol=1e-5)
    first = model.evaluate(X, Y, verbose=0)
    model.layers[-1].activation = to
    logits = model.predict(X, verbose=0)
    assert np.ptp(logits.sum(axis=1)) > 0.1
    assert model.evaluate(X, Y, verbose=0) != pytest.approx(first)  # no longer trained through the logits


def test_an_activation_changed_in_place_is_used(backend: str) -> None:
    function = activations.Softmax()
    layer, inputs = layers.Activation(function), sn.Input((4, 3))
    model = sn.Model(inputs, layer(inputs))
    x = np.random.default_rng(0).normal(size=(2, 4, 3))
    np.testing.assert_allclose(model.predict(x, verbose=0).sum(axis=2), 1, rtol=1e-5)
    function.axis = 1
    np.testing.assert_allclose(model.predict(x, verbose=0).sum(axis=1), 1, rtol=1e-5)


def test_layers_added_and_taken_off_count_at_the_next_call(backend: str) -> None:
    model = small()
    first = model.layers[0].output
    assert model.predict(X, verbose=0).shape == (40, 3)
    model.add(layers.Dense(2))
    assert model.predict(X, verbose=0).shape == (40, 2)
    assert model.layers[0].output is first
    assert model.pop().output_shape == (None, 2)
    assert model.predict(X, verbose=0).shape == (40, 3)
    model.layers.pop()  # a list of its own
    assert len(model.layers) == 2


def test_the_backend_counts_at_the_next_call() -> None:
    model = small()
    for name in ("numba", "numpy", "numba"):
        sn.config.set_backend(name)
        assert model.run_plan("predict").backend == name


def test_a_method_put_into_a_layer_or_its_class_is_used(backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(self: Any, x: Any, training: bool = False) -> Any:
        return np.zeros((len(x), self.units), x.dtype)

    model = small(None)
    assert model.predict(X, verbose=0).any()
    monkeypatch.setattr(layers.Dense, "forward", nothing)
    assert not model.predict(X, verbose=0).any()
    monkeypatch.undo()
    assert model.predict(X, verbose=0).any()
    model.layers[0].forward = lambda x, training=False: np.zeros((len(x), 4), x.dtype)
    np.testing.assert_array_equal(model.predict(X, verbose=0), np.zeros((40, 3)))


def test_a_plan_that_is_still_right_is_kept(backend: str) -> None:
    model = small()
    plan = model.run_plan("predict")
    layers.Dense(7)  # something was set on some layer
    assert model.run_plan("predict") is plan


class Returns(sn.Layer):
    """A layer whose forward or backward returns something else than it should."""

    def __init__(self, forward: Any = None, backward: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.change_y, self.change_dx = forward, backward

    def forward(self, x: Any, training: bool = False) -> Any:
        return x.copy() if self.change_y is None else self.change_y(x)

    def backward(self, dy: Any) -> Any:
        return dy.copy() if self.change_dx is None else self.change_dx(dy)


WRONG = [
    (lambda a: a[:, :2].copy(), r"\(40, 4\), got float32 of shape \(40, 2\)"),
    (lambda a: a.T.copy(), r"\(40, 4\), got float32 of shape \(4, 40\)"),
    (lambda a: a[:1].copy(), r"\(40, 4\), got float32 of shape \(1, 4\)"),
    (lambda a: a * 1j, r"got complex64 of shape \(40, 4\)"),
    (lambda a: a.tolist(), "got list"),
    (lambda a: a.astype(object), r"got object of shape \(40, 4\)"),
]


@pytest.mark.parametrize(("change", "words"), WRONG)
@pytest.mark.parametrize("way", ["forward", "backward"])
def test_what_a_layer_returns_is_checked_where_steps_meet(backend: str, change: Any, words: str, way: str) -> None:
    layer = Returns(**{way: change}, name="r")
    model = sn.Sequential([sn.Input((5,)), layers.Dense(4, "relu"), layer, layers.Dense(3, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    before = model.get_weights()
    if isinstance(change(X), list) and way == "backward":
        words = "a gradient for each of its 1 inputs, got 40"
    with pytest.raises(ValueError, match=f"Layer 'r' .*expected its {way} to return .*{words}"):
        model.fit(X, Y, batch_size=40, verbose=0)
    for a, b in zip(before, model.get_weights()):
        np.testing.assert_array_equal(a, b)


def test_a_layer_that_promotes_is_cast_back(backend: str) -> None:
    promotes = Returns(lambda x: x.astype("float64") * 2)
    model = sn.Sequential([sn.Input((5,)), layers.Dense(4), promotes, layers.Dense(3)])
    assert model.predict(X, verbose=0).dtype == np.float32
    model.compile("sgd", "mse")
    model.fit(X, np.zeros((40, 3)), verbose=0)
    assert all(g.dtype == np.float32 for g in model.grads.values())


def test_a_loss_whose_gradient_has_another_shape_is_refused(backend: str) -> None:
    class Wrong(sn.losses.Loss):
        name = "wrong"

        def forward(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> float:
            self.predictions = y_pred
            return 0.5

        def backward(self) -> Any:
            return np.ones((len(self.predictions), 1), self.predictions.dtype)

    model = small(None)
    model.compile("sgd", Wrong())
    with pytest.raises(ValueError, match=r"loss wrong expected .* shape \(40, 3\), got \(40, 1\)"):
        model.fit(X, np.zeros((40, 3)), batch_size=40, verbose=0)


def test_memory_does_not_grow_with_every_new_size_of_a_batch() -> None:
    sn.config.set_backend("numba")
    x, y = np.zeros((300, 5)), np.zeros(300, int)

    def held(sizes: Any) -> int:
        model = small()
        for n in sizes:
            model.predict(x[:n], verbose=0)
            model(x[:n])
            model.evaluate(x[:n], y[:n], verbose=0)
            model.train_on_batch(x[:n], y[:n])
        assert all(len(step._views) <= 64 for plan in model._plans.values() for step in plan.steps)
        plans = model._plans.values()
        rooms = [*(b for plan in plans for b in plan._parts._batches.values())]
        rooms += [b for plan in plans for step in plan.steps for b in step._buffers.values()]
        return sum(room.nbytes for room in rooms)

    assert held(range(1, 300)) <= 1.25 * held([299])
