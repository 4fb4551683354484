from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scratchnet.layers import AveragePooling2D, AvgPool2D, Input


def test_the_mean_of_each_window_comes_out_and_dy_is_shared_equally():
    x = np.array([[1, 5, 2, 0], [3, 3, 8, 6]], "float32").reshape(1, 2, 4, 1)
    layer = AveragePooling2D()
    np.testing.assert_array_equal(layer(x)[0, :, :, 0], [[3, 4]])
    dx = layer.backward(np.array([8, 20], "float32").reshape(1, 1, 2, 1))
    np.testing.assert_array_equal(dx[0, :, :, 0], [[2, 2, 5, 5], [2, 2, 5, 5]])


def test_padding_is_not_counted():
    layer = AveragePooling2D(2, padding="same")
    x = np.arange(1.0, 10).reshape(1, 3, 3, 1)
    np.testing.assert_array_equal(layer(x)[0, :, :, 0], [[3, 4.5], [7.5, 9]])
    dx = layer.backward(np.full((1, 2, 2, 1), 4.0))
    np.testing.assert_array_equal(dx[0, :, :, 0], [[1, 1, 2], [1, 1, 2], [2, 2, 4]])


def test_a_pixel_is_paid_by_each_window_that_covers_it():
    layer = AveragePooling2D((1, 2), strides=1)
    layer(np.zeros((1, 1, 3, 1)))
    np.testing.assert_array_equal(layer.backward(np.array([2.0, 6.0]).reshape(1, 1, 2, 1))[0, 0, :, 0], [1, 4, 3])


@given(st.integers(1, 4), st.integers(1, 3), st.sampled_from(["valid", "same"]), st.floats(-9, 9))
def test_a_grey_image_stays_as_grey(size, stride, padding, grey):
    y = AveragePooling2D(size, stride, padding, dtype="float64")(np.full((1, 6, 5, 2), grey))
    np.testing.assert_allclose(y, grey, rtol=1e-14)


@given(st.integers(1, 4), st.sampled_from(["valid", "same"]))
def test_nothing_of_dy_is_lost(size, padding):
    layer = AveragePooling2D(size, 1, padding, dtype="float64")
    dy = np.random.default_rng(size).standard_normal(layer(np.zeros((2, 5, 6, 3))).shape)
    assert layer.backward(dy).sum() == pytest.approx(dy.sum())


def test_another_name_and_the_window_must_fit():
    assert AvgPool2D is AveragePooling2D
    assert AvgPool2D(np.int64(2)).name == "average_pooling2d"
    with pytest.raises(ValueError, match=r"\(AveragePooling2D\) expected an image no smaller than its window"):
        AveragePooling2D(3)(Input((2, 2, 1)))
    with pytest.raises(ValueError, match="pool_size of AveragePooling2D expected a whole number ≥ 1"):
        AveragePooling2D(0)
    with pytest.raises(ValueError, match=r"expected data_format='channels_last', got 'channels_first'.*np\.moveaxis"):
        AveragePooling2D(2, data_format="channels_first")
    with pytest.raises(ValueError, match=r"images of shape \(N, H, W, C\), got \(None, 4, 4\)"):
        AveragePooling2D(2)(Input((4, 4)))
