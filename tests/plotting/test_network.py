from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import scratchnet
from scratchnet import architectures, layers, plotting
from scratchnet.datasets.fashion_mnist import LABELS
from scratchnet.layers import Add, Conv2D, Dense, Flatten, Input, Rescaling
from scratchnet.plotting.figure import mosaic
from tests.plotting.looking import assert_readable, texts, titles


def tile(sheet: np.ndarray, k: int, columns: int, shape: tuple[int, int]) -> np.ndarray:
    """The k-th tile of a mosaic, at the size it had before enlarging."""
    zoom = -(-28 // max(shape))
    h, w = shape[0] * zoom, shape[1] * zoom
    gap = max(1, round(max(h, w) / 14))
    top, left = k // columns * (h + gap), k % columns * (w + gap)
    return sheet[top : top + h : zoom, left : left + w : zoom]


def test_a_mosaic_holds_every_tile_and_nothing_else() -> None:
    tiles = np.arange(1.0, 5 * 3 * 2 + 1).reshape(5, 3, 2)
    sheet, corners = mosaic(tiles, 2)
    for k in range(5):
        np.testing.assert_array_equal(tile(sheet, k, 2, (3, 2)), tiles[k])
        assert sheet[corners[k]] == tiles[k, 0, 0]
    assert set(sheet[~np.isnan(sheet)]) == set(tiles.ravel())


def test_filters_are_the_first_kernel_filter_by_filter(network: scratchnet.Model) -> None:
    figure = plotting.first_layer_filters(network)
    kernel = network.get_layer("first").params["kernel"]  # (3, 2, 1, 5)
    sheet = np.ma.filled(figure.axes[0].images[0].get_array(), np.nan)
    for f in range(5):
        np.testing.assert_array_equal(tile(sheet, f, 5, (3, 2)), kernel[:, :, 0, f])
    assert titles(figure)[0] == "first: 5 filters of 3×2"


def test_the_first_layer_may_be_in_a_nested_model(network: scratchnet.Model) -> None:
    inputs = Input(network.input_shape[1:])
    model = scratchnet.Model(inputs, network(inputs))
    assert titles(plotting.first_layer_filters(model))[0] == "first: 5 filters of 3×2"


def test_channels_of_a_filter_stand_below_each_other() -> None:
    inputs = Input((6, 6, 3))
    model = scratchnet.Model(inputs, Conv2D(2, 4, name="c")(Rescaling(1 / 255)(inputs)))
    figure = plotting.first_layer_filters(model)
    sheet = np.ma.filled(figure.axes[0].images[0].get_array(), np.nan)
    kernel = model.get_layer("c").params["kernel"]  # (4, 4, 3, 2)
    np.testing.assert_array_equal(tile(sheet, 1, 2, (12, 4)), np.concatenate([kernel[:, :, c, 1] for c in range(3)]))
    assert titles(figure)[0] == "c: 2 filters of 4×4, their 3 channels below each other"


def test_units_of_a_dense_layer_are_shown_as_images_of_weights() -> None:
    model = architectures.mlp()
    figure = plotting.first_layer_filters(model, most=6)
    sheet = np.ma.filled(figure.axes[0].images[0].get_array(), np.nan)
    kernel = model.get_layer("Hidden").params["kernel"]  # (784, 256)
    np.testing.assert_array_equal(tile(sheet, 5, 6, (28, 28)), kernel[:, 5].reshape(28, 28))
    assert titles(figure)[0] == "Hidden: 6 of 256 units, 28×28 weights each"


def test_zero_is_the_middle_of_the_colours(network: scratchnet.Model) -> None:
    low, high = plotting.first_layer_filters(network).axes[0].images[0].get_clim()
    assert high == pytest.approx(np.abs(network.get_layer("first").params["kernel"]).max())
    assert low == -high


def test_weights_that_are_all_zero_can_be_drawn(network: scratchnet.Model) -> None:
    network.set_weights([np.zeros_like(w) for w in network.get_weights()])
    assert_readable(plotting.first_layer_filters(network))


def _no_image() -> scratchnet.Model:
    inputs = Input((4,))
    return scratchnet.Model(inputs, Dense(3, name="flat")(inputs))


def _no_weights() -> scratchnet.Model:
    inputs = Input((4, 4))
    return scratchnet.Model(inputs, Flatten()(inputs))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"model": 3}, TypeError, "expected a Model, got int"),
        ({"model": _no_weights()}, ValueError, "got a model without weights"),
        ({"model": _no_image()}, ValueError, "'flat' to look at all pixels of a grey image"),
        ({"most": 0}, ValueError, "most of first_layer_filters expected a whole number ≥ 1, got 0"),
    ],
)
def test_what_the_filters_refuse(arguments: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        plotting.first_layer_filters(**{"model": architectures.mlp(), **arguments})


def test_feature_maps_are_the_outputs_of_the_layers(network: scratchnet.Model, rng: np.random.Generator) -> None:
    image = rng.random((8, 6, 1)).astype(np.float32)
    figure = plotting.feature_maps(network, image)
    assert [title.split(",")[0] for title in titles(figure)] == [
        "input",
        "output",
        "first (Conv2D): 5 maps of 6×5",
        "pool (MaxPooling2D): 5 maps of 3×2",
        "second (Conv2D): 16 of 20 maps of 2×1",
    ]
    first = network.get_layer("first").forward(image[None])  # (1, 6, 5, 5)
    sheet = np.ma.filled(figure.axes[2].images[0].get_array(), np.nan)
    for f in range(5):
        np.testing.assert_allclose(tile(sheet, f, 5, (6, 5)), first[0, :, :, f], rtol=1e-6)
    bars = [bar.get_width() for bar in figure.axes[1].patches]
    np.testing.assert_allclose(bars, network.predict(image[None], verbose=0)[0], rtol=1e-6)


def test_the_maps_left_out_are_those_with_the_least_contrast(network: scratchnet.Model) -> None:
    layer = network.get_layer("first")
    layer.params["kernel"][..., 2] = 0
    layer.params["kernel"][..., [0, 1, 3, 4]] = 1
    figure = plotting.feature_maps(network, np.random.default_rng(1).random((8, 6, 1)), maps=4)
    sheet = np.ma.filled(figure.axes[2].images[0].get_array(), np.nan)
    assert all(tile(sheet, k, 4, (6, 5)).std() > 0 for k in range(4))


def test_a_pooling_shows_the_channels_of_its_convolution_and_all_have_their_numbers() -> None:
    inputs = Input((8, 8, 3))
    x = layers.MaxPooling2D()(Conv2D(3, 1, name="same")(inputs))
    x = Conv2D(5, 1)(layers.BatchNormalization()(x))
    model = scratchnet.Model(inputs, Dense(3, activation="softmax")(Flatten()(x)))
    model.get_layer("same").params["kernel"][...] = np.eye(3)  # (1, 1, 3, 3)
    image = np.zeros((8, 8, 3), np.float32)
    image[::2, ::2, 1] = 1  # the strongest contrast; the pooling makes it flat, and would choose another
    image[:4, :, 2] = 0.3
    figure = plotting.feature_maps(model, image, maps=1)
    numbers = [[text.get_text() for text in axes.texts] for axes in figure.axes[2:]]
    assert numbers[:3] == [["1"]] * 3
    assert len(numbers) == 4
    assert len(numbers[3]) == 1


def test_one_large_weight_does_not_make_the_others_pale_and_the_picture_says_so(network: scratchnet.Model) -> None:
    inputs = Input((8, 8, 1))
    model = scratchnet.Model(inputs, Conv2D(8, 4)(inputs))
    kernel = model.layers[-1].params["kernel"]  # (4, 4, 1, 8)
    kernel[...] = np.linspace(-1, 1, kernel.size).reshape(kernel.shape)
    kernel[0, 0, 0, 0] = 40
    axes = plotting.first_layer_filters(model).axes[0]
    low, high = axes.images[0].get_clim()
    assert -low == high
    assert 0.9 < high < 1
    assert axes.get_xlabel().endswith("of 128 weights are larger, up to 40")
    kernel[0, 0, 0, 0] = 1
    axes = plotting.first_layer_filters(model).axes[0]
    assert axes.images[0].get_clim() == (-1, 1)
    assert axes.get_xlabel() == ""


def test_drawing_leaves_the_model_as_it_was(network: scratchnet.Model) -> None:
    before, names = network.get_weights(), [layer.name for layer in network.layers]
    plotting.feature_maps(network, np.zeros((8, 6, 1)))
    assert [layer.name for layer in network.layers] == names
    for old, new in zip(before, network.get_weights()):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize("shape", [(8, 6), (8, 6, 1), (1, 8, 6), (1, 8, 6, 1)])
def test_one_image_is_taken_in_every_usual_shape(network: scratchnet.Model, shape: tuple[int, ...]) -> None:
    image = np.random.default_rng(2).random(shape)
    shown = plotting.feature_maps(network, image).axes[0].images[0].get_array()
    np.testing.assert_array_equal(shown, image.reshape(8, 6))


@pytest.mark.parametrize("maps", [1, 16, 32])
def test_no_text_of_the_maps_overlaps_another(maps: int) -> None:
    image = np.random.default_rng(3).random((28, 28))
    figure = plotting.feature_maps(architectures.cnn(), image, LABELS, maps=maps, title="On its way")
    assert_readable(figure)
    assert set(LABELS) < set(texts(figure))


def test_a_graph_that_branches_is_drawn_layer_by_layer() -> None:
    inputs = Input((6, 6, 3))
    x = Conv2D(3, 3, padding="same", name="branch")(inputs)
    model = scratchnet.Model(inputs, Dense(2)(Flatten()(Add(name="sum")([x, inputs]))))
    figure = plotting.feature_maps(model, np.zeros((6, 6, 3)))
    assert [title.split(" ")[0] for title in titles(figure)] == ["input", "output", "branch", "sum"]


def test_an_image_that_cannot_be_drawn_is_refused() -> None:
    inputs = Input((6, 6, 2))
    model = scratchnet.Model(inputs, Dense(2)(Flatten()(Conv2D(3, 3)(inputs))))
    with pytest.raises(ValueError, match=r"\(N, H, W, 3\), got \(1, 6, 6, 2\)"):
        plotting.feature_maps(model, np.zeros((6, 6, 2)))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"model": "cnn"}, TypeError, "expected a Model, got str"),
        ({"model": architectures.mlp()}, ValueError, r"a layer with outputs \(N, H, W, C\), such as Conv2D"),
        ({"image": np.zeros((27, 28))}, ValueError, r"one image of shape \(28, 28, 1\), got \(27, 28\)"),
        ({"image": np.full((28, 28), np.inf)}, ValueError, "finite numbers, got inf in image 0"),
        ({"maps": 0}, ValueError, "maps of feature_maps expected a whole number ≥ 1, got 0"),
        ({"labels": ["boot"]}, ValueError, "at least 10 class names"),
    ],
)
def test_what_the_feature_maps_refuse(arguments: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        plotting.feature_maps(**{"model": architectures.cnn(), "image": np.zeros((28, 28)), **arguments})
