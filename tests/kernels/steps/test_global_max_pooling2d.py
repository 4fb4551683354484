"""The largest number of each channel equals the definition, ties and NaN included."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from scratchnet.graph.kernel_steps import kernel_step
from scratchnet.kernels.loops import global_max_pooling
from scratchnet.kernels.steps.global_max_pooling2d import GlobalMaxPooling2DStep
from scratchnet.layers import GlobalMaxPooling2D
from tests.kernels.common import assert_step_is_definition, built


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("shape", [(1, 1, 3), (7, 9, 1), (6, 5, 17), (3, 3, 128)])
def test_ties_share(shape: Any, keepdims: bool, dtype: str) -> None:
    """The whole numbers are few, so that many pixels are equally large."""
    layers = built([GlobalMaxPooling2D(keepdims=keepdims, dtype=dtype)], shape)
    assert type(kernel_step(layers, True)) is GlobalMaxPooling2DStep
    for tolerance in (1e-7, 1e-6):
        assert_step_is_definition(GlobalMaxPooling2DStep, layers, 5, tolerance=tolerance)


@pytest.mark.parametrize("place", [0, 3, 5])
def test_nan_is_the_largest_and_has_no_gradient(place: int) -> None:
    x = np.arange(12, dtype="float32").reshape(1, 2, 3, 2)
    x[0, place // 3, place % 3, 0] = np.nan
    dy = np.ones((1, 2), "float32")
    layer = built([GlobalMaxPooling2D()], (2, 3, 2))[0]
    step = GlobalMaxPooling2DStep([layer], True)
    with np.errstate(invalid="ignore"):  # the definition's own way to say so
        np.testing.assert_array_equal(step.forward(x), layer.forward(x))
        np.testing.assert_array_equal(step.backward(dy), layer.backward(dy))


def test_arrays_that_do_not_belong_together_are_refused() -> None:
    x, y = np.zeros(24, "float32"), np.zeros(4, "float32")
    for big, small in ((x[:-1], y), (x, y[:-1]), (x[:2], y)):
        with pytest.raises(ValueError, match="do not belong together"):
            global_max_pooling.forward(big, 2, 6, small)
        with pytest.raises(ValueError, match="do not belong together"):
            global_max_pooling.backward(small, big, small, 2, 6, big)
    with pytest.raises(ValueError, match="do not belong together"):
        global_max_pooling.backward(y[:2], x, y, 2, 6, x)
    with pytest.raises(ValueError, match="do not belong together"):
        global_max_pooling.backward(y, x, y, 2, 6, x[:12])
