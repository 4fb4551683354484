"""Steps that only move numbers: ZeroPadding2D, Concatenate, Reshape."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from scratchnet.graph.kernel_steps import kernel_step
from scratchnet.kernels.steps.concatenate import ConcatenateStep
from scratchnet.kernels.steps.flatten import FlattenStep
from scratchnet.kernels.steps.zero_padding2d import ZeroPadding2DStep
from scratchnet.layers import Concatenate, Input, Reshape, ZeroPadding2D
from tests.kernels.common import assert_step_is_definition, built


@pytest.mark.parametrize("padding", [0, 1, (2, 0), ((1, 0), (0, 3))])
def test_zero_padding(padding: Any) -> None:
    assert_step_is_definition(ZeroPadding2DStep, built([ZeroPadding2D(padding)], (4, 5, 3)), 5)


@pytest.mark.parametrize("shape", [(-1, 3), (60,), (5, 4, 3)])
def test_reshape(shape: Any) -> None:
    layer = Reshape(shape)
    layer.build_once((None, 4, 5, 3))
    step = kernel_step([layer], True)
    assert type(step) is FlattenStep
    x = np.random.default_rng(0).normal(size=(7, 4, 5, 3)).astype("float32")
    np.testing.assert_array_equal(step.forward(x), layer.forward(x))
    np.testing.assert_array_equal(step.backward(step.forward(x)), x)


@pytest.mark.parametrize("axis", [-1, 1, 2, 3, -2])
def test_concatenate(axis: int) -> None:
    shapes = [[4, 5, 6] for _ in range(3)]
    for number, shape in enumerate(shapes):
        shape[axis - 1 if axis > 0 else axis] = number + 1
    layer = Concatenate(axis=axis)
    layer([Input(tuple(shape)) for shape in shapes])
    step, rng = kernel_step([layer], True), np.random.default_rng(0)
    assert type(step) is ConcatenateStep
    for n in (3, 7, 2):
        x = [rng.normal(size=(n, *shape)).astype("float32") for shape in shapes]
        y = layer.forward(x)
        np.testing.assert_array_equal(step.forward(x), y)
        for dx, expected in zip(step.backward(2 * y), layer.backward(2 * y), strict=True):
            np.testing.assert_array_equal(dx, expected)
    step.needs_dx = False
    assert step.backward(y) == [None, None, None]
