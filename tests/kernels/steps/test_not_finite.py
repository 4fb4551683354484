"""What went wrong before a kernel is seen behind it: none takes another number for a NaN."""

from __future__ import annotations

import numpy as np
import pytest

from scratchnet import layers as sn
from scratchnet.graph.kernel_steps import kernel_step
from scratchnet.kernels.machine.processor import lanes
from scratchnet.kernels.steps.conv2d_maxpool import Conv2DMaxPoolStep
from scratchnet.kernels.steps.max_pooling2d import MaxPooling2DStep
from scratchnet.layers import Conv2D, MaxPooling2D
from tests.kernels.common import built, definition, whole

LANE = lanes("float32")


@pytest.mark.parametrize("pool", [MaxPooling2D(2), MaxPooling2D(3, strides=2, padding="same")])
def test_max_pooling_is_its_definition_wherever_a_nan_lies(pool, rng):
    layers = built([pool], (6, 7, 3))
    x = whole(rng, (42, 6, 7, 3), np.float32)
    x[np.arange(42), np.arange(42) // 7, np.arange(42) % 7] = np.nan
    dy = whole(rng, (42, *pool.output_shape[1:]), np.float32)
    y, dx, _ = definition(layers, x, dy)
    assert 0 < np.isnan(y).mean() < 1
    step = MaxPooling2DStep(layers, True)
    np.testing.assert_array_equal(step.forward(x), y)
    np.testing.assert_array_equal(step.backward(dy), dx)
    x[rng.random(x.shape) < 0.1] = np.nan  # then several may lie in one window
    np.testing.assert_array_equal(step.forward(x), definition(layers, x, dy)[0])


@pytest.mark.parametrize("activation", ["relu", None])
@pytest.mark.parametrize("taps", [2, 3])
@pytest.mark.parametrize(("channels", "filters", "ways"), [(1, 3 * LANE, 3), (LANE, 3 * LANE, 3), (2, LANE + 3, 2)])
def test_a_pooled_convolution_is_nan_where_its_definition_is(channels, filters, ways, taps, activation, rng):
    layers = built([Conv2D(filters, taps, activation=activation), MaxPooling2D(2)], (9, 9, channels))
    x = whole(rng, (40, 9, 9, channels), np.float32)
    for n in range(39):  # the last sample stays as it is
        x[n, rng.integers(9), rng.integers(9), rng.integers(channels)] = np.nan
    y, *_ = definition(layers, x, np.zeros((40, *layers[1].output_shape[1:]), np.float32))
    assert 0 < np.isnan(y).mean() < 1
    step = Conv2DMaxPoolStep(layers, False)
    assert len(step.forward_ways) == ways
    for way in step.forward_ways:
        step.forward_way = way
        np.testing.assert_array_equal(step.forward(x), y, way)


@pytest.mark.parametrize("number", [np.nan, np.inf])
@pytest.mark.parametrize("taps", [2, 3])
def test_dark_pixels_hide_no_kernel_that_is_not_finite(taps, number, rng):
    layers = built([Conv2D(LANE, taps, activation="relu"), MaxPooling2D(2)], (6, 6, 1))
    layers[0].params["kernel"][0, 0, 0, 1] = number
    x = np.zeros((2, 6, 6, 1), np.float32)
    x[1] = 1
    with np.errstate(invalid="ignore"):
        y, *_ = definition(layers, x, np.zeros((2, *layers[1].output_shape[1:]), np.float32))
    step = Conv2DMaxPoolStep(layers, False)
    assert step.forward_way == "one channel"
    np.testing.assert_array_equal(step.forward(x), y)


RUNS = {
    "conv2d": [sn.Conv2D(5, 2, activation="relu")],
    "conv2d in fewer products": [sn.Conv2D(LANE, 3, activation="relu")],
    "conv2d in fewer products, strided": [sn.Conv2D(LANE, 3, strides=2, padding="same")],
    "conv2d and pooling": [sn.Conv2D(5, 2, activation="relu"), sn.MaxPooling2D(2)],
    "transposed": [sn.Conv2DTranspose(3, 3, strides=2, activation="relu")],
    "depthwise": [sn.DepthwiseConv2D(3, activation="relu")],
    "max-pooling": [sn.MaxPooling2D(3, strides=2)],
    "average-pooling": [sn.AveragePooling2D(2)],
    "global average": [sn.GlobalAveragePooling2D()],
    "global maximum": [sn.GlobalMaxPooling2D()],
    "up-sampling": [sn.UpSampling2D(2)],
    "zero padding": [sn.ZeroPadding2D(1)],
    "dropout": [sn.Dropout(0.5)],
    "dense": [sn.Dense(4 * LANE, activation="relu")],
    "flatten": [sn.Flatten()],
    "batch normalization": [sn.BatchNormalization(), sn.ReLU()],
    "layer normalization": [sn.LayerNormalization()],
    "relu": [sn.ReLU()],
}


@pytest.mark.parametrize("name", RUNS)
def test_a_nan_is_seen_behind_every_kernel_and_in_no_other_sample(name, rng):
    layers = built(RUNS[name], (8, 8, LANE))
    x = whole(rng, (5, 8, 8, LANE), np.float32)
    x[2, 3, 4, 1] = np.nan
    y = x
    with np.errstate(invalid="ignore"):
        for layer in layers:
            y = layer.forward(y, False)
    step = kernel_step(layers, True)
    assert step.layers == layers
    found = np.isnan(step.forward(x, False))
    assert found[2].any()
    assert found[2][np.isnan(y[2])].all() or name == "up-sampling"  # whose definition spreads it, by its matrices
    assert not found[[0, 1, 3, 4]].any()
