"""A ReLU and a sigmoid by themselves, and what is neither."""

from __future__ import annotations

import numpy as np
import pytest

from scratchnet.graph.kernel_steps import kernel_step
from scratchnet.kernels.loops import bias_and_relu, sigmoid
from scratchnet.kernels.steps.activation import ActivationStep
from scratchnet.layers import Activation, LeakyReLU, ReLU
from tests.kernels.common import assert_step_is_definition, built


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(5,), (40, 31, 3)])
@pytest.mark.parametrize("kind", [ReLU, lambda dtype: Activation("relu", dtype=dtype)])
def test_the_step_equals_the_definition(kind, shape, dtype):
    assert_step_is_definition(ActivationStep, built([kind(dtype=dtype)], shape), 5)


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-6), ("float64", 1e-15)])
@pytest.mark.parametrize("shape", [(5,), (40, 31, 3)])
def test_the_sigmoid_equals_the_definition(shape, dtype, tolerance):
    assert_step_is_definition(ActivationStep, built([Activation("sigmoid", dtype=dtype)], shape), 5, 0, tolerance)


def test_a_sigmoid_knows_the_ends_of_the_line():
    step = ActivationStep(built([Activation("sigmoid")], (5,)), True)
    with np.errstate(all="raise"):
        y = step.forward(np.array([[-np.inf, -1e4, 0, 1e4, np.nan]], "float32"))
    np.testing.assert_array_equal(y, [[0, 0, 0.5, 1, np.nan]])
    np.testing.assert_array_equal(step.backward(np.full((1, 5), 4, "float32")), [[0, 0, 1, 0, np.nan]])


def test_nan_stays_nan_and_zero_passes_nothing_on():
    step = ActivationStep(built([ReLU()], (4,)), True)
    np.testing.assert_array_equal(step.forward(np.array([[np.nan, 0, -1, 2]], "float32")), [[np.nan, 0, 0, 2]])
    np.testing.assert_array_equal(step.backward(np.full((1, 4), 3, "float32")), [[3, 0, 0, 3]])


@pytest.mark.parametrize("layer", [ReLU(max_value=6), ReLU(0.5, negative_slope=0.1), LeakyReLU(), Activation("tanh")])
def test_other_functions_run_by_their_definition(layer):
    assert kernel_step(built([layer], (4,)), True) is None


def test_arrays_that_do_not_belong_together_are_refused():
    x, short = np.zeros(8, "float32"), np.zeros(7, "float32")
    with pytest.raises(ValueError, match="do not belong together"):
        bias_and_relu.relu(x, short)
    for arrays in ((short, x, x), (x, short, x), (x, x, short)):
        with pytest.raises(ValueError, match="do not belong together"):
            bias_and_relu.relu_backward(*arrays)
        with pytest.raises(ValueError, match="do not belong together"):
            sigmoid.sigmoid_backward(*arrays)
    with pytest.raises(ValueError, match="do not belong together"):
        sigmoid.sigmoid(x, short)
