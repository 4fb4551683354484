"""dx a window at a time equals the sum place by place, and the definition."""

from __future__ import annotations

import numpy as np
import pytest

from scratchnet.kernels.machine.processor import lanes
from scratchnet.kernels.steps.conv2d_maxpool import Conv2DMaxPoolStep
from scratchnet.layers import Conv2D, MaxPooling2D
from tests.kernels.common import assert_step_is_definition, built


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("taps", [2, 3])
@pytest.mark.parametrize("size", [(8, 8), (9, 11), (4, 5)])
@pytest.mark.parametrize(("filters", "vectors"), [(5, 1), (40, 2), (64, 3), (150, 1)])
def test_the_step_equals_the_definition(size, taps, padding, filters, vectors, dtype):
    """Whole and odd numbers of windows, one word of filters and more, one vector of channels and more."""
    layers = [Conv2D(filters, taps, activation="relu", padding=padding, dtype=dtype), MaxPooling2D(dtype=dtype)]
    built(layers, (*size, vectors * lanes(dtype)))
    assert Conv2DMaxPoolStep(layers, True).backward_way == "squares"
    assert_step_is_definition(Conv2DMaxPoolStep, layers, 3)


@pytest.mark.parametrize("taps", [2, 3])
def test_it_has_the_bits_of_the_sum_place_by_place_where_no_pixels_are_shared(taps):
    """One window in all: each pixel is then the same sum in the same order."""
    layers = built([Conv2D(48, taps), MaxPooling2D()], (taps + 1, taps + 1, 32))
    rng = np.random.default_rng(0)
    layers[0].params["kernel"] += rng.standard_normal((taps, taps, 32, 48)).astype(np.float32)
    x, dy = (rng.standard_normal(shape).astype(np.float32) for shape in ((5, taps + 1, taps + 1, 32), (5, 1, 1, 48)))
    found = []
    for way in ("squares", "winners"):
        step = Conv2DMaxPoolStep(layers, True)
        step.backward_way = way
        step.forward(x)
        found.append(step.backward(dy).copy())
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize("strides", [1, 3])
def test_windows_that_are_not_two_pixels_apart_are_added_place_by_place(strides):
    layers = built([Conv2D(16, 2), MaxPooling2D(2, strides)], (9, 9, 16))
    assert Conv2DMaxPoolStep(layers, True).backward_way == "winners"
    assert_step_is_definition(Conv2DMaxPoolStep, layers, 3)
