"""Kernels refuse what they cannot do, also when asked directly; every way that a step offers computes the same."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba.core import config, errors

from scratchnet.kernels.loops import global_max_pooling, pooled_convolution, pooled_gradients
from scratchnet.kernels.loops import pooled_convolution_one_channel as one_channel
from scratchnet.kernels.loops import pooled_convolution_winograd as winograd
from scratchnet.kernels.loops import pooled_kernel_gradient_winograd as winograd_gradient
from scratchnet.kernels.loops.optimizers import adam, momentum
from scratchnet.kernels.loops.softmax_crossentropy import softmax_crossentropy, sparse_softmax_crossentropy
from scratchnet.kernels.loops.transpose import transpose
from scratchnet.kernels.loops.winograd import matrix_of
from scratchnet.kernels.machine.processor import lanes
from scratchnet.kernels.machine.runtime import kernel
from scratchnet.kernels.steps import (
    batch_normalization,
    conv2d,
    conv2d_transpose,
    dense,
    depthwise_conv2d,
    max_pooling2d,
)
from scratchnet.kernels.steps.conv2d_maxpool import Conv2DMaxPoolStep
from scratchnet.kernels.steps.dense_crossentropy import DenseCrossentropyStep
from scratchnet.layers import BatchNormalization, Conv2D, Conv2DTranspose, Dense, DepthwiseConv2D, MaxPooling2D
from tests.kernels.common import built, definition, examples, whole

LANE = lanes("float32")


def pooled(filters, taps, channels, size=(8, 8), **pool):
    return built([Conv2D(filters, taps, activation="relu"), MaxPooling2D(2, **pool)], (*size, channels))


def batch(layers, n=3):
    rng = np.random.default_rng(0)
    shapes = (n, *layers[0].input_shape[1:]), (n, *layers[-1].output_shape[1:])
    return [whole(rng, shape, np.float32) for shape in shapes]


# Ways


@st.composite
def pooled_layers(draw):
    dtype = draw(st.sampled_from(["float32", "float64"]))
    lane = lanes(dtype)
    conv = Conv2D(
        draw(st.sampled_from([1, 5, lane - 1, lane, lane + 1, 2 * lane, 3 * lane, 4 * lane - 3])),
        draw(st.sampled_from([2, 3, (2, 3)])),
        padding=draw(st.sampled_from(["valid", "same"])),
        activation=draw(st.sampled_from(["relu", None])),
        dtype=dtype,
    )
    pool = MaxPooling2D(2, strides=draw(st.sampled_from([1, 2, 3])), dtype=dtype)
    image = draw(st.integers(4, 9)), draw(st.integers(4, 9)), draw(st.sampled_from([1, 2, 3, lane, 2 * lane]))
    return built([conv, pool], image, draw(st.integers(0, 99)))


@settings(max_examples=examples(60))
@given(pooled_layers(), st.booleans(), st.integers(1, 20))
def test_every_way_that_a_step_offers_equals_the_definition(layers, needs_dx, n):
    x, dy = (array.astype(layers[0].dtype) for array in batch(layers, n))
    y, dx, grads = definition(layers, x, dy)
    ways = Conv2DMaxPoolStep(layers, needs_dx)
    for forward in ways.forward_ways:
        for backward in ways.backward_ways:
            step = Conv2DMaxPoolStep(layers, needs_dx)
            step.forward_way, step.backward_way = forward, backward
            np.testing.assert_array_equal(step.forward(x), y, forward)
            found = step.backward(dy)
            if needs_dx:
                np.testing.assert_array_equal(found, dx, backward)
            for name, g in layers[0].grads.items():
                np.testing.assert_array_equal(g, grads[0][name], f"{backward} {name}")


@pytest.mark.parametrize(
    ("layers", "forward", "backward"),
    [
        ((LANE + 1, 2, LANE), {"winograd", "one channel"}, {"winograd"}),
        ((LANE, 2, LANE + 1), {"winograd", "one channel"}, {"squares"}),
        ((LANE, (2, 3), LANE), {"winograd", "one channel"}, {"winograd", "squares"}),
    ],
)
def test_a_step_refuses_ways_that_do_not_fit(layers, forward, backward):
    for needs_dx in (False, True):
        step = Conv2DMaxPoolStep(pooled(*layers), needs_dx)
        for way in forward | {"by hand"}:
            with pytest.raises(ValueError, match=way):
                step.forward_way = way
        for way in backward | {"winograd" if needs_dx else "squares"}:
            with pytest.raises(ValueError, match=way):
                step.backward_way = way
        assert step.forward_way == step.forward_ways[0]
        assert step.backward_way == step.backward_ways[0]


def test_a_step_offers_what_fits():
    few, many = (pooled(LANE, 2, channels) for channels in (1, LANE))
    assert Conv2DMaxPoolStep(few, False).forward_ways == ["one channel", "registers", "scratch"]
    assert Conv2DMaxPoolStep(few, False).backward_ways == ["winograd", "filters", "winners"]
    assert Conv2DMaxPoolStep(many, False).forward_ways == ["winograd", "registers", "scratch"]
    assert Conv2DMaxPoolStep(many, False).backward_ways == ["winners", "filters", "winograd"]
    assert Conv2DMaxPoolStep(many, True).backward_ways == ["squares", "winners", "filters"]


# Kernels asked directly


def test_the_convolutions_in_fewer_products_refuse_filters_and_channels_that_fill_no_vectors():
    for filters, channels, taps in ((LANE + 1, LANE, 2), (LANE, LANE + 1, 2), (1, 1, 3), (LANE, LANE, 4)):
        layers = pooled(filters, taps, channels)
        step, (x, dy) = Conv2DMaxPoolStep(layers, False), batch(layers)
        y = step.forward(x)
        tiles = step.pooling.places[: step.pooling.used : 4].copy()
        out = y.reshape(-1), step.winners.reshape(-1)
        matrix = matrix_of(min(taps, 3), np.float32)
        with pytest.raises(ValueError, match="whole vectors"):
            winograd.forward(
                step.x, taps, step.kernel, matrix, step.bias, True, step.image, tiles, step.tile_rows, *out, len(x)
            )
        with pytest.raises(ValueError, match="whole vectors"):
            one_channel.forward(step.x, taps, step.kernel, step.bias, True, step.image, tiles, *out, len(x))
        if filters % LANE or taps > 3:
            with pytest.raises(ValueError, match="whole vectors"):
                winograd_gradient.by_points(
                    dy.reshape(-1), *out, True, step.x, taps, matrix.T.copy(), step.image, tiles, len(x), step.partial,
                    step.dkernel, step.dbias,
                )  # fmt: skip


def test_pooling_in_registers_refuses_windows_that_overlap():
    layers = pooled(LANE, 2, 3, strides=1)
    step, (x, _) = Conv2DMaxPoolStep(layers, False), batch(layers)
    y = step.forward(x)
    out = y.reshape(-1), step.winners.reshape(-1), len(x)
    with pytest.raises(ValueError, match="in registers"):
        pooled_convolution.forward_in_registers(step.x, step.kernel, step.bias, True, step.geometry, step.pooling, *out)


@pytest.mark.parametrize(
    ("layers", "pool", "columns"),
    [((LANE, 2, LANE + 1), {}, 3), ((LANE, 2, LANE), {"strides": 3}, 2), ((LANE, 4, LANE), {}, 2),
     ((LANE, 2, LANE), {}, 2), ((LANE, 2, LANE), {}, 0)],
)  # fmt: skip
def test_the_gradient_by_squares_refuses_other_windows(layers, pool, columns):
    layers = pooled(*layers, **pool)
    step, (x, dy) = Conv2DMaxPoolStep(layers, True), batch(layers)
    y = step.forward(x)
    with pytest.raises(ValueError, match="by_squares takes"):
        pooled_gradients.by_squares(
            dy.reshape(-1), y.reshape(-1), step.winners.reshape(-1), True, step.x, step.kernel, step.geometry,
            step.pooling, step.taps, columns, np.empty_like(step.x), len(x), step.partial, step.dkernel, step.dbias,
        )  # fmt: skip


@pytest.mark.parametrize("way", ["squares", "winners", "filters"])
@pytest.mark.parametrize("too_small", ["dy", "x", "dx", "partial", "dkernel"])
def test_gradients_of_pooled_convolutions_refuse_arrays_that_are_too_small(way, too_small):
    layers = pooled(LANE, 2, LANE)
    step, (x, dy) = Conv2DMaxPoolStep(layers, True), batch(layers)
    step.backward_way = way
    step.forward(x)
    step.backward(dy)
    if too_small == "dy":
        dy = dy[:, 1:]
    elif too_small == "dx":
        step.buffer("dx", 3, (8, 8, LANE))
        step._views["dx", 3] = step._views["dx", 3][:, 1:]
    else:
        setattr(step, too_small, getattr(step, too_small)[:-LANE])
    with pytest.raises(ValueError, match="do not belong together"):
        step.backward(dy)


def steps():
    return {
        "conv2d": conv2d.Conv2DStep(built([Conv2D(3, 2)], (5, 5, 2)), True),
        "winograd, not pooled": conv2d.Conv2DStep(built([Conv2D(4 * LANE, 3)], (5, 5, 4 * LANE)), True),
        "transposed": conv2d_transpose.Conv2DTransposeStep(built([Conv2DTranspose(3, 2)], (5, 5, 2)), True),
        "depthwise": depthwise_conv2d.DepthwiseConv2DStep(built([DepthwiseConv2D(2)], (5, 5, 2)), True),
        "batch normalization": batch_normalization.BatchNormalizationStep(built([BatchNormalization()], (5, 4)), True),
        "dense": dense.DenseStep(built([Dense(3)], (300,)), True),
        "pooling": max_pooling2d.MaxPooling2DStep(built([MaxPooling2D()], (5, 5, 2)), True),
        "scratch": Conv2DMaxPoolStep(pooled(3, 2, 2, strides=1), True),
        "registers": Conv2DMaxPoolStep(pooled(LANE, 2, 2), True),
        "winograd": Conv2DMaxPoolStep(pooled(LANE, 2, LANE), True),
        "one channel": Conv2DMaxPoolStep(pooled(LANE, 2, 1), False),
    }


@pytest.mark.parametrize("name", steps())
def test_a_step_refuses_samples_and_gradients_of_another_size(name):
    step = steps()[name]
    assert not isinstance(step, Conv2DMaxPoolStep) or step.forward_way == name
    x, dy = batch(step.layers)
    step.forward(x)
    step.backward(dy)
    for wrong in (dy[:, :-1], dy[:2]):
        with pytest.raises(ValueError, match="do not belong together"):
            step.backward(wrong)
    if name != "dense":  # which takes any number of axes, and counts the samples by the last
        with pytest.raises(ValueError, match="do not belong together"):
            step.forward(x[:, :-1])
    with pytest.raises(ValueError, match="do not belong together"):
        step.forward(x[..., :-1])


def test_the_points_of_a_gradient_refuse_sums_of_another_size():
    layers = pooled(LANE, 2, 1)
    step, (x, dy) = Conv2DMaxPoolStep(layers, False), batch(layers)
    assert step.backward_way == "winograd"
    step.forward(x)
    step.partial = step.partial[:-LANE]
    with pytest.raises(ValueError, match="do not belong together"):
        step.backward(dy)


@pytest.mark.parametrize("label", [-1, 4])
def test_a_crossentropy_refuses_a_label_that_is_no_class(label):
    z, scale = np.zeros((3, 4), np.float32), np.ones(3, np.float32)
    labels = np.array([0, label, 1])
    with pytest.raises(ValueError, match="number of a class"):
        sparse_softmax_crossentropy(z, labels, scale, z.copy(), z.copy())
    step = DenseCrossentropyStep(built([Dense(4)], (5,)), True)
    step.forward(np.zeros((3, 5), np.float32))
    with pytest.raises(ValueError, match="number of a class"):
        step.loss(labels, True, scale, z.copy(), z.copy())


def test_a_crossentropy_refuses_arrays_that_do_not_belong_together():
    z, scale, labels = np.zeros((3, 4), np.float32), np.ones(3, np.float32), np.zeros(3, np.int64)
    for arguments in ((z, labels[1:], scale, z, z), (z, labels, scale[1:], z, z), (z, labels, scale, z[1:], z)):
        with pytest.raises(ValueError, match="do not belong together"):
            sparse_softmax_crossentropy(*arguments)
    for arguments in ((z, z[:, 1:].copy(), scale, z, z), (z, z, scale[1:], z, z), (z, z, scale, z, z[1:])):
        with pytest.raises(ValueError, match="do not belong together"):
            softmax_crossentropy(*arguments)


def test_optimizers_refuse_vectors_of_several_lengths():
    w, short = np.ones(9, np.float32), np.ones(8, np.float32)
    for place in range(1, 4):
        with pytest.raises(ValueError, match="one length"):
            adam(*(short if i == place else w for i in range(4)), 0.1, 0.9, 0.999, 1e-7)
    for place in range(1, 3):
        with pytest.raises(ValueError, match="one length"):
            momentum(*(short if i == place else w for i in range(3)), 0.1, 0.9, False)


@kernel()
def turn(x, rows, columns, out):
    transpose(x, 0, columns, rows, columns, out, 0, rows)


@pytest.mark.skipif(bool(config.DISABLE_JIT), reason="plain Python knows strides")
def test_vector_loops_refuse_strides():
    """They would read the numbers in between."""
    x = np.zeros(2 * LANE * LANE, np.float32)[::2]
    with pytest.raises(errors.TypingError, match="C-contiguous"):
        turn(x, LANE, LANE, np.zeros(LANE * LANE, np.float32))


def test_a_table_of_rows_reaches_beyond_the_last_row():
    """Kernels refuse a shorter one: the last tile looks there."""
    layers = built([Dense(3)], (5,))
    step = dense.DenseStep(layers, True)
    step.prepare(4)
    step.rows = step.rows[:-1]
    with pytest.raises(ValueError, match="do not belong together"):
        step.forward(np.zeros((4, 5), np.float32))


def test_pooling_refuses_a_table_that_reaches_beyond_the_image():
    layers = built([MaxPooling2D()], (4, 4, 2))
    step, (x, dy) = max_pooling2d.MaxPooling2DStep(layers, True), batch(layers)
    step.forward(x)
    step.pixels = step.pixels + 1
    for run in (lambda: step.forward(x), lambda: step.backward(dy)):
        with pytest.raises(ValueError, match="do not belong together"):
            run()


def test_the_largest_of_no_pixels_is_refused():
    y = np.zeros(8, np.float32)
    with pytest.raises(ValueError, match="do not belong together"):
        global_max_pooling.forward(np.zeros(0, np.float32), 4, 4, y)


@pytest.mark.parametrize("name", ["conv2d", "filters"])
def test_gradients_refuse_a_table_of_rows_that_ends_at_the_last_row(name):
    layers = built([Conv2D(3, 2)], (5, 5, 2)) if name == "conv2d" else pooled(3, 2, 2)
    step = conv2d.Conv2DStep(layers, True) if name == "conv2d" else Conv2DMaxPoolStep(layers, True)
    step.backward_way = "direct" if name == "conv2d" else "filters"
    x, dy = batch(layers)
    step.forward(x)
    step.rows = step.rows[:-1]
    with pytest.raises(ValueError, match="do not belong together"):
        step.backward(dy)


@pytest.mark.parametrize("name", sorted(steps().keys() - {"pooling", "dense", "batch normalization"}))
def test_sums_over_no_samples_are_zero(name):
    """Not those of the batch before them, which lie in the same buffer."""
    step = steps()[name]
    x, dy = batch(step.layers)
    step.forward(x)
    step.backward(dy)
    step.forward(x[:0])
    step.backward(dy[:0])
    for layer in step.layers:
        for gradient in layer.grads.values():
            assert not gradient.any()
