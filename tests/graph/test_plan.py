from __future__ import annotations

import numpy as np
import pytest

from scratchnet import Input, Model, config, layers, losses
from scratchnet.graph.logits import ends_in_probabilities
from scratchnet.graph.plan import Plan
from scratchnet.kernels.machine.processor import lanes
from scratchnet.kernels.steps.dense import DenseStep
from scratchnet.kernels.steps.dense_crossentropy import NARROW, DenseCrossentropyStep
from scratchnet.layers import Activation, Add, Dense, Layer


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
    assert ends_in_probabilities(last()(a), losses.SparseCategoricalCrossentropy()) is expected


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


def last_layer(dtype, seed=0):
    """A plan of one Dense that ends in logits, and its layer."""
    a = Input((37,), dtype=dtype)
    layer = Dense(10, activation="softmax", dtype=dtype)
    model = Model(a, layer(a))
    generator = np.random.default_rng(seed)
    layer.set_weights([generator.normal(size=w.shape) for w in layer.get_weights()])
    return model, layer


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-5), ("float64", 1e-12)])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", [losses.SparseCategoricalCrossentropy, losses.CategoricalCrossentropy])
def test_last_dense_and_loss_together_are_their_definitions(kind, weighted, dtype, tolerance, rng):
    model, layer = last_layer(dtype)
    classes, weight = rng.integers(0, 10, 29), rng.random(29) if weighted else None
    labels = classes if kind is losses.SparseCategoricalCrossentropy else np.eye(10, dtype=dtype)[classes]
    x, found = rng.normal(size=(29, 37)).astype(dtype), {}
    for backend in ("numpy", "numba"):
        plan = Plan(model.graph, backend, logits=True, input_gradients=True)
        loss = plan.loss(kind())
        (logits,) = plan.forward([x], training=True)
        value = loss.forward(labels, logits, weight)
        plan.backward([loss.backward()])
        gradients = [plan.gradients[model.graph.inputs[0]], *layer.grads.values()]
        found[backend] = [value, logits, loss.predictions, *gradients]
        found[backend] = [np.array(a) for a in found[backend]]
    narrow = layer.units < NARROW * lanes(dtype)
    assert type(plan.steps[-1]) is (DenseCrossentropyStep if narrow else DenseStep)
    for a, b in zip(found["numba"], found["numpy"]):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


def test_a_plan_that_gets_another_loss_fills_its_logits_itself_again(rng):
    class Mine(losses.SparseCategoricalCrossentropy):
        """A loss that no kernel computes."""

    model, layer = last_layer("float32")
    x = rng.normal(size=(4, 37)).astype("float32")
    plan = Plan(model.graph, "numba", logits=True)
    plan.loss(losses.SparseCategoricalCrossentropy())
    plan.loss(Mine())
    kernel, bias = layer.get_weights()
    np.testing.assert_allclose(plan.forward([x])[0], x @ kernel + bias, rtol=1e-4, atol=1e-5)


def test_the_plan_that_predicts_knows_nothing_of_the_loss(rng):
    model, _ = last_layer("float32")
    x, y = rng.normal(size=(4, 37)), rng.integers(0, 10, 4)
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.train_on_batch(x, y)
    np.testing.assert_allclose(model.predict(x, verbose=0).sum(axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("way", ["predict", "call"])
def test_a_few_samples_are_predicted_on_one_thread_and_many_on_all(way, x):
    from scratchnet.kernels.machine import runtime

    config.set_backend("numba")
    seen = []

    class Listening(Double):
        def forward(self, x, training=False):
            seen.append(runtime.num_threads())
            return x

    a = Input((3,))
    model = Model(a, Dense(400)(Listening()(a)))
    many, threads = np.ones((4000, 3), "float32"), runtime.num_threads()
    for samples in (x, many, x):
        model.predict(samples, batch_size=len(samples), verbose=0) if way == "predict" else model(samples)
    assert seen[0] == seen[-1] == 1
    assert set(seen[1:-1]) == {threads}
    assert runtime.num_threads() == threads


def test_a_context_changes_nothing_before_it_is_entered():
    from scratchnet.kernels.machine import runtime

    a, threads = Input((3,)), runtime.num_threads()
    context = Plan(Model(a, Dense(2)(a)).graph, "numba").running_forward(1)
    assert runtime.num_threads() == threads
    with context:
        assert runtime.num_threads() == 1
    assert runtime.num_threads() == threads
