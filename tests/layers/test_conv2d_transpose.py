from __future__ import annotations

import numpy as np
import pytest

from scratchnet.layers import Conv2DTranspose, Convolution2DTranspose, Input


def worked(strides: int) -> Conv2DTranspose:
    layer = Conv2DTranspose(1, (1, 3), strides=(1, strides))
    layer(np.zeros((1, 1, 2, 1), "float32"))
    layer.set_weights([np.array([1, 2, 3.0]).reshape(1, 3, 1, 1), np.array([100.0])])
    return layer


def test_each_pixel_puts_the_kernel_times_itself_on_the_output():
    x = np.array([1, 10], "float32").reshape(1, 1, 2, 1)
    np.testing.assert_array_equal(worked(1)(x)[0, 0, :, 0], [101, 112, 123, 130])
    np.testing.assert_array_equal(worked(2)(x)[0, 0, :, 0], [101, 102, 113, 120, 130])


def test_backward_is_a_convolution_of_dy():
    layer = worked(2)
    layer(np.array([1, 10], "float32").reshape(1, 1, 2, 1))
    dx = layer.backward(np.array([1, 0, 2, 0, 5], "float32").reshape(1, 1, 5, 1))
    np.testing.assert_array_equal(dx[0, 0, :, 0], [1 * 1 + 2 * 3, 2 * 1 + 5 * 3])
    np.testing.assert_array_equal(layer.grads["kernel"].ravel(), [1 * 1 + 10 * 2, 0, 1 * 2 + 10 * 5])
    np.testing.assert_array_equal(layer.grads["bias"], [8])


@pytest.mark.parametrize(
    ("arguments", "shape"),
    [
        ({}, (None, 9, 8, 3)),
        ({"strides": 2}, (None, 15, 13, 3)),
        ({"strides": 4}, (None, 28, 24, 3)),  # wider than the kernel: gaps between the windows
        ({"strides": 2, "padding": "same"}, (None, 14, 12, 3)),
        ({"strides": 2, "padding": "same", "output_padding": (0, 1)}, (None, 13, 12, 3)),
        ({"strides": 3, "output_padding": 2}, (None, 23, 20, 3)),
        ({"dilation_rate": (1, 3)}, (None, 9, 12, 3)),
    ],
)
def test_output_shape(arguments, shape):
    assert Conv2DTranspose(3, 3, **arguments)(Input((7, 6, 2))).shape == shape


def test_parameters_have_keras_layout_and_order():
    layer = Convolution2DTranspose(np.int32(5), (2, 3))
    layer(Input((8, 8, 4)))
    assert [w.shape for w in layer.get_weights()] == [(2, 3, 5, 4), (5,)]
    assert layer.name == "conv2d_transpose"


@pytest.mark.parametrize(
    "arguments",
    [
        {"kernel_size": 3, "output_padding": 1},
        {"kernel_size": 3, "strides": 2, "output_padding": (1, 2)},
        {"kernel_size": 2, "strides": 2, "padding": "same", "output_padding": 0},  # no window for the last pixel
    ],
)
def test_an_output_padding_that_makes_no_sense_is_refused(arguments):
    with pytest.raises(ValueError, match="Conv2DTranspose expected output_padding to be less than strides"):
        Conv2DTranspose(1, **arguments)


def test_other_refusals():
    with pytest.raises(ValueError, match="filters of Conv2DTranspose expected a whole number ≥ 1, got 0"):
        Conv2DTranspose(0, 2)
    with pytest.raises(ValueError, match="output_padding of Conv2DTranspose expected a whole number ≥ 0, got -1"):
        Conv2DTranspose(1, 2, output_padding=-1)
    layer = Conv2DTranspose(1, 2, name="c")
    layer(Input((4, 4, 3)))
    with pytest.raises(ValueError, match=r"'c' \(Conv2DTranspose\) expected 3 channels in the last axis"):
        layer(Input((4, 4, 2)))
