from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scratchnet.layers import Input, UpSampling2D

SIZES = st.tuples(st.integers(1, 4), st.integers(1, 4))
BOTH = st.sampled_from(["nearest", "bilinear"])


def test_nearest_copies_pixels_and_sums_the_dy_of_the_copies():
    layer = UpSampling2D((1, 2))
    x = np.array([[1, 2], [3, 4]], "float32").reshape(1, 2, 2, 1)
    np.testing.assert_array_equal(layer(x)[0, :, :, 0], [[1, 1, 2, 2], [3, 3, 4, 4]])
    dx = layer.backward(np.arange(8, dtype="float32").reshape(1, 2, 4, 1))
    np.testing.assert_array_equal(dx[0, :, :, 0], [[1, 5], [9, 13]])


def test_bilinear_blends_and_goes_on_at_the_ends_as_it_ended():
    layer = UpSampling2D((1, 2), interpolation="bilinear")
    x = np.array([0, 4, 8], "float32").reshape(1, 1, 3, 1)
    np.testing.assert_array_equal(layer(x)[0, 0, :, 0], [0, 1, 3, 5, 7, 8])
    dx = layer.backward(np.array([0, 4, 0, 0, 0, 8], "float32").reshape(1, 1, 6, 1))
    np.testing.assert_array_equal(dx[0, 0, :, 0], [3, 1, 8])


@given(SIZES, BOTH, st.floats(-9, 9))
def test_a_grey_image_stays_as_grey_and_nothing_of_dy_is_lost(size, interpolation, grey):
    layer = UpSampling2D(size, interpolation=interpolation, dtype="float64")
    y = layer(np.full((1, 3, 2, 2), grey))
    assert y.shape == (1, 3 * size[0], 2 * size[1], 2)
    np.testing.assert_allclose(y, grey, rtol=1e-14)
    dy = np.random.default_rng(0).standard_normal(y.shape)
    assert layer.backward(dy).sum() == pytest.approx(dy.sum())


@given(SIZES, BOTH)
def test_the_mirror_image_comes_out_mirrored(size, interpolation):
    layer = UpSampling2D(size, interpolation=interpolation, dtype="float64")
    x = np.random.default_rng(0).standard_normal((1, 4, 3, 2))
    np.testing.assert_allclose(layer(x[:, ::-1, ::-1]), layer(x)[:, ::-1, ::-1], rtol=1e-12, atol=1e-12)


def test_what_it_cannot_do_is_said():
    with pytest.raises(ValueError, match=r"Unknown interpolation of UpSampling2D 'bicubic'.*bilinear, nearest"):
        UpSampling2D(interpolation="bicubic")
    with pytest.raises(ValueError, match="size of UpSampling2D expected a whole number ≥ 1, got 0"):
        UpSampling2D(0)
    with pytest.raises(ValueError, match=r"images of shape \(N, H, W, C\)"):
        UpSampling2D()(Input((4, 3)))
