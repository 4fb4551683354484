from __future__ import annotations

import numpy as np
import pytest

from scratchnet.layers import Input, ZeroPadding2D


def test_a_border_of_zeros_and_its_dy_dropped():
    layer = ZeroPadding2D(((1, 0), (0, 2)))
    x = np.array([[1, 2], [3, 4]], "float32").reshape(1, 2, 2, 1)
    np.testing.assert_array_equal(layer(x)[0, :, :, 0], [[0, 0, 0, 0], [1, 2, 0, 0], [3, 4, 0, 0]])
    dx = layer.backward(np.arange(12, dtype="float32").reshape(1, 3, 4, 1))
    np.testing.assert_array_equal(dx[0, :, :, 0], [[4, 5], [8, 9]])


@pytest.mark.parametrize(
    ("padding", "sides", "shape"),
    [
        (2, ((2, 2), (2, 2)), (None, 7, 8, 3)),
        (0, ((0, 0), (0, 0)), (None, 3, 4, 3)),
        ((1, 2), ((1, 1), (2, 2)), (None, 5, 8, 3)),
        ([[1, 2], [0, 3]], ((1, 2), (0, 3)), (None, 6, 7, 3)),
        ((np.int64(1), (2, 3)), ((1, 1), (2, 3)), (None, 5, 9, 3)),
    ],
)
def test_one_number_two_or_four(padding, sides, shape):
    layer = ZeroPadding2D(padding)
    assert layer.padding == sides
    assert layer(Input((3, 4, 3))).shape == shape


@pytest.mark.parametrize("padding", [-1, 1.5, (1, 2, 3), ((1, 2, 3), (1, 2)), ((1, -2), 1), "1", None, (), True])
def test_what_is_no_padding_is_refused(padding):
    with pytest.raises(ValueError, match=r"padding.*whole number"):
        ZeroPadding2D(padding)


def test_what_is_no_image_is_refused():
    with pytest.raises(ValueError, match=r"images of shape \(N, H, W, C\), got \(None, 4, 3\)"):
        ZeroPadding2D()(Input((4, 3)))
