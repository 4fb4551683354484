"""The sum of several inputs equals the definition, with a ReLU behind it and without."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import scratchnet as sn
from scratchnet import layers
from scratchnet.graph.kernel_steps import kernel_step
from scratchnet.graph.plan import Plan
from scratchnet.kernels.loops import merging
from scratchnet.kernels.steps.add import AddStep
from scratchnet.layers import Activation, Add, Input, ReLU


def run(behind: list[Any], inputs: int, shape: tuple[int, ...], dtype: str) -> tuple[AddStep, list[Any], Any]:
    """Return the step, inputs of some batch for it, and the outputs that the definitions put out."""
    tensors = [Input(shape, dtype=dtype) for _ in range(inputs)]
    add = Add(dtype=dtype)
    y = add(tensors)
    for layer in behind:
        y = layer(y)
    rng = np.random.default_rng(0)
    x = [rng.integers(-2, 3, (5, *shape)).astype(dtype) for _ in range(inputs)]
    expected = add.forward(x)
    for layer in behind:
        expected = layer.forward(expected)
    step = kernel_step([add, *behind], True)
    assert type(step) is AddStep
    assert step.layers == [add, *behind]
    return step, x, expected


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("inputs", [2, 3, 4])
@pytest.mark.parametrize("shape", [(3,), (40, 31, 4)])
@pytest.mark.parametrize("relu", [None, ReLU, lambda dtype: Activation("relu", dtype=dtype)])
def test_the_step_equals_the_definition(relu: Any, shape: tuple[int, ...], inputs: int, dtype: str) -> None:
    step, x, expected = run([relu(dtype=dtype)] if relu else [], inputs, shape, dtype)
    before = [array.copy() for array in x]
    y = step.forward(x, True)
    assert y.dtype == dtype
    np.testing.assert_array_equal(y, expected)
    dy = np.random.default_rng(1).normal(size=y.shape).astype(dtype)
    dy_before = dy.copy()
    dxs = step.backward(dy)
    assert len(dxs) == inputs
    for dx in dxs:
        np.testing.assert_array_equal(dx, dy if relu is None else np.where(expected > 0, dy, 0))
    np.testing.assert_array_equal(dy, dy_before)
    for array, was in zip(x, before):
        np.testing.assert_array_equal(array, was)
    np.testing.assert_array_equal(step.forward([array[:3] for array in x], True), expected[:3])


def test_nobody_is_told_what_nobody_needs() -> None:
    step, x, _ = run([], 3, (4,), "float32")
    step.needs_dx = False
    assert step.backward(step.forward(x)) == [None, None, None]


def test_what_is_no_relu_is_a_step_of_its_own() -> None:
    tensors = [Input((4,)), Input((4,))]
    add = Add()
    y = add(tensors)
    for behind in (ReLU(max_value=6), Activation("tanh")):
        behind(y)
        step = kernel_step([add, behind], True)
        assert type(step) is AddStep
        assert step.layers == [add]


@pytest.mark.parametrize("n", [7, 3, 9])
def test_a_tensor_that_is_used_twice_gets_the_sum_of_its_gradients(n: int) -> None:
    inputs = Input((4,))
    x = layers.Dense(4)(inputs)
    y = ReLU()(Add()([x, x, layers.Dense(4, activation="tanh")(x)]))
    model = sn.Model(inputs, Add()([y, x]))
    rng = np.random.default_rng(n)
    x0, dy = rng.normal(size=(2, n, 4)).astype("float32")
    found = []
    for backend in ("numpy", "numba"):
        plan = Plan(model.graph, backend, input_gradients=True)
        for rows in (slice(2), slice(None), slice(1)):  # the rooms for sums grow and are used in part
            plan.forward([x0[rows]], True)
            plan.backward([dy[rows]])
            found.append([plan.gradients[inputs].copy(), *(g.copy() for g in model.grads.values())])
    for expected, actual in zip(found[:3], found[3:]):
        for a, b in zip(expected, actual):
            np.testing.assert_allclose(b, a, rtol=1e-5, atol=1e-6)


def test_arrays_that_do_not_belong_together_are_refused() -> None:
    x, short = np.zeros(8, "float32"), np.zeros(7, "float32")
    for arrays in ((short, x, x), (x, short, x), (x, x, short)):
        with pytest.raises(ValueError, match="do not belong together"):
            merging.add(*arrays[:2], False, arrays[2])
