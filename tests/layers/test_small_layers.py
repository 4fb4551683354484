"""The layers without parameters that have no file of tests to themselves."""

from __future__ import annotations

import numpy as np
import pytest

from scratchnet import activations
from scratchnet.layers import Activation, Add, Flatten, Input, InputLayer, ReLU, Rescaling, Softmax


def test_flatten_lays_samples_out_row_by_row_and_back():
    x = np.arange(24, dtype="float32").reshape(2, 3, 2, 2)
    layer = Flatten()
    np.testing.assert_array_equal(layer(x), np.arange(24).reshape(2, 12))
    np.testing.assert_array_equal(layer.backward(x.reshape(2, 12)), x)


def test_flatten_gives_single_numbers_an_axis():
    assert Flatten()(np.ones(3, "float32")).shape == (3, 1)


def test_add_sums_and_hands_the_gradient_to_every_input():
    layer = Add()
    a, b, c = (np.full((2, 2), n, "float32") for n in (1, 2, 3))
    np.testing.assert_array_equal(layer([a, b, c]), np.full((2, 2), 6))
    assert [d.tolist() for d in layer.backward(a)] == [a.tolist()] * 3


@pytest.mark.parametrize("shapes", [[(2, 3), (2, 4)], [(5,), (2,)]])
def test_add_refuses_inputs_of_different_shapes(shapes):
    with pytest.raises(ValueError, match="expected inputs of one shape, got"):
        Add()([Input(shape) for shape in shapes])


def test_add_refuses_a_single_input():
    with pytest.raises(ValueError, match="a list of two or more inputs"):
        Add()([Input((2,))])
    with pytest.raises(ValueError, match="a list of two or more inputs"):
        Add()(Input((2,)))


def test_rescaling_scales_and_shifts():
    layer = Rescaling(1 / 255, offset=1)
    np.testing.assert_allclose(layer(np.array([[0, 255]], "uint8")), [[1, 2]])
    np.testing.assert_allclose(layer.backward(np.array([[255, 510]], "float32")), [[1, 2]])


def test_activation_layers_apply_their_function():
    x = np.array([[-1.0, 0.0, 2.0]], "float32")
    np.testing.assert_array_equal(ReLU()(x), [[0, 0, 2]])
    np.testing.assert_array_equal(Activation("tanh")(x), activations.Tanh().forward(x))
    np.testing.assert_allclose(Softmax()(x).sum(), 1, rtol=1e-6)


def test_softmax_layer_works_along_its_axis():
    y = Softmax(axis=1)(np.random.default_rng(0).normal(size=(2, 3, 4)))
    np.testing.assert_allclose(y.sum(axis=1), np.ones((2, 4)), rtol=1e-6)


def test_softmax_layer_works_along_an_axis_set_before_it_is_built():
    layer = Softmax()
    layer.axis = [1, 2]
    assert (layer.axis, layer.get_config()["axis"]) == ((1, 2), [1, 2])
    np.testing.assert_allclose(layer(np.zeros((2, 3, 4))), np.full((2, 3, 4), 1 / 12))


def test_activation_takes_an_object_of_ones_own():
    class Square(activations.ActivationFunction):
        name = "square"

        def forward(self, x):
            return x * x

        def backward(self, dy, y):
            return 2 * dy * np.sqrt(y)

    layer = Activation(Square())
    assert layer(np.array([[3.0]]))[0, 0] == 9
    assert layer.backward(np.array([[1.0]], "float32"))[0, 0] == 6


@pytest.mark.parametrize("shape", [(0, 3), (-1,), (None, 3), (2.5,), 7])
def test_input_refuses_what_is_not_the_shape_of_a_sample(shape):
    with pytest.raises(ValueError, match=r"^shape of Input.* expected"):
        Input(shape)


def test_input_layers_are_named_as_in_keras():
    assert [Input((1,)).layer.name, InputLayer((1,)).name] == ["input_layer", "input_layer_1"]
