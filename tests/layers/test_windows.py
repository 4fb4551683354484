from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from scratchnet.layers.windows import (
    check_data_format,
    col2im,
    im2col,
    join_groups,
    pair,
    place_windows,
    split_groups,
)

sizes = st.integers(1, 7)
small = st.integers(1, 3)


@pytest.mark.parametrize(
    ("length", "size", "stride", "before", "after", "count"),
    [
        (5, 2, 1, 0, 1, 5),  # the odd one of the padding comes at the end
        (5, 3, 1, 1, 1, 5),
        (6, 3, 2, 0, 1, 3),  # also when the stride is 2
        (5, 2, 2, 0, 1, 3),
        (7, 2, 3, 0, 1, 3),
        (4, 1, 3, 0, 0, 2),  # a window smaller than its stride needs no padding
    ],
)
def test_same_pads_as_tensorflow_does(length, size, stride, before, after, count):
    windows = place_windows((length, 1), (size, 1), (stride, 1), "same")
    assert (windows.pad_before[0], windows.pad_after[0], windows.count[0]) == (before, after, count)


@pytest.mark.parametrize(
    ("length", "size", "stride", "count"), [(5, 2, 2, 2), (5, 5, 1, 1), (5, 6, 1, 0), (28, 2, 1, 27)]
)
def test_valid_uses_only_whole_windows(length, size, stride, count):
    windows = place_windows((length, 1), (size, 1), (stride, 1), "valid")
    assert (windows.pad_before, windows.pad_after) == ((0, 0), (0, 0))
    assert windows.count[0] == count


def test_dilation_widens_the_window():
    assert place_windows((7, 7), (3, 2), (1, 1), "valid", (3, 2)).count == (1, 5)


@given(sizes, sizes, small, small, small, small, small, small, st.sampled_from(["valid", "same"]))
def test_im2col_holds_each_window(H, W, KH, KW, SH, SW, DH, DW, padding):
    windows = place_windows((H, W), (KH, KW), (SH, SW), padding, (DH, DW))
    assume(min(windows.count) > 0)
    x = np.random.default_rng(0).normal(size=(2, H, W, 3))
    cols = im2col(x, windows, fill=-5.0)
    for oh, ow, i, j in np.ndindex(*windows.count, KH, KW):
        h, w = oh * SH + i * DH - windows.pad_before[0], ow * SW + j * DW - windows.pad_before[1]
        inside = 0 <= h < H and 0 <= w < W
        np.testing.assert_array_equal(cols[:, oh, ow, i, j], x[:, h, w] if inside else -5.0)


@given(sizes, sizes, small, small, small, small, small, small, st.sampled_from(["valid", "same"]))
def test_col2im_is_the_transpose_of_im2col(H, W, KH, KW, SH, SW, DH, DW, padding):
    windows = place_windows((H, W), (KH, KW), (SH, SW), padding, (DH, DW))
    assume(min(windows.count) > 0)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, H, W, 2))
    cols = im2col(x, windows)
    c = rng.normal(size=cols.shape)
    np.testing.assert_allclose((cols * c).sum(), (x * col2im(c, windows, x.shape)).sum(), atol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_both_directions_keep_the_dtype(dtype):
    windows = place_windows((4, 4), (2, 2), (1, 1), "same")
    cols = im2col(np.ones((1, 4, 4, 1), dtype), windows)
    assert cols.dtype == col2im(cols, windows, (1, 4, 4, 1)).dtype == dtype


@pytest.mark.parametrize("value", [0, (1, 0), (1, 2, 3), 1.5, "2", None])
def test_pair_refuses_what_is_not_one_or_two_positive_numbers(value):
    with pytest.raises(ValueError, match=r"^strides of Conv2D expected (one or two|a) whole numbers? ≥ 1, got"):
        pair("strides", value, "Conv2D")


def test_groups_are_neighbouring_channels_and_go_back_to_their_places():
    x = np.arange(12).reshape(2, 6)
    np.testing.assert_array_equal(split_groups(x, 3), [[[0, 1], [6, 7]], [[2, 3], [8, 9]], [[4, 5], [10, 11]]])
    np.testing.assert_array_equal(join_groups(split_groups(x, 3)), x)
    assert join_groups(split_groups(np.zeros((0, 5, 6)), 2)).shape == (0, 5, 6)  # no samples, no trouble


def test_zero_is_a_whole_number_where_zero_may_be():
    assert pair("extra", (0, np.int8(2)), "Layer", least=0) == (0, 2)
    with pytest.raises(ValueError, match="extra of Layer expected a whole number ≥ 0, got -1"):
        pair("extra", -1, "Layer", least=0)


def test_the_data_format_is_channels_last():
    assert check_data_format(None) == check_data_format("channels_last") == "channels_last"
    with pytest.raises(ValueError, match="expected data_format='channels_last', got 'NHWC'"):
        check_data_format("NHWC")
