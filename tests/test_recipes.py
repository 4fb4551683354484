from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import scratchnet as sn
from scratchnet import architectures, config, recipes
from scratchnet.recipes import CHALLENGE, Recipe

TINY = Recipe(filters=(4, 8), pooled=(True, True), epochs=2, batch_size=8, learning_rate=0.5)


@pytest.mark.parametrize(("size", "parameters"), [("minutes", 288_618), ("hour", 580_122), ("night", 580_122)])
def test_each_recipe_makes_a_network_of_images(size: str, parameters: int) -> None:
    model = architectures.challenge(size)
    assert (model.input_shape, model.output_shape) == ((None, 28, 28, 1), (None, 10))
    assert sum(array.size for array in model.params.values()) == parameters
    assert 2 * 4 * model.count_params() < 5e6, "with the momentum, the model file would have more than 5 MB"


def test_another_size_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(ValueError, match="hour"):
        architectures.challenge("hours")


def test_images_vary_in_training_alone() -> None:
    config.set_backend("numpy")
    model = architectures.challenge(replace(TINY, erase=1.0))
    x = np.random.default_rng(0).random((4, 28, 28, 1)).astype(np.float32)
    assert np.array_equal(model(x, training=False), model(x, training=False))
    assert not np.array_equal(model(x, training=True), model(x, training=True))


def test_what_a_recipe_leaves_out_is_not_in_the_network() -> None:
    full = [type(layer).__name__ for layer in architectures.challenge(TINY).layers]
    plain = architectures.challenge(replace(TINY, flip=False, shift=0, erase=0.0)).layers
    assert {"RandomFlip", "RandomCrop", "RandomErasing"} <= {*full}
    assert not any(type(layer).__name__.startswith("Random") for layer in plain)


def test_the_learning_rate_rises_from_0_and_comes_to_0_with_the_last_epoch() -> None:
    model = architectures.challenge(TINY)
    TINY.compile(model, images=81)  # 11 steps an epoch, 22 in all, of which 4 rise
    assert model.optimizer is not None
    schedule: Any = model.optimizer._learning_rate
    assert [schedule(step) for step in (0, 2, 4)] == pytest.approx([0.0, 0.25, 0.5])
    assert schedule(13) == pytest.approx(0.25)
    assert schedule(22) == pytest.approx(0.0)


def test_weights_decay_but_biases_and_normalizations_do_not(rng: np.random.Generator) -> None:
    config.set_backend("numpy")
    made = replace(TINY, weight_decay=0.5, warm_up=0.0, momentum=0.0, label_smoothing=1.0)
    model = architectures.challenge(made)
    made.compile(model, images=8)
    before = {name: array.copy() for name, array in model.params.items()}
    for name, array in model.params.items():
        if not name.endswith("kernel"):
            array += 1
            before[name] = array.copy()
    model.optimizer.update = lambda w, g, slots, rate: None  # type: ignore[assignment]
    model.train_on_batch(rng.random((8, 28, 28, 1)), np.eye(10)[:8])
    for name, array in model.params.items():
        expected = before[name] * (0.75 if name.endswith("kernel") else 1)
        np.testing.assert_allclose(array, expected, rtol=1e-6, err_msg=name)


def test_views_are_averaged(rng: np.random.Generator) -> None:
    x = rng.random((3, 28, 28, 1))
    mean = recipes.averaged(lambda images: images[:, :, 0, 0], x, ("mirrored",))
    np.testing.assert_allclose(mean, (x[:, :, 0, 0] + x[:, :, -1, 0]) / 2)
    np.testing.assert_array_equal(recipes.averaged(lambda images: images + 1, x), x + 1)


def test_views_are_combined_and_what_moves_in_is_black(rng: np.random.Generator) -> None:
    x = rng.random((2, 5, 4, 1))
    looks: list[np.ndarray] = []

    def remembered(images: np.ndarray) -> np.ndarray:
        looks.append(images)
        return images

    mean = recipes.averaged(remembered, x, ("mirrored", "moved"))
    wide = [np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0))) for images in (x, x[:, :, ::-1])]
    corners = ((1, 1), (2, 1), (0, 1), (1, 2), (1, 0))  # as it is; one pixel up, down, left, right
    expected = [one[:, top : top + 5, left : left + 4] for one in wide for top, left in corners]
    np.testing.assert_array_equal(looks, expected)
    np.testing.assert_allclose(mean, np.mean(expected, axis=0))


def test_an_unknown_view_is_refused_before_anything_is_predicted(rng: np.random.Generator) -> None:
    with pytest.raises(ValueError, match="mirrored"):
        recipes.averaged(lambda images: pytest.fail("predicted"), rng.random((1, 2, 2)), ("mirored",))


def test_it_learns_the_embedded_subset() -> None:
    (x, y), _ = sn.datasets.fashion_mnist.load_data(subset="mini")
    made = replace(TINY, filters=(8, 16), epochs=8, batch_size=32, learning_rate=0.1, erase=0.25)
    sn.utils.set_random_seed(1)
    model = architectures.challenge(made)
    made.compile(model, images=512)
    images = (x[:512] / 255).astype(np.float32)[..., None]
    history = model.fit(images, sn.utils.to_categorical(y[:512], 10), batch_size=32, epochs=8, verbose=0)
    assert history.history["accuracy"][-1] > 0.4  # by chance it would be 0.1


def test_every_recipe_can_be_saved_and_named() -> None:
    assert {*CHALLENGE} == {"minutes", "hour", "night"}
    assert all(name in recipes.VIEWS for made in CHALLENGE.values() for name in made.views)
