from __future__ import annotations

import numpy as np
import pytest

from scratchnet.layers import Conv2D, Input


def test_output_is_the_cross_correlation_of_image_and_kernel():
    layer = Conv2D(1, 2, use_bias=True)
    layer(np.zeros((1, 3, 3, 1), "float32"))
    layer.set_weights([np.array([1, 2, 3, 4.0]).reshape(2, 2, 1, 1), np.array([10.0])])
    y = layer(np.arange(9.0).reshape(1, 3, 3, 1))
    # 0·1 + 1·2 + 3·3 + 4·4 = 27 at the first place: the kernel is not flipped.
    np.testing.assert_array_equal(y[0, :, :, 0], [[37, 47], [67, 77]])


@pytest.mark.parametrize(
    ("arguments", "shape"),
    [
        ({}, (None, 27, 26, 5)),
        ({"padding": "same"}, (None, 28, 28, 5)),
        ({"strides": 2}, (None, 14, 13, 5)),
        ({"strides": (2, 3), "padding": "SAME"}, (None, 14, 10, 5)),
        ({"dilation_rate": (3, 4)}, (None, 25, 20, 5)),
    ],
)
def test_output_shape(arguments, shape):
    assert Conv2D(5, (2, 3), **arguments)(Input((28, 28, 3))).shape == shape


def test_parameters_have_keras_layout_and_order():
    layer = Conv2D(5, (2, 3))
    layer(Input((8, 8, 4)))
    assert [w.shape for w in layer.get_weights()] == [(2, 3, 4, 5), (5,)]
    assert layer.count_params() == 125


def test_without_bias_there_is_none():
    layer = Conv2D(5, 2, use_bias=False)
    layer(Input((8, 8, 4)))
    assert list(layer.params) == ["kernel"]


def test_two_axes_less_the_channels_is_explained():
    with pytest.raises(
        ValueError, match=r"'Conv_1' \(Conv2D\) expected images of shape \(N, H, W, C\), got .*expand_dims"
    ):
        Conv2D(5, 2, name="Conv_1")(Input((28, 28)))


def test_a_kernel_larger_than_the_image_is_refused():
    with pytest.raises(
        ValueError, match=r"no smaller than its kernel \(3, 3\).*got \(None, 2, 5, 1\).*padding=\"same\""
    ):
        Conv2D(5, 3)(Input((2, 5, 1)))


def test_another_number_of_channels_is_refused_once_built():
    layer = Conv2D(5, 3, name="c")
    layer(Input((8, 8, 3)))
    with pytest.raises(ValueError, match=r"'c' \(Conv2D\) expected 3 channels in the last axis, got \(None, 8, 8, 1\)"):
        layer(Input((8, 8, 1)))


@pytest.mark.parametrize("filters", [0, -1, 2.0, "8"])
def test_filters_must_be_a_positive_whole_number(filters):
    with pytest.raises(ValueError, match=r"^filters of Conv2D expected a whole number ≥ 1, got"):
        Conv2D(filters, 2)


def test_unknown_padding_and_activation_suggest_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'valid'"):
        Conv2D(1, 2, padding="vaild")
    with pytest.raises(ValueError, match="did you mean 'relu'"):
        Conv2D(1, 2, activation="rellu")


def test_a_group_of_filters_sees_only_its_own_channels(backend, rng):
    layer = Conv2D(4, 2, groups=2, dtype="float64")
    x = rng.standard_normal((2, 4, 4, 6))
    before = layer(x).copy()
    assert layer.params["kernel"].shape == (2, 2, 3, 4)
    x[..., 4] += 1
    changed = (layer(x) != before).any(axis=(0, 1, 2))
    np.testing.assert_array_equal(changed, [False, False, True, True])


def test_groups_are_convolutions_side_by_side(rng):
    layer = Conv2D(6, 3, padding="same", groups=3, activation="relu", dtype="float64")
    x = rng.standard_normal((2, 4, 5, 6))
    y = layer(x)
    dy = rng.standard_normal(y.shape)
    dx = layer.backward(dy)
    for g in range(3):
        both = slice(2 * g, 2 * g + 2)  # two channels and two filters each
        alone = Conv2D(2, 3, padding="same", activation="relu", dtype="float64")
        alone(x[..., both])
        alone.set_weights([layer.params["kernel"][..., both], layer.params["bias"][both]])
        np.testing.assert_allclose(alone(x[..., both]), y[..., both], rtol=1e-12)
        np.testing.assert_allclose(alone.backward(dy[..., both]), dx[..., both], rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(alone.grads["kernel"], layer.grads["kernel"][..., both], rtol=1e-12)


def test_a_convolution_in_groups_has_no_kernel_and_runs_by_its_definition():
    from scratchnet import Sequential
    from scratchnet.graph.kernel_steps import kernel_step
    from scratchnet.layers import MaxPooling2D

    model = Sequential([Input((6, 6, 4)), Conv2D(4, 3, groups=2), MaxPooling2D()])
    assert kernel_step(model.layers[-2:], True) is None
    plain = Sequential([Input((6, 6, 4)), Conv2D(4, 3), MaxPooling2D()])
    assert kernel_step(plain.layers[-2:], True) is not None


def test_groups_must_divide_channels_and_filters():
    with pytest.raises(ValueError, match="Conv2D expected filters to be a multiple of groups=2, got 3"):
        Conv2D(3, 2, groups=2)
    with pytest.raises(ValueError, match=r"a multiple of groups=2 as number of channels, got \(None, 4, 4, 3\)"):
        Conv2D(4, 2, groups=2)(Input((4, 4, 3)))
    with pytest.raises(ValueError, match="groups of Conv2D expected a whole number ≥ 1, got 0"):
        Conv2D(4, 2, groups=0)


def test_channels_first_is_refused_in_a_sentence():
    assert Conv2D(1, 2, data_format="channels_last").data_format == Conv2D(1, 2).data_format == "channels_last"
    with pytest.raises(ValueError, match=r"expected data_format='channels_last', got 'channels_first': images are \(N"):
        Conv2D(1, 2, data_format="channels_first")
