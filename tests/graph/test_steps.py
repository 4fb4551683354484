"""What a layer run by its definition may do with what it gets, and what it has to return."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import scratchnet
from scratchnet import Input, Layer, Model, Sequential, layers, utils
from scratchnet.errors import NonFiniteError

X = np.random.default_rng(0).normal(size=(8, 4)).astype("float32")
Y = np.arange(8) % 3


class Doubles(Layer):
    def forward(self, x: Any, training: bool = False) -> Any:
        return x * 2

    def backward(self, dy: Any) -> Any:
        return dy * 2


class WritesIntoX(Doubles):
    def forward(self, x: Any, training: bool = False) -> Any:
        x *= 2
        return x


class WritesIntoDy(Doubles):
    def backward(self, dy: Any) -> Any:
        dy[...] = 2 * dy
        return dy


class WritesIntoWhatItRemembers(Doubles):
    def forward(self, x: Any, training: bool = False) -> Any:
        self.x = x
        return x * 2

    def backward(self, dy: Any) -> Any:
        self.x[0] = 0
        return dy * 2


class ForgetsToReturn(Doubles):
    def backward(self, dy: Any) -> Any:
        dy * 2  # and no return


class ReturnsItsInput(Doubles):
    def forward(self, x: Any, training: bool = False) -> Any:
        return x

    def backward(self, dy: Any) -> Any:
        return dy


class ReturnsMatrices(Doubles):
    def forward(self, x: Any, training: bool = False) -> Any:
        return np.asmatrix(x * 2)

    def backward(self, dy: Any) -> Any:
        return np.asmatrix(dy * 2)


class ReturnsMasked(Doubles):
    def forward(self, x: Any, training: bool = False) -> Any:
        return np.ma.masked_less(x * 2, 0)


def branching(own: Layer) -> Model:
    """Two branches use the same tensor: the own layer is one of them."""
    utils.set_random_seed(1)
    i = Input((4,))
    h = layers.Dense(5, activation="tanh")(i)
    model = Model(i, layers.Dense(3, activation="softmax")(layers.Add()([own(h), h])))
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


@pytest.mark.parametrize(
    ("own", "sentence"),
    [
        (
            ForgetsToReturn,
            r"'own' \(ForgetsToReturn\) expected its backward to return a dx of shape \(8, 5\).* got None",
        ),
        (ReturnsMasked, r"'own' \(ReturnsMasked\) expected its forward to return an output of real numbers.* Masked"),
    ],
)
def test_what_would_be_a_silent_wrong_number_elsewhere_is_refused(backend: str, own: Any, sentence: str) -> None:
    model = branching(own(name="own"))
    before = model.get_weights()
    with pytest.raises(ValueError, match=sentence):
        model.fit(X, Y, verbose=0)
    assert all(np.array_equal(one, other) for one, other in zip(before, model.get_weights()))


@pytest.mark.filterwarnings("ignore:the matrix subclass")
@pytest.mark.parametrize(
    "own", [ReturnsItsInput, ReturnsMatrices, WritesIntoX, WritesIntoDy, WritesIntoWhatItRemembers]
)
def test_what_means_the_same_trains_the_same(backend: str, own: Any) -> None:
    plain, odd = branching(layers.Activation("linear") if own is ReturnsItsInput else Doubles()), branching(own())
    for model in (plain, odd):
        model.fit(X, Y, verbose=0, epochs=3, shuffle=False)
    for one, other in zip(plain.get_weights(), odd.get_weights()):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_a_layer_that_writes_into_x_leaves_the_callers_array(backend: str) -> None:
    model = Sequential([Input((4,)), WritesIntoX()])
    x = X.copy()
    np.testing.assert_array_equal(model.predict(x, verbose=0), 2 * X)
    np.testing.assert_array_equal(x, X)


def test_a_layer_before_which_nothing_is_trained_need_not_return_a_gradient(backend: str) -> None:
    model = Sequential([Input((4,)), ForgetsToReturn(), layers.Dense(3, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.fit(X, Y, verbose=0)
    frozen = Sequential([Input((4,)), layers.Dense(4, trainable=False), ForgetsToReturn(), layers.Dense(3)])
    frozen.compile("sgd", "mse")
    frozen.fit(X, np.zeros((8, 3)), verbose=0)


def test_an_error_of_the_layers_own_stays_what_it_is(backend: str) -> None:
    class Fails(Doubles):
        def forward(self, x: Any, training: bool = False) -> Any:
            raise ValueError("Something else.")

    with pytest.raises(ValueError, match=r"^Something else\.$"):
        branching(Fails())(X)


class Scales(Doubles):
    """x times a weight for each column; ``write`` says what is done with the gradient of that."""

    def __init__(self, write: Any = None, **options: Any) -> None:
        super().__init__(**options)
        self.write = write

    def build(self, input_shape: Any) -> None:
        self.add_weight("scale", input_shape[1:], "ones")

    def forward(self, x: Any, training: bool = False) -> Any:
        self.x = x
        return x * self.params["scale"]

    def backward(self, dy: Any) -> Any:
        if self.write is not None:
            self.write(self, (self.x * dy).sum(axis=0))
        return dy * self.params["scale"]


def _assigns(layer: Any, gradient: Any) -> None:
    layer.grads["scale"][...] = gradient


def _adds(layer: Any, gradient: Any) -> None:
    layer.grads["scale"] += gradient


def _adds_in_float64(layer: Any, gradient: Any) -> None:
    layer.grads["scale"][...] = layer.grads["scale"] + gradient.astype("float64")


def _writes_elsewhere(layer: Any, gradient: Any) -> None:
    layer.dscale = gradient


def _writes_a_part(layer: Any, gradient: Any) -> None:
    layer.grads["scale"][1:] = gradient[1:]


@pytest.mark.parametrize(
    ("write", "missing"), [(None, 5), (_adds, 5), (_adds_in_float64, 5), (_writes_elsewhere, 5), (_writes_a_part, 1)]
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_gradient_that_is_not_assigned_is_refused(backend: str, dtype: str, write: Any, missing: int) -> None:
    scratchnet.config.set_floatx(dtype)
    try:
        model = branching(Scales(write, name="own"))
    finally:
        scratchnet.config.set_floatx("float32")
    before = model.get_weights()
    with pytest.raises(ValueError, match=rf"'own' \(Scales\).* grads\['scale'\], got {missing} of 5 numbers left"):
        model.fit(X, Y, verbose=0)
    assert all(np.array_equal(one, other) for one, other in zip(before, model.get_weights()))


def test_a_frozen_layer_need_not_assign_its_gradients(backend: str) -> None:
    branching(Scales(trainable=False)).fit(X, Y, verbose=0)
    inner = Sequential([Input((4,)), layers.Dense(4), Scales()])
    inner.trainable = False
    model = Sequential([Input((4,)), layers.Dense(4), inner, layers.Dense(3, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.fit(X, Y, verbose=0)


def test_a_layer_inside_that_was_passed_over_is_named(backend: str) -> None:
    class Around(Doubles):
        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            self.inner = Scales(_assigns)

        def build(self, input_shape: Any) -> None:
            self.inner.build(input_shape)

    with pytest.raises(ValueError, match=r"'own' \(Around\).* grads\['inner/scale'\], got 5 of 5 numbers left"):
        branching(Around(name="own")).fit(X, Y, verbose=0)


def test_a_gradient_that_is_nan_is_told_as_such(backend: str) -> None:
    def infinity_minus_infinity(layer: Any, gradient: Any) -> None:
        layer.grads["scale"][...] = np.inf * np.sign(gradient)
        layer.grads["scale"] -= layer.grads["scale"]

    with np.errstate(all="ignore"), pytest.raises(NonFiniteError, match="'scale' in layer 'own' became nan"):
        branching(Scales(infinity_minus_infinity, name="own")).fit(X, Y, verbose=0)
