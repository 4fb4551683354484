from __future__ import annotations

import numpy as np
import pytest

from scratchnet.layers import DepthwiseConv2D, Input


def test_each_channel_has_filters_of_its_own():
    layer = DepthwiseConv2D((1, 2), depth_multiplier=2)
    x = np.array([[1, 10], [2, 20]], "float32").reshape(1, 1, 2, 2)  # two pixels of two channels
    layer(x)
    kernel = np.array([[[1, 2], [3, 4]], [[5, 6], [7, 8]]]).reshape(1, 2, 2, 2)  # (KH, KW, C, M)
    layer.set_weights([kernel, np.array([0, 0, 0, 1000.0])])
    y = [1 * 1 + 2 * 5, 1 * 2 + 2 * 6, 10 * 3 + 20 * 7, 10 * 4 + 20 * 8 + 1000]
    np.testing.assert_array_equal(layer(x)[0, 0, 0], y)
    dx = layer.backward(np.array([1, 0, 0, 2], "float32").reshape(1, 1, 1, 4))
    np.testing.assert_array_equal(dx[0, 0], [[1 * 1, 2 * 4], [1 * 5, 2 * 8]])
    np.testing.assert_array_equal(layer.grads["kernel"][0], [[[1, 0], [0, 20]], [[2, 0], [0, 40]]])
    np.testing.assert_array_equal(layer.grads["bias"], [1, 0, 0, 2])


def test_a_channel_does_not_see_the_others(rng):
    layer = DepthwiseConv2D(3, depth_multiplier=2, dtype="float64")
    x = rng.standard_normal((1, 5, 5, 3))
    before = layer(x).copy()
    x[..., 1] += 1
    changed = (layer(x) != before).any(axis=(0, 1, 2))
    np.testing.assert_array_equal(changed, [False, False, True, True, False, False])


def test_parameters_have_keras_layout_and_order():
    layer = DepthwiseConv2D((2, 3), depth_multiplier=np.int64(5), strides=(1, 2))
    assert layer(Input((8, 8, 4))).shape == (None, 7, 3, 20)
    assert {k: w.shape for k, w in layer.params.items()} == {"kernel": (2, 3, 4, 5), "bias": (20,)}
    assert layer.name == "depthwise_conv2d"


def test_refusals():
    with pytest.raises(ValueError, match="depth_multiplier of DepthwiseConv2D expected a whole number ≥ 1, got 0"):
        DepthwiseConv2D(2, depth_multiplier=0)
    with pytest.raises(ValueError, match=r"\(DepthwiseConv2D\) expected an image no smaller than its kernel"):
        DepthwiseConv2D(3)(Input((2, 5, 1)))
