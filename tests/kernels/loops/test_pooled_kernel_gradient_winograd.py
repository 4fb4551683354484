"""dkernel by way of points equals the definition, and the sum over taps and places."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchnet.kernels.machine.processor import lanes
from scratchnet.kernels.steps.conv2d_maxpool import Conv2DMaxPoolStep
from scratchnet.layers import Conv2D, MaxPooling2D
from tests.kernels.common import assert_step_is_definition, built, examples, whole


@st.composite
def layers_with_few_channels(draw):
    cases = [(dtype, taps) for dtype in ("float32", "float64") for taps in (2, 3) if taps < lanes(dtype)]
    dtype, taps = draw(st.sampled_from(cases))
    most = (lanes(dtype) - 1) // taps  # with more channels a run of the kernel fills a vector
    conv = Conv2D(
        draw(st.integers(1, 3)) * lanes(dtype),
        taps,
        padding=draw(st.sampled_from(["valid", "same"])),
        activation=draw(st.sampled_from(["relu", None])),
        use_bias=draw(st.booleans()),
        dtype=dtype,
    )
    pool = MaxPooling2D(2, strides=draw(st.sampled_from([2, 3])), dtype=dtype)
    image = (draw(st.integers(5, 11)), draw(st.integers(5, 11)), draw(st.integers(1, min(3, most))))
    return built([conv, pool], image, draw(st.integers(0, 99)))


@settings(max_examples=examples(60))
@given(layers_with_few_channels(), st.integers(1, 20), st.integers(0, 99))
def test_the_step_equals_the_definition(layers, n, seed):
    assert Conv2DMaxPoolStep(layers, False).backward_way == "winograd"
    assert_step_is_definition(Conv2DMaxPoolStep, layers, n, seed)


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-5), ("float64", 1e-13)])
@pytest.mark.parametrize("taps", [2, 3])
def test_it_agrees_with_the_sum_over_taps_and_places(taps, dtype, tolerance):
    """On numbers that are not whole: relative to the largest entry."""
    layers = built([Conv2D(32, taps, activation="relu", dtype=dtype), MaxPooling2D(dtype=dtype)], (28, 27, 1))
    rng = np.random.default_rng(0)
    layers[0].params["kernel"] += rng.standard_normal(layers[0].params["kernel"].shape).astype(dtype)
    x, found = rng.standard_normal((40, 28, 27, 1)).astype(dtype), []
    for way in ("winograd", "filters"):
        step = Conv2DMaxPoolStep(layers, False)
        step.backward_way = way
        y = step.forward(x)
        step.backward(np.random.default_rng(1).standard_normal(y.shape).astype(dtype))
        found.append([g.copy() for g in layers[0].grads.values()])
    for ours, theirs in zip(*found):
        np.testing.assert_allclose(ours, theirs, 0, tolerance * np.abs(theirs).max())


@pytest.mark.parametrize("taps", [2, 3])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_dark_background_counts_for_dbias_only(channels, taps):
    """On whole numbers, so that both ways have the same bits; with three channels a run may fill a vector."""
    layers = built([Conv2D(lanes("float32"), taps, activation="relu"), MaxPooling2D()], (12, 12, channels))
    rng, found = np.random.default_rng(0), []
    x = whole(rng, (5, 12, 12, channels), np.float32)
    x[:, 2:9, :10] = 0
    for way in ("winograd", "filters"):
        step = Conv2DMaxPoolStep(layers, False)
        step.backward_way = way
        y = step.forward(x)
        step.backward(whole(np.random.default_rng(1), y.shape, y.dtype))
        found.append({name: g.copy() for name, g in layers[0].grads.items()})
    for name, gradient in found[0].items():
        np.testing.assert_array_equal(gradient, found[1][name], name)


def test_where_dx_is_needed_too_it_is_not_used():
    layers = built([Conv2D(16, 2), MaxPooling2D()], (7, 7, 1))
    assert Conv2DMaxPoolStep(layers, True).backward_way == "filters"
