"""The augmentations of images: what they do in training, that they do it in training only, and their transposes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import scratchnet as sn
from scratchnet import Sequential, config, layers
from scratchnet.layers import Dropout, Input, RandomCrop, RandomErasing, RandomFlip, RandomTranslation

ALL = {
    "flip": lambda **k: RandomFlip(**k),
    "flip over": lambda **k: RandomFlip("vertical", **k),
    "crop": lambda **k: RandomCrop(3, 2, **k),
    "erase": lambda **k: RandomErasing(fill_value=0.0, **k),
    "move, reflect": lambda **k: RandomTranslation(0.9, 0.3, **k),
    "move, nearest": lambda **k: RandomTranslation(0.3, (-1, 0.5), "nearest", **k),
    "move, constant": lambda **k: RandomTranslation(0.3, 0.3, "constant", **k),
}


def images(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape or (6, 5, 4, 2))


@given(st.sampled_from(sorted(ALL)), st.integers(0, 999))
def test_backward_is_the_transpose_of_what_was_done(name: str, seed: int) -> None:
    layer, x = ALL[name](seed=seed, dtype="float64"), images(seed=seed)
    y = layer(x, training=True)
    dy = images(*y.shape, seed=1)
    assert np.vdot(y, dy) == pytest.approx(np.vdot(x, layer.backward(dy)))


@pytest.mark.parametrize("name", sorted(set(ALL) - {"crop"}))
def test_images_stay_as_they_are_except_in_training(name: str) -> None:
    layer, x = ALL[name](dtype="float64"), images()
    np.testing.assert_array_equal(layer(x, training=False), x)
    np.testing.assert_array_equal(layer.backward(x), x)
    assert not np.array_equal(layer(x, training=True), x)
    assert not np.array_equal(layer(x, training=True), layer(x, training=True)), "each batch is drawn anew"


def test_paint_has_a_number_for_each_channel() -> None:
    with pytest.raises(ValueError, match=r"expected images of 3 channels, as fill_value has, got \(None, 5, 4, 2\)"):
        RandomErasing(fill_value=(1, 2, 3))(Input((5, 4, 2)))
    for paint in ((1, 2), (3,)):
        y = RandomErasing(fill_value=paint, seed=0)(images(200, 5, 4, 2), training=True)
        assert set(y[(y == paint).all(axis=-1)].ravel()) == set(paint)


@pytest.mark.parametrize("backend", ["numba", "numpy"])
def test_called_by_hand_they_act_unless_told_otherwise(backend: str) -> None:
    x = images().astype("float32")
    config.set_backend(backend)
    try:
        for name in sorted(ALL):
            layer = ALL[name]()
            model = Sequential([Input((5, 4, 2)), Dropout(0.9), layer])
            still = layer(x, training=False)
            for act in (layer, model):
                assert not np.array_equal(act(x), still)
                np.testing.assert_array_equal(act(x, training=False), still)
            np.testing.assert_array_equal(model.predict(x, verbose=0), still)
    finally:
        config.set_backend("numba")


@pytest.mark.parametrize("name", sorted(ALL))
def test_a_seed_repeats_what_is_drawn(name: str) -> None:
    one, two = (ALL[name](seed=7) for _ in range(2))
    for _ in range(3):
        np.testing.assert_array_equal(one(images(), training=True), two(images(), training=True))


def test_about_half_of_the_images_are_flipped_each_as_a_whole() -> None:
    x = images(400, 3, 4, 1)
    for mode, axes in (("horizontal", (2,)), ("vertical", (1,)), ("horizontal_and_vertical", (1, 2))):
        y = RandomFlip(mode, seed=0, dtype="float64")(x, training=True)
        same, flipped = (np.isclose(y, other).all(axis=(1, 2, 3)) for other in (x, np.flip(x, axes)))
        assert (same ^ flipped).all()
        assert 150 < flipped.sum() < 250


def test_crops_are_parts_from_everywhere_and_from_the_middle_otherwise() -> None:
    x = np.arange(20.0).reshape(1, 4, 5, 1)
    layer = RandomCrop(2, 3, seed=0, dtype="float64")
    corners = {float(layer(x, training=True)[0, 0, 0, 0]) for _ in range(200)}
    assert corners == {5.0 * top + left for top in range(3) for left in range(3)}
    np.testing.assert_array_equal(layer(x, training=False)[0, :, :, 0], [[6, 7, 8], [11, 12, 13]])
    assert layer.output_shape == (None, 2, 3, 1)


def test_erasing_paints_rectangles() -> None:
    layer, x = RandomErasing(1.0, (0.25, 0.25), fill_value=-9.0, value_range=(-10, 10), seed=0), images(200, 8, 8, 1)
    y = layer(x.astype("float32"), training=True)
    painted = (y == -9.0)[..., 0]
    assert set(painted.sum(axis=(1, 2)).tolist()) == {0, 16}, "half the height times half the width, or nothing"
    assert 60 < painted.any(axis=(1, 2)).sum() < 140
    for mask in painted[painted.any(axis=(1, 2))]:
        assert mask.sum() == mask.any(axis=0).sum() * mask.any(axis=1).sum()
    always = RandomErasing((1, 1), seed=0, value_range=(0, 1))
    y = always(np.full((50, 8, 8, 3), 0.5, "float32"), training=True)
    assert ((y != 0.5).any(axis=(1, 2, 3))).all()
    assert y.min() == 0
    assert y.max() == 1
    colour = RandomErasing((1, 1), fill_value=(1, 2, 3), seed=0)(np.zeros((1, 8, 8, 3), "float32"), training=True)
    assert colour.max(axis=(0, 1, 2)).tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("fill_mode", "row"),
    [
        ("constant", [9, 9, 1, 2]),
        ("nearest", [1, 1, 1, 2]),
        ("reflect", [2, 1, 1, 2]),
    ],
)
def test_whole_pixels_to_the_right(fill_mode: str, row: list[int]) -> None:
    layer = RandomTranslation(0.0, (0.5, 0.5), fill_mode, fill_value=9.0)
    x = np.array([1, 2, 3, 4], "float32").reshape(1, 1, 4, 1)
    np.testing.assert_allclose(layer(x, training=True).ravel(), row, rtol=1e-6)


def test_half_a_pixel_mixes_two() -> None:
    layer = RandomTranslation((0.25, 0.25), 0.0, "constant")
    x = np.array([4.0, 8.0], "float32").reshape(1, 2, 1, 1)
    np.testing.assert_allclose(layer(x, training=True).ravel(), [2, 6])
    np.testing.assert_allclose(layer.backward(np.array([1.0, 10.0], "float32").reshape(1, 2, 1, 1)).ravel(), [5.5, 5])


@pytest.mark.parametrize("name", sorted(ALL))
def test_a_model_with_one_trains_saves_and_loads(name: str, backend: str, tmp_path) -> None:
    inputs = Input((5, 4, 2))
    x = layers.Conv2D(2, 2)(ALL[name]()(inputs))
    model = sn.Model(inputs, layers.Dense(2, "softmax")(layers.Flatten()(x)))
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(images(20, 5, 4, 2), np.arange(20) % 2, epochs=1, verbose=0)
    model.save(tmp_path / "model.npz")
    np.testing.assert_array_equal(
        sn.load_model(tmp_path / "model.npz").predict(images(), verbose=0), model.predict(images(), verbose=0)
    )


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: RandomFlip("sideways"), "Unknown mode of RandomFlip 'sideways'"),
        (lambda: RandomFlip(data_format="channels_first"), "expected data_format='channels_last'"),
        (lambda: RandomFlip()(Input((4, 4))), r"expected images of shape \(N, H, W, C\)"),
        (lambda: RandomFlip(seed=-1), "expected seed as a whole number|seed"),
        (lambda: RandomCrop(0, 3), "height of RandomCrop expected a whole number ≥ 1"),
        (lambda: RandomCrop(3, 9)(Input((4, 4, 1))), "expected images of at least 3 by 9 pixels"),
        (lambda: RandomErasing(1.5), "factor of RandomErasing"),
        (lambda: RandomErasing(value_range=255), "value_range of RandomErasing expected lowest and highest number"),
        (lambda: RandomErasing(fill_value="noise"), "fill_value of RandomErasing"),
        (lambda: RandomTranslation(2, 0), "height_factor of RandomTranslation expected a finite number ≥ -1 and ≤ 1"),
        (lambda: RandomTranslation(0.1, 0.1, "wrap"), "Unknown fill_mode of RandomTranslation 'wrap'"),
        (lambda: RandomTranslation(0.1, 0.1, interpolation="nearest"), "Unknown interpolation of RandomTranslation"),
    ],
)
def test_refusals(make, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
