from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from scratchnet import activations

rows = hnp.arrays("float64", (2, 4), elements=st.floats(-700, 700))


@given(rows, st.floats(-300, 300))
def test_softmax_ignores_a_constant_and_sums_to_one(x, shift):
    softmax = activations.Softmax()
    np.testing.assert_allclose(softmax.forward(x).sum(axis=1), 1)
    np.testing.assert_allclose(softmax.forward(x + shift), softmax.forward(x), atol=1e-12)


@given(rows)
def test_sigmoid_is_symmetric_and_never_overflows(x):
    sigmoid = activations.Sigmoid()
    with np.errstate(over="raise"):
        np.testing.assert_allclose(sigmoid.forward(x) + sigmoid.forward(-x), 1)


@pytest.mark.parametrize("name", activations.ACTIVATIONS)
def test_derivative_matches_difference_quotient(name):
    function = activations.get(name)
    rng = np.random.default_rng(0)
    x, dy, h = rng.normal(size=(3, 5)), rng.normal(size=(3, 5)), 1e-6
    dx = function.gradient(dy, function.forward(x), x)
    for index in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[index] = h
        quotient = ((function.forward(x + step) - function.forward(x - step)) * dy).sum() / (2 * h)
        assert dx[index] == pytest.approx(quotient, abs=1e-8)


def test_slope_of_relu_at_zero_is_zero():
    relu = activations.ReLU()
    x = np.array([-1.0, 0.0, 1.0])
    np.testing.assert_array_equal(relu.backward(np.ones(3), relu.forward(x)), [0, 0, 1])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", activations.ACTIVATIONS)
def test_float_type_is_kept_and_nothing_is_shared(name, dtype):
    function = activations.get(name)
    x = np.ones((2, 2), dtype)
    y = function.forward(x)
    dx = function.gradient(x, y, x)
    assert y.dtype == dx.dtype == dtype
    assert not np.shares_memory(y, x)
    assert not np.shares_memory(dx, x)


def test_none_is_linear_and_anything_else_is_refused():
    assert activations.get(None).name == "linear"
    with pytest.raises(TypeError, match=r"given as a name \(linear, relu"):
        activations.get(np.tanh)
