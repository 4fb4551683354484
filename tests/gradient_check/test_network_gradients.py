"""The gradients of whole networks, from the loss back to every parameter and the images."""

from __future__ import annotations

import numpy as np
import pytest

from scratchnet import Input, Model, Sequential, layers, losses
from scratchnet.architectures import cnn, mlp
from scratchnet.gradient_check import check_model


def small_cnn() -> Model:
    """Return the notebook's convolutional network on 9 by 9 images with few filters: small enough for every entry."""
    return Sequential(
        [
            Input((9, 9, 1)),
            layers.Conv2D(4, 2, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(4, 2, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(8, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )


def small_mlp() -> Model:
    return Sequential(
        [Input((5, 5)), layers.Flatten(), layers.Dense(12, activation="relu"), layers.Dense(10, activation="softmax")]
    )


@pytest.mark.parametrize("make", [small_cnn, small_mlp])
def test_every_entry_of_the_small_networks(backend: str, make: object, rng: np.random.Generator) -> None:
    model = make()  # type: ignore[operator]
    x = rng.standard_normal((3, *model.input_shape[1:]))
    report = check_model(model, x, np.array([1, 0, 9]), backend=backend, max_entries=2000)
    assert report.passed, f"\n{report}"
    assert report.worst_error <= 1e-6
    assert all(t.complete and not t.unsettled.any() for t in report.tensors)


@pytest.mark.parametrize("make", [mlp, cnn])
def test_the_two_networks_of_the_notebook(backend: str, make: object, rng: np.random.Generator) -> None:
    model = make()  # type: ignore[operator]
    x = rng.random((2, *model.input_shape[1:]))
    report = check_model(model, x, np.array([3, 7]), backend=backend)
    assert report.passed, f"\n{report}"
    assert report.worst_error <= 1e-6
    assert all(len(t.checked) >= min(500, t.size) for t in report.tensors)


@pytest.mark.parametrize("loss", [losses.CategoricalCrossentropy(), losses.MeanSquaredError()])
def test_a_network_with_another_loss(backend: str, loss: losses.Loss, rng: np.random.Generator) -> None:
    model = small_mlp()
    model.compile(loss=loss)
    report = check_model(model, rng.standard_normal((3, 5, 5)), rng.dirichlet(np.ones(10), 3), backend=backend)
    assert report.passed, f"\n{report}"


def test_a_tensor_used_twice_and_a_layer_used_twice(backend: str, rng: np.random.Generator) -> None:
    inputs = Input((5,))
    shared = layers.Dense(5, activation="tanh")
    x = shared(shared(inputs))
    model = Model(inputs, layers.Dense(3)(layers.Add()([x, inputs])))
    report = check_model(model, rng.standard_normal((4, 5)), backend=backend)
    assert report.passed, f"\n{report}"


def test_two_inputs_and_two_outputs(backend: str, rng: np.random.Generator) -> None:
    one, two = Input((4,)), Input((4,))
    both = layers.Add()([layers.Dense(4)(one), two])
    model = Model([one, two], [layers.Dense(2)(both), layers.Dense(3, activation="sigmoid")(both)])
    report = check_model(model, [rng.standard_normal((3, 4)) for _ in range(2)], backend=backend)
    assert report.passed, f"\n{report}"
    assert [t.name for t in report.tensors][:2] == ["dx[0]", "dx[1]"]


def test_the_model_itself_is_left_alone(rng: np.random.Generator) -> None:
    model = small_mlp()
    weights = model.get_weights()
    check_model(model, rng.standard_normal((3, 5, 5)), np.array([1, 0, 9]))
    assert all(np.array_equal(a, b) for a, b in zip(weights, model.get_weights()))
    assert model.dtype == "float32"


def test_a_mistake_in_one_layer_is_named(rng: np.random.Generator) -> None:
    class Wrong(layers.Dense):
        def backward(self, dy: np.ndarray) -> np.ndarray:
            dx = super().backward(dy)
            self.grads["kernel"] *= 2
            return dx

    model = Sequential([Input((4,)), layers.Dense(3, activation="tanh"), Wrong(2, name="wrong")])
    report = check_model(model, rng.standard_normal((3, 4)))
    assert [t.name for t in report.tensors if not t.passed] == ["wrong/dkernel"]
