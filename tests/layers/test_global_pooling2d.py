from __future__ import annotations

import numpy as np
import pytest

from scratchnet import layers
from scratchnet.layers import GlobalAveragePooling2D, GlobalAvgPool2D, GlobalMaxPool2D, GlobalMaxPooling2D, Input

X = np.array([[[1, 8], [2, 6]], [[7, 8], [2, 8]]], "float32")[None]  # (1, 2, 2, 2)
DY = np.array([[12, 6]], "float32")


def test_the_mean_of_each_channel_and_its_gradient():
    layer = GlobalAveragePooling2D()
    np.testing.assert_array_equal(layer(X), [[3, 7.5]])
    np.testing.assert_array_equal(layer.backward(DY)[0], [[[3, 1.5]] * 2] * 2)


def test_the_largest_of_each_channel_and_its_gradient_shared_at_a_tie():
    layer = GlobalMaxPooling2D()
    np.testing.assert_array_equal(layer(X), [[7, 8]])
    np.testing.assert_array_equal(layer.backward(DY)[0], [[[0, 2], [0, 0]], [[12, 2], [0, 2]]])


@pytest.mark.parametrize("cls", [GlobalAveragePooling2D, GlobalMaxPooling2D])
def test_keepdims_keeps_axes_of_length_one(cls):
    kept, dropped = cls(keepdims=True), cls()
    assert kept(Input((4, 5, 2))).shape == (None, 1, 1, 2)
    assert dropped(Input((4, 5, 2))).shape == (None, 2)
    np.testing.assert_array_equal(kept(X)[:, 0, 0], dropped(X))
    np.testing.assert_array_equal(kept.backward(DY[:, None, None]), dropped.backward(DY))


@pytest.mark.parametrize("cls", [GlobalAveragePooling2D, GlobalMaxPooling2D])
def test_one_layer_takes_images_of_any_size(cls):
    layer = cls()
    assert layer(np.ones((2, 4, 4, 3), "float32")).shape == layer(np.ones((2, 9, 7, 3), "float32")).shape == (2, 3)


def test_other_names_and_refusals():
    assert (GlobalAvgPool2D, GlobalMaxPool2D) == (GlobalAveragePooling2D, GlobalMaxPooling2D)
    assert layers.GlobalAvgPool2D().name == "global_average_pooling2d"
    with pytest.raises(ValueError, match=r"images of shape \(N, H, W, C\)"):
        GlobalMaxPooling2D()(Input((4, 3)))
    with pytest.raises(ValueError, match="expected data_format='channels_last'"):
        GlobalAveragePooling2D("channels_first")
