"""The convolution in fewer products equals the one that multiplies everything, and the definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from scratchnet.kernels.loops import winograd
from scratchnet.kernels.machine.processor import lanes
from scratchnet.kernels.steps.conv2d_maxpool import Conv2DMaxPoolStep
from scratchnet.layers import Conv2D, MaxPooling2D
from tests.kernels.common import assert_step_is_definition, built, examples, whole


@pytest.mark.parametrize("taps", [2, 3])
def test_the_points_give_two_neighbouring_places(taps):
    rng = np.random.default_rng(0)
    image, kernel = whole(rng, (taps + 1,), float), whole(rng, (taps,), float)
    points = np.array(winograd.IMAGE[taps]) @ image * (np.array(winograd.KERNEL[taps]) @ kernel)
    two_places = np.array(winograd.PLACES[taps]) @ points
    np.testing.assert_array_equal(two_places, np.correlate(image, kernel))


@st.composite
def cases(draw):
    dtype = draw(st.sampled_from(["float32", "float64"]))
    conv = {
        "filters": draw(st.integers(1, 3)) * lanes(dtype),
        "kernel_size": draw(st.sampled_from([2, 3])),
        "padding": draw(st.sampled_from(["valid", "same"])),
        "activation": draw(st.sampled_from(["relu", None])),
        "use_bias": draw(st.booleans()),
        "dtype": dtype,
    }
    strides, padding = draw(st.sampled_from([2, 3, (2, 3)])), draw(st.sampled_from(["valid", "same"]))
    pool = {"pool_size": 2, "strides": strides, "padding": padding, "dtype": dtype}
    image = (draw(st.integers(4, 11)), draw(st.integers(4, 11)), draw(st.integers(1, 3)) * lanes(dtype))
    return conv, pool, image


@settings(max_examples=examples(60))
@given(cases(), st.integers(1, 9), st.integers(0, 99))
def test_the_step_equals_the_definition(case, n, seed):
    conv, pool, image = case
    layers = built([Conv2D(**conv), MaxPooling2D(**pool)], image, seed)
    assume(Conv2DMaxPoolStep(layers, True).forward_way == "winograd")
    assert_step_is_definition(Conv2DMaxPoolStep, layers, n, seed)


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-5), ("float64", 1e-13)])
@pytest.mark.parametrize("taps", [2, 3])
def test_it_agrees_with_the_ways_that_multiply_everything(taps, dtype, tolerance):
    """On numbers that are not whole: relative to the largest sum."""
    layers = built([Conv2D(32, taps, activation="relu", dtype=dtype), MaxPooling2D(dtype=dtype)], (13, 12, 48))
    rng = np.random.default_rng(0)
    layers[0].params["kernel"] += rng.standard_normal(layers[0].params["kernel"].shape).astype(dtype)
    x, found = rng.standard_normal((9, 13, 12, 48)).astype(dtype), []
    for way in ("winograd", "registers", "scratch"):
        step = Conv2DMaxPoolStep(layers, True)
        assert step.forward_way == "winograd"
        step.forward_way = way
        found.append(step.forward(x))
    for y in found[1:]:
        np.testing.assert_allclose(found[0], y, 0, tolerance * y.max())


@pytest.mark.parametrize("taps", [2, 3])
def test_places_that_see_the_same_numbers_tie_and_the_first_wins(taps):
    layers = built([Conv2D(16, taps), MaxPooling2D()], (8, 8, 16))
    rng = np.random.default_rng(0)
    layers[0].params["kernel"] += rng.standard_normal((taps, taps, 16, 16)).astype(np.float32)
    step = Conv2DMaxPoolStep(layers, True)
    assert step.forward_way == "winograd"
    step.forward(np.tile(rng.standard_normal(16).astype(np.float32), (3, 8, 8, 1)))  # every pixel the same
    assert not step.winners.any()


@pytest.mark.parametrize(
    ("conv", "pool", "channels"),
    [
        ({"kernel_size": (2, 3)}, {}, 16),
        ({"kernel_size": 4}, {}, 16),
        ({"kernel_size": 2, "strides": 2}, {}, 16),
        ({"kernel_size": 2, "dilation_rate": 2}, {}, 16),
        ({"kernel_size": 2}, {"pool_size": (1, 4)}, 16),
        ({"kernel_size": 2}, {"strides": 1}, 16),
        ({"kernel_size": 2}, {}, 1),
    ],
)
def test_other_layers_are_computed_in_another_way(conv, pool, channels):
    layers = built([Conv2D(16, **conv), MaxPooling2D(**{"pool_size": 2, **pool})], (9, 9, channels))
    assert Conv2DMaxPoolStep(layers, True).forward_way != "winograd"
    assert_step_is_definition(Conv2DMaxPoolStep, layers, 3)
