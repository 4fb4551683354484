"""The convolution of images of one channel equals the one for any number, bit by bit, and the definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchnet.kernels.machine.processor import lanes
from scratchnet.kernels.steps.conv2d_maxpool import Conv2DMaxPoolStep
from scratchnet.layers import Conv2D, MaxPooling2D
from tests.kernels.common import assert_step_is_definition, built, examples


@st.composite
def grey_layers(draw):
    dtype = draw(st.sampled_from(["float32", "float64"]))
    conv = Conv2D(
        draw(st.integers(1, 3)) * lanes(dtype),
        draw(st.sampled_from([2, 3])),
        padding=draw(st.sampled_from(["valid", "same"])),
        activation=draw(st.sampled_from(["relu", None])),
        use_bias=draw(st.booleans()),
        dtype=dtype,
    )
    pool = MaxPooling2D(2, strides=draw(st.sampled_from([2, 3, (3, 2)])), dtype=dtype)
    return built([conv, pool], (draw(st.integers(4, 11)), draw(st.integers(4, 11)), 1), draw(st.integers(0, 99)))


@settings(max_examples=examples(60))
@given(grey_layers(), st.integers(1, 9), st.integers(0, 99))
def test_the_step_equals_the_definition(layers, n, seed):
    assert Conv2DMaxPoolStep(layers, False).forward_way == "one channel"
    assert_step_is_definition(Conv2DMaxPoolStep, layers, n, seed)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("taps", [2, 3])
@pytest.mark.parametrize("background", [False, True])
def test_it_has_the_bits_of_the_way_for_any_number_of_channels(taps, dtype, background):
    layers = built([Conv2D(48, taps, activation="relu", dtype=dtype), MaxPooling2D(dtype=dtype)], (15, 12, 1))
    rng = np.random.default_rng(0)
    layers[0].params["kernel"] += rng.standard_normal(layers[0].params["kernel"].shape).astype(dtype)
    x, found = rng.standard_normal((9, 15, 12, 1)).astype(dtype), []
    if background:
        x[:, 3:11, :9] = 0
    for way in ("one channel", "registers"):
        step = Conv2DMaxPoolStep(layers, False)
        step.forward_way = way
        found.append((step.forward(x).copy(), step.winners.copy()))
    for ours, theirs in zip(*found):
        np.testing.assert_array_equal(ours, theirs)
