"""Means of windows and of whole images equal the definitions."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import pytest

from scratchnet.graph.kernel_steps import kernel_step
from scratchnet.kernels.loops import average_pooling
from scratchnet.kernels.steps.average_pooling2d import AveragePooling2DStep
from scratchnet.layers import AveragePooling2D, GlobalAveragePooling2D
from tests.kernels.common import assert_step_is_definition, built


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(7, 9, 1), (8, 6, 5), (5, 5, 40)])
@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(("size", "strides"), [(2, None), (3, 1), ((2, 3), 2), ((1, 4), (3, 1))])
def test_windows(size: Any, strides: Any, padding: str, shape: Any, dtype: str) -> None:
    layer = AveragePooling2D(size, strides, padding, dtype=dtype)
    assert_step_is_definition(AveragePooling2DStep, built([layer], shape), 5, tolerance=5e-6)


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("shape", [(1, 1, 3), (7, 9, 1), (20, 30, 17)])
def test_whole_images(shape: Any, keepdims: bool) -> None:
    layers = built([GlobalAveragePooling2D(keepdims=keepdims)], shape)
    assert type(kernel_step(layers, True)) is AveragePooling2DStep
    assert_step_is_definition(AveragePooling2DStep, layers, 5, tolerance=5e-6)


def test_a_large_image_keeps_what_float32_has() -> None:
    x = np.random.default_rng(0).uniform(1, 2, (2, 300, 300, 3)).astype("float32")
    y = AveragePooling2DStep(built([GlobalAveragePooling2D()], x.shape[1:]), True).forward(x)
    np.testing.assert_allclose(y, x.mean((1, 2), dtype="float64"), rtol=2e-6)


def test_threads_change_no_bit() -> None:
    x, dy = np.random.default_rng(0).normal(size=(2, 9, 8, 8, 3)).astype("float32")
    step, most, found = (
        AveragePooling2DStep(built([AveragePooling2D()], x.shape[1:]), True),
        numba.get_num_threads(),
        [],
    )
    for threads in (1, most):
        numba.set_num_threads(threads)
        found.append((step.forward(x).copy(), step.backward(dy[:, :4, :4].copy()).copy()))
    assert all(np.array_equal(a, b) for a, b in zip(*found))


def test_arrays_that_do_not_belong_together_are_refused() -> None:
    step = AveragePooling2DStep(built([AveragePooling2D()], (4, 4, 2)), True)
    x, y = np.zeros(96, "float32"), np.zeros(24, "float32")
    known = step.pixels, step.size, step.counts
    for big, small, n in ((x[:-1], y, 3), (x, y[:-1], 3), (x, y, 4), (x[:48], y, 3)):
        with pytest.raises(ValueError, match="do not belong together"):
            average_pooling.forward(big, *known, small, n)
        with pytest.raises(ValueError, match="do not belong together"):
            average_pooling.backward(small, *known, big, n)
