from __future__ import annotations

import numpy as np
import pytest

from scratchnet.layers import Input, MaxPool2D, MaxPooling2D


def test_the_largest_of_each_window_comes_out_and_is_paid():
    x = np.array([[1, 5, 2, 0], [3, 4, 8, 7]], "float32").reshape(1, 2, 4, 1)
    layer = MaxPooling2D()
    np.testing.assert_array_equal(layer(x)[0, :, :, 0], [[5, 8]])
    dx = layer.backward(np.array([10, 20], "float32").reshape(1, 1, 2, 1))
    np.testing.assert_array_equal(dx[0, :, :, 0], [[0, 10, 0, 0], [0, 0, 20, 0]])


def test_a_tie_pays_the_first_in_row_major_order():
    layer = MaxPooling2D((2, 2))
    layer(np.array([[0, 7], [7, 7]], "float32").reshape(1, 2, 2, 1))
    dx = layer.backward(np.ones((1, 1, 1, 1), "float32"))
    np.testing.assert_array_equal(dx[0, :, :, 0], [[0, 1], [0, 0]])


def test_a_winner_of_overlapping_windows_is_paid_by_each():
    layer = MaxPooling2D(2, strides=1)
    layer(np.array([[1, 9, 1], [1, 1, 1]], "float32").reshape(1, 2, 3, 1))
    dx = layer.backward(np.array([3, 4], "float32").reshape(1, 1, 2, 1))
    np.testing.assert_array_equal(dx[0, :, :, 0], [[0, 7, 0], [0, 0, 0]])


def test_padding_never_wins_against_negative_numbers():
    layer = MaxPooling2D(2, padding="same")
    y = layer(-np.ones((1, 3, 3, 1), "float32"))
    np.testing.assert_array_equal(y, -np.ones((1, 2, 2, 1)))
    assert layer.backward(np.ones_like(y)).sum() == 4


@pytest.mark.parametrize(
    ("arguments", "shape"),
    [
        ({}, (None, 13, 13, 32)),
        ({"padding": "same"}, (None, 14, 14, 32)),
        ({"pool_size": 3, "strides": 1}, (None, 25, 25, 32)),
        ({"pool_size": (1, 4)}, (None, 27, 6, 32)),
    ],
)
def test_output_shape(arguments, shape):
    assert MaxPooling2D(**arguments)(Input((27, 27, 32))).shape == shape


def test_maxpool2d_is_another_name_and_layers_are_named_after_the_class():
    assert MaxPool2D is MaxPooling2D
    assert [MaxPool2D().name, MaxPool2D().name] == ["max_pooling2d", "max_pooling2d_1"]


def test_a_window_larger_than_the_image_is_refused():
    with pytest.raises(ValueError, match=r"no smaller than its window \(3, 3\), got \(None, 2, 2, 1\)"):
        MaxPooling2D(3)(Input((2, 2, 1)))
