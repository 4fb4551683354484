"""A 3x3 convolution in fewer products equals the direct one and the definition, both directions."""

from __future__ import annotations

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchnet.kernels.loops import convolution_winograd
from scratchnet.kernels.loops.convolution_points import FOUR, PAIR, STRIDED
from scratchnet.kernels.loops.convolution_tiles import tiles_of
from scratchnet.kernels.machine.processor import lanes
from scratchnet.kernels.steps import conv2d
from scratchnet.kernels.steps.conv2d import Conv2DStep
from scratchnet.layers import Conv2D
from tests.kernels.common import assert_step_is_definition, built, definition, examples, rounding, whole


class Winograd(Conv2DStep):
    """The step, in fewer products both ways."""

    def __init__(self, layers, needs_dx):
        super().__init__(layers, needs_dx)
        self.forward_way = self.backward_way = "winograd"


@settings(max_examples=examples(60))
@given(
    st.tuples(st.integers(1, 9), st.integers(1, 9)), st.integers(1, 3), st.integers(1, 3), st.integers(1, 2),
    st.booleans(), st.booleans(), st.sampled_from(["relu", "linear"]), st.sampled_from(["float32", "float64"]),
    st.integers(1, 9), st.integers(0, 99), st.sampled_from([0, 10**6]),
)  # fmt: skip
def test_the_step_equals_the_definition(size, channels, filters, stride, same, bias, activation, dtype, n, seed, large):
    lane = lanes(dtype)
    image = size if same else (size[0] + 2, size[1] + 2)
    padding = "same" if same else "valid"
    conv = Conv2D(filters * lane, 3, strides=stride, padding=padding, activation=activation, use_bias=bias, dtype=dtype)
    layers = built([conv], (*image, channels * lane), seed)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(conv2d, "LARGE", large)
        assert_step_is_definition(Winograd, layers, n, seed, off=rounding(Winograd(layers, True)))


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-5), ("float64", 1e-14)])
@pytest.mark.parametrize("channels", [16, 128])
@pytest.mark.parametrize("stride", [1, 2])
def test_it_is_as_exact_as_sums_of_that_length_can_be(stride, channels, dtype, tolerance):
    """On numbers that are not whole: relative to the largest, against the definition in float64."""
    rng = np.random.default_rng(0)
    numbers = {
        kind: built([Conv2D(32, 3, strides=stride, padding="same", dtype=kind)], (9, 10, channels))
        for kind in (dtype, "float64")
    }
    kernel = rng.standard_normal((3, 3, channels, 32)).astype("float32")
    for layers in numbers.values():
        layers[0].params["kernel"][...] = kernel
    places = (-(-9 // stride), 10 // stride)
    x, dy = (rng.standard_normal((20, *size, c)).astype("float32") for size, c in (((9, 10), channels), (places, 32)))
    y, dx, grads = definition(numbers["float64"], x.astype("float64"), dy.astype("float64"))
    layers = numbers[dtype]
    step = Winograd(layers, True)
    found = step.forward(x.astype(dtype)), step.backward(dy.astype(dtype)), layers[0].grads["kernel"]
    for actual, expected in zip(found, (y, dx, grads[0]["kernel"])):
        assert np.abs(actual - expected).max() <= tolerance * np.abs(expected).max()


@pytest.mark.parametrize("stride", [1, 2])
def test_places_that_see_only_zeros_are_zero(stride):
    """So a ReLU with no bias is as much off there as by the definition, whatever lies beside what they see."""
    rng = np.random.default_rng(0)
    layers = built([Conv2D(16, 3, strides=stride, padding="same", use_bias=False)], (12, 12, 16))
    layers[0].params["kernel"] += rng.standard_normal((3, 3, 16, 16)).astype("float32")
    x = rng.standard_normal((20, 12, 12, 16)).astype("float32") * (rng.random((20, 12, 12, 1)) < 0.05)
    zero = layers[0].forward(x) == 0
    assert 0.1 < zero.mean() < 0.9
    assert not Winograd(layers, True).forward(x)[zero].any()


@pytest.mark.parametrize("stride", [1, 2])
def test_threads_change_no_bit(stride):
    rng = np.random.default_rng(0)
    layers = built([Conv2D(32, 3, strides=stride, padding="same", activation="relu")], (7, 6, 16))
    places = layers[0].output_shape[1:3]
    x, dy = (rng.standard_normal((70, *size, c)).astype("float32") for size, c in (((7, 6), 16), (places, 32)))

    def run(threads):
        before = numba.get_num_threads()
        numba.set_num_threads(threads)
        try:
            step = Winograd(layers, True)
            found = step.forward(x).copy(), step.backward(dy).copy()
            return [*found, *(g.copy() for g in layers[0].grads.values())]
        finally:
            numba.set_num_threads(before)

    assert all(np.array_equal(a, b) for a, b in zip(run(1), run(numba.config.NUMBA_NUM_THREADS)))


@pytest.mark.parametrize(
    ("conv", "channels"),
    [
        ({"kernel_size": (3, 2)}, 16),
        ({"kernel_size": 3, "strides": 3}, 16),
        ({"kernel_size": 3, "strides": (1, 2)}, 16),
        ({"kernel_size": 3, "dilation_rate": 2}, 16),
        ({"kernel_size": 3}, 1),
        ({"kernel_size": 3, "filters": 17}, 16),
    ],
)
def test_other_layers_are_computed_directly(conv, channels):
    step = Conv2DStep(built([Conv2D(**{"filters": 16, **conv})], (9, 9, channels)), True)
    assert step.forward_ways == step.backward_ways == ["direct"]
    with pytest.raises(ValueError, match="forward_way must be one of"):
        step.forward_way = "winograd"
    with pytest.raises(ValueError, match="backward_way must be one of"):
        step.backward_way = "winograd"


@pytest.mark.parametrize(
    ("stride", "channels", "forward", "backward"),
    [(1, 16, "direct", "winograd"), (1, 64, "winograd", "winograd"), (2, 8, "direct", "direct"),
     (2, 16, "direct", "winograd"), (2, 64, "winograd", "winograd")],
)  # fmt: skip
def test_few_channels_and_filters_are_faster_directly(stride, channels, forward, backward):
    layer = Conv2D(channels, 3, strides=stride, dtype="float64")  # 8 of which are whole vectors everywhere
    step = Conv2DStep(built([layer], (9, 9, channels)), True)
    assert (step.forward_way, step.backward_way) == (forward, backward)
    assert sorted(step.forward_ways) == sorted(step.backward_ways) == ["direct", "winograd"]


def a_step(filters=None, channels=None):
    lane = lanes("float32")
    layers = built([Conv2D(filters or lane, 3, padding="same")], (6, 5, channels or lane))
    return Conv2DStep(layers, True), np.zeros((3, 6, 5, channels or lane), "float32")


def test_what_fills_no_vectors_is_refused():
    """The kernel asked directly, with the tiles of such a layer."""
    step, x = a_step(filters=lanes("float32") + 1)
    step._prepare_tiles(1)
    y, t = np.zeros(3 * 30 * step.F, "float32"), step.tiling
    with pytest.raises(ValueError, match="whole vectors"):
        convolution_winograd.forward(
            x.reshape(-1), step.kernel, t.matrix, step.bias, False, t.tiles, step.steps, t.group, t.together, y, 3
        )


def with_one_row_less(step, name):
    """Shorten an array of the step, or the matrix of one of its tilings."""
    if name in ("tiling", "gradient_tiling"):
        tiling = getattr(step, name)
        setattr(step, name, tiling._replace(matrix=tiling.matrix[:-1].copy()))
    else:
        setattr(step, name, getattr(step, name)[:-1].copy())


@pytest.mark.parametrize("too_small", ["kernel", "tiling", "steps"])
def test_forward_refuses_arrays_that_do_not_belong_together(too_small):
    step, x = a_step()
    step.forward_way = "winograd"
    with_one_row_less(step, too_small)
    with pytest.raises(ValueError, match="do not belong together"):
        step.forward(x)


@pytest.mark.parametrize("too_small", ["x", "kernel", "gradient_tiling", "gradient_steps", "channel_rows", "partial"])
def test_backward_refuses_arrays_that_do_not_belong_together(too_small):
    step, x = a_step()
    dy = step.forward(x).copy()
    step.backward(dy)
    with_one_row_less(step, too_small)
    with pytest.raises(ValueError, match="do not belong together"):
        step.backward(dy)


@pytest.mark.parametrize("places", [(4, 4), (5, 3), (1, 1)])
def test_each_place_belongs_to_one_tile(places):
    tiles = tiles_of(PAIR, (*places, 1), places, (1, 1))
    whose = whole(np.random.default_rng(0), places, int) * 0
    for place, down, across in zip(tiles.place, tiles.down, tiles.across):
        for at in {place, place + down, place + across, place + down + across}:
            whose.reshape(-1)[at] += 1
    assert (whose == 1).all()


@pytest.mark.parametrize("points", [PAIR, STRIDED, FOUR], ids=["pair", "strided", "four"])
def test_places_are_sums_of_products_of_points(points):
    """What the matrices say, in one direction: any pixels, any taps."""
    rng = np.random.default_rng(0)
    pixels, taps = rng.standard_normal(len(points.image[0])), rng.standard_normal(3)
    of_kernel = (np.array(points.kernel) @ taps)[list(points.of_kernel)]
    places = np.array(points.places) @ (np.array(points.image) @ pixels * of_kernel)
    starts = points.stride * np.arange(points.side)
    np.testing.assert_allclose(places, [pixels[i : i + 3] @ taps for i in starts], rtol=0, atol=1e-13)
