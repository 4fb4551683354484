from __future__ import annotations

import numpy as np
import pytest

from scratchnet import Input, Model, layers, losses
from scratchnet.layers import Activation, Add, Dense, Layer
from scratchnet.models.plan import Plan, ends_in_softmax


class Double(Layer):
    """A layer as a user writes one."""

    def forward(self, x, training=False):
        return 2 * x

    def backward(self, dy):
        return 2 * dy


@pytest.fixture
def x(rng):
    return rng.normal(size=(5, 3)).astype("float32")


def numeric_gradient(model, x, dy, h=1e-6):
    """Return the difference quotients of Σ dy·model(x) by every number of x, in float64."""
    result = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[index] = h
        result[index] = ((model(x + step) - model(x - step)) * dy).sum() / (2 * h)
    return result


def test_gradients_of_a_tensor_used_twice_add_up(backend, rng):
    a = Input((3,), dtype="float64")
    h = Dense(3, activation="tanh", dtype="float64")(a)
    model = Model(a, Add(dtype="float64")([h, Dense(3, dtype="float64")(h), a]))
    x, dy = rng.normal(size=(2, 3)), rng.normal(size=(2, 3))
    plan = Plan(model.graph, backend, input_gradients=True)
    plan.forward([x])
    plan.backward([dy])
    np.testing.assert_allclose(plan.gradients[a], numeric_gradient(model, x, dy), atol=1e-8)


def test_a_layer_used_twice_sums_the_gradients_of_both_places(backend, rng):
    a = Input((3,), dtype="float64")
    shared = Dense(3, activation="sigmoid", dtype="float64")
    model = Model(a, shared(shared(a)))
    x, dy = rng.normal(size=(2, 3)), rng.normal(size=(2, 3))
    plan = Plan(model.graph, backend, input_gradients=True)
    plan.forward([x])
    plan.backward([dy])
    gradient = shared.grads["kernel"].copy()
    for index in np.ndindex(3, 3):
        up, down = (shared.params["kernel"].copy() for _ in range(2))
        up[index] += 1e-6
        down[index] -= 1e-6
        quotient = 0.0
        for kernel, sign in ((up, 1), (down, -1)):
            original = shared.params["kernel"].copy()
            shared.params["kernel"][...] = kernel
            quotient += sign * (model(x) * dy).sum() / 2e-6
            shared.params["kernel"][...] = original
        assert gradient[index] == pytest.approx(quotient, abs=1e-8)
    np.testing.assert_allclose(plan.gradients[a], numeric_gradient(model, x, dy), atol=1e-8)


def test_a_users_layer_works_between_built_in_ones(backend, x):
    a = Input((3,))
    model = Model(a, Dense(2)(Double()(Dense(3)(a))))
    (k1, b1), (k2, b2) = model.layers[1].get_weights(), model.layers[3].get_weights()
    np.testing.assert_allclose(model(x), 2 * (x @ k1 + b1) @ k2 + b2, rtol=1e-5, atol=1e-6)


def test_a_subclass_with_another_backward_runs_its_own(backend, x):
    class Wrong(Dense):
        def backward(self, dy):
            return 0 * super().backward(dy)

    a = Input((3,))
    model = Model(a, Wrong(2)(a))
    plan = Plan(model.graph, backend, input_gradients=True)
    plan.forward([x])
    plan.backward([np.ones((5, 2), "float32")])
    assert (plan.gradients[a] == 0).all()


def test_backward_leaves_out_what_nobody_needs(x):
    a = Input((3,))
    model = Model(a, Dense(2, name="last")(layers.ReLU()(Double()(a))))
    plan = Plan(model.graph, "numpy")
    plan.forward([x])
    plan.backward([np.ones((5, 2), "float32")])
    assert a not in plan.gradients


def test_several_inputs_and_outputs(backend, x):
    a, b = Input((3,)), Input((3,))
    total = Add()([a, b])
    model = Model([a, b], [total, Double()(total)])
    first, second = model.predict([x, 2 * x], verbose=0)
    np.testing.assert_allclose(first, 3 * x, rtol=1e-6)
    np.testing.assert_allclose(second, 6 * x, rtol=1e-6)


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (lambda: Dense(2, activation="softmax"), True),
        (lambda: Activation("softmax"), True),
        (lambda: layers.Softmax(), True),
        (lambda: layers.Softmax(axis=1), True),
        (lambda: Dense(2), False),
        (lambda: type("Mine", (Dense,), {})(2, activation="softmax"), False),
    ],
)
def test_a_final_softmax_is_recognised(last, expected):
    a = Input((3,))
    assert ends_in_softmax(Model(a, last()(a)).graph) is expected


@pytest.mark.parametrize("last", [lambda: Dense(4, activation="softmax"), lambda: layers.Softmax()])
def test_training_through_logits_gives_the_gradient_of_the_probabilities(backend, last, rng):
    from scratchnet import config

    config.set_floatx("float64")
    a = Input((4,))
    model = Model(a, last()(Dense(4)(a)))
    model.compile("sgd", "sparse_categorical_crossentropy")
    x, y = rng.normal(size=(5, 4)), rng.integers(0, 4, 5)
    plan = Plan(model.graph, "numpy")
    loss = losses.SparseCategoricalCrossentropy()
    value = loss.forward(y, plan.forward([x], training=True)[0])
    plan.backward([loss.backward()])
    expected = {name: g.copy() for name, g in model.grads.items()}
    assert model.trains_through_logits()
    assert model.train_on_batch(x, y) == pytest.approx(value, rel=1e-6)
    for name, gradient in model.grads.items():
        np.testing.assert_allclose(gradient, expected[name], rtol=1e-5, atol=1e-9)
