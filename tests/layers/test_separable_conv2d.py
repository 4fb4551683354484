from __future__ import annotations

import numpy as np
import pytest

from scratchnet.layers import Conv2D, DepthwiseConv2D, Input, SeparableConv2D, SeparableConvolution2D


@pytest.mark.parametrize("arguments", [{}, {"strides": 2, "padding": "same"}, {"dilation_rate": 2}])
def test_it_is_a_depthwise_convolution_and_then_one_of_one_pixel(arguments, rng):
    x = rng.standard_normal((2, 6, 5, 3))
    both = SeparableConv2D(4, 2, depth_multiplier=2, activation="tanh", dtype="float64", **arguments)
    first = DepthwiseConv2D(2, depth_multiplier=2, use_bias=False, dtype="float64", **arguments)
    second = Conv2D(4, 1, activation="tanh", dtype="float64")
    y = both(x)
    second(first(x))
    depthwise, pointwise, bias = both.get_weights()
    first.set_weights([depthwise])
    second.set_weights([pointwise, bias])
    np.testing.assert_allclose(y, second(first(x)), rtol=1e-12)
    dy = rng.standard_normal(y.shape)
    np.testing.assert_allclose(both.backward(dy), first.backward(second.backward(dy)), rtol=1e-10, atol=1e-12)
    for ours, theirs in zip(both.grads.values(), [*first.grads.values(), *second.grads.values()], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-12)


def test_parameters_have_keras_names_layout_and_order():
    layer = SeparableConvolution2D(6, (2, 3), depth_multiplier=2)
    assert layer(Input((8, 8, 4))).shape == (None, 7, 6, 6)
    shapes = {"depthwise_kernel": (2, 3, 4, 2), "pointwise_kernel": (1, 1, 8, 6), "bias": (6,)}
    assert {k: w.shape for k, w in layer.params.items()} == shapes
    assert list(SeparableConv2D(1, 1, use_bias=False)(np.ones((1, 1, 1, 1))).shape) == [1, 1, 1, 1]
    assert layer.name == "separable_conv2d"


def test_refusals():
    with pytest.raises(ValueError, match="filters of SeparableConv2D expected a whole number ≥ 1, got -1"):
        SeparableConv2D(-1, 2)
    with pytest.raises(ValueError, match=r"depth_multiplier of SeparableConv2D expected a whole number ≥ 1, got 1\.5"):
        SeparableConv2D(1, 2, depth_multiplier=1.5)
