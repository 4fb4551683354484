from __future__ import annotations

import numpy as np
import pytest

from scratchnet.layers import Dense, Input


def test_output_is_the_weighted_sum_plus_bias():
    layer = Dense(2)
    layer(np.zeros((1, 3)))
    layer.set_weights([np.array([[1, 2], [3, 4], [5, 6.0]]), np.array([10, 20.0])])
    np.testing.assert_array_equal(layer(np.array([[1, 1, 1], [0, 0, 1.0]])), [[19, 32], [15, 26]])


def test_gradients_of_a_worked_example():
    layer = Dense(1, dtype="float64")
    layer(np.zeros((1, 2)))
    layer.set_weights([np.array([[2.0], [-1.0]]), np.array([0.5])])
    layer.forward(np.array([[1.0, 3.0], [4.0, 5.0]]))
    dx = layer.backward(np.array([[1.0], [10.0]]))
    np.testing.assert_array_equal(dx, [[2, -1], [20, -10]])
    np.testing.assert_array_equal(layer.grads["kernel"], [[1 + 40], [3 + 50]])
    np.testing.assert_array_equal(layer.grads["bias"], [11])


def test_further_axes_are_rows_like_the_batch():
    layer = Dense(4, activation="tanh", dtype="float64")
    x = np.random.default_rng(0).normal(size=(2, 3, 5))
    y = layer(x)
    dx = layer.backward(np.ones_like(y))
    kernel_gradient = layer.grads["kernel"].copy()
    np.testing.assert_allclose(y.reshape(6, 4), layer(x.reshape(6, 5)))
    np.testing.assert_allclose(dx.reshape(6, 5), layer.backward(np.ones((6, 4))))
    np.testing.assert_allclose(kernel_gradient, layer.grads["kernel"])


def test_another_number_of_features_is_refused_once_built():
    layer = Dense(4, name="d")
    layer(Input((5,)))
    with pytest.raises(ValueError, match=r"'d' \(Dense\) expected 5 features in the last axis, got \(None, 6\)"):
        layer(Input((6,)))


@pytest.mark.parametrize("units", [0, -3, 1.5, "ten", None])
def test_units_must_be_a_positive_whole_number(units):
    with pytest.raises(ValueError, match=r"^units of Dense expected a whole number ≥ 1, got"):
        Dense(units)


def test_an_activation_with_an_axis_of_its_own_sees_all_axes(backend):
    from scratchnet import Model, activations

    a = Input((3, 2))
    layer = Dense(4, activation=activations.Softmax(axis=1))
    y = Model(a, layer(a)).predict(np.random.default_rng(0).normal(size=(2, 3, 2)), verbose=0)
    np.testing.assert_allclose(y.sum(axis=1), np.ones((2, 4)), rtol=1e-6)
