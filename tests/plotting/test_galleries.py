from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from scratchnet import plotting
from scratchnet.datasets.fashion_mnist import LABELS
from tests.plotting.looking import assert_readable, texts

NAMES = ["boot", "bag", "coat"]


def above(figure: Figure, k: int) -> list[str]:
    """The lines of text in the column of the k-th image, above it and below the one before, from top to bottom."""
    axes = figure.axes[0]
    left, right, _, top = axes.images[k].get_extent()
    near = [
        text for text in axes.texts if left < text.get_position()[0] < right and 0 < top - text.get_position()[1] < 0.5
    ]
    return [text.get_text() for text in sorted(near, key=lambda text: text.get_position()[1])]


def test_the_grid_shows_each_image_under_its_own_name(images: np.ndarray) -> None:
    y = np.arange(12) % 3
    figure = plotting.image_grid(images, y, NAMES, rows=2, columns=4)
    for k, (drawn, image) in enumerate(zip(figure.axes[0].images, images)):
        np.testing.assert_array_equal(drawn.get_array(), image)
        assert above(figure, k) == [NAMES[y[k]]]
    assert len(figure.axes[0].images) == len(texts(figure)) == 8


def test_images_stand_in_rows_as_they_are_read(images: np.ndarray) -> None:
    left, right, bottom, top = np.array(
        [i.get_extent() for i in plotting.image_grid(images, columns=5).axes[0].images]
    ).T
    assert (top < bottom).all()  # inches are counted from above
    np.testing.assert_allclose(left.reshape(-1)[:10].reshape(2, 5), np.tile(left[:5], (2, 1)))
    assert (right[:4] < left[1:5]).all()
    assert (bottom[:5] < top[5:10]).all()


def test_an_image_keeps_its_proportions_and_stands_in_the_middle_of_its_place() -> None:
    figure = plotting.image_grid(np.zeros((4, 10, 40)), np.arange(4), columns=2)
    for k, image in enumerate(figure.axes[0].images):
        left, right, bottom, top = image.get_extent()
        assert (right - left) / (bottom - top) == pytest.approx(4)
        assert above(figure, k) == [str(k)]


def test_a_thousand_images_take_one_set_of_axes() -> None:
    figure = plotting.image_grid(np.zeros((1600, 2, 2)), np.zeros(1600, int), rows=40, columns=40)
    assert len(figure.axes) == 1
    assert len(figure.axes[0].images) == len(figure.axes[0].texts) == 1600
    assert figure.suppressComposite  # else matplotlib's PDF takes more than ten minutes to join them


def test_the_grid_is_five_by_five_in_one_grey_scale_unless_said_otherwise() -> None:
    figure = plotting.image_grid(np.zeros((30, 4, 4), np.uint8) + np.arange(30, dtype=np.uint8)[:, None, None])
    assert len(figure.axes[0].images) == 25
    assert {image.get_clim() for image in figure.axes[0].images} == {(0, 255)}


def test_the_grid_takes_a_channel_axis_colours_and_floats(images: np.ndarray) -> None:
    grey = plotting.image_grid(images[..., None] / 255, columns=1, rows=1)
    np.testing.assert_allclose(grey.axes[0].images[0].get_array(), images[0] / 255)
    assert grey.axes[0].images[0].get_clim() == (0, 1)
    colours = plotting.image_grid(np.repeat(images[..., None], 3, axis=-1))
    assert colours.axes[0].images[0].get_array().shape == (8, 6, 3)


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (1, 7), (5, 5), (4, 2)])
def test_no_text_of_the_grid_overlaps_another(rows: int, columns: int) -> None:
    images, y = np.zeros((25, 28, 28)), np.arange(25) % 10
    names = [*LABELS[:-1], "a much longer name of a class"]
    assert_readable(plotting.image_grid(images, y, names, rows, columns, title="A title that is not quite short"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"images": np.zeros((28, 28))}, r"pass images\[None\]"),
        ({"images": np.zeros((2, 4, 4, 2))}, r"\(N, H, W, 3\), got \(2, 4, 4, 2\)"),
        ({"images": np.zeros((0, 4, 4))}, "at least one image"),
        ({"images": np.array([[["a"]]])}, "array of numbers, got dtype <U1"),
        ({"images": np.array([[[0.0]], [[np.nan]]])}, "got nan in image 1"),
        ({"y": [1]}, "2 entries in y, one each, got 1"),
        ({"y": [0.5, 1.0]}, "whole numbers, got dtype float64"),
        ({"y": [0, -1]}, "from 0, got -1 at index 1"),
        ({"y": [0, 3], "labels": NAMES}, "at least 4 class names"),
        ({"rows": 0}, "rows of .* expected a whole number ≥ 1, got 0"),
        ({"columns": 2.5}, "columns of .* expected a whole number ≥ 1, got 2.5"),
    ],
)
def test_what_the_grid_refuses(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plotting.image_grid(**{"images": np.zeros((2, 4, 4)), **arguments})


def probabilities(said: list[int], sureness: list[float]) -> np.ndarray:
    rest = (1 - np.array(sureness)) / 2
    table = np.repeat(rest[:, None], 3, axis=1)
    table[np.arange(len(said)), said] = sureness
    return table


def test_mistakes_come_surest_first_and_without_what_was_right(images: np.ndarray) -> None:
    chances = probabilities([0, 1, 2, 0], [0.9, 0.6, 0.99, 0.8])
    figure = plotting.confident_mistakes(images[:4], [0, 0, 1, 2], chances, NAMES)
    assert [above(figure, k) for k in range(3)] == [
        ["said: coat 99.0%", "is: bag"],
        ["said: boot 80.0%", "is: coat"],
        ["said: bag 60.0%", "is: boot"],
    ]
    assert [text for text in texts(figure) if text.startswith("no. ")] == ["no. 2", "no. 3", "no. 1"]
    np.testing.assert_array_equal(figure.axes[0].images[0].get_array(), images[2])


def test_nearly_certain_is_not_shown_as_certain(images: np.ndarray) -> None:
    figure = plotting.confident_mistakes(images[:2], [1, 1], probabilities([0, 0], [0.99996, 1.0]), NAMES)
    assert [above(figure, k)[0] for k in range(2)] == ["said: boot 100.0%", "said: boot 99.9%"]


def test_a_network_without_mistakes_gets_a_figure_that_says_so(images: np.ndarray) -> None:
    figure = plotting.confident_mistakes(images[:2], [0, 1], probabilities([0, 1], [0.9, 0.9]))
    assert texts(figure) == ["No mistakes in 2 images."]
    assert_readable(figure)


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (4, 6), (2, 3)])
def test_no_text_of_the_mistakes_overlaps_another(rows: int, columns: int) -> None:
    chances = np.full((40, 10), 0.001)
    chances[np.arange(40), (np.arange(40) + 1) % 10] = 0.991
    figure = plotting.confident_mistakes(np.zeros((40, 28, 28)), np.arange(40) % 10, chances, LABELS, rows, columns)
    assert_readable(figure)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"y_true": [0, 1, 2]}, "2 entries in y_true"),
        ({"y_true": [0, 3]}, "y_true below the 3 classes of the probabilities, got 3"),
        ({"probabilities": np.array([0, 1])}, r"probabilities of shape \(N, C\), as model.predict"),
        ({"probabilities": np.full((3, 3), 0.3)}, "probabilities for 2 samples, got them for 3"),
        ({"probabilities": np.full((2, 3), np.nan)}, "finite probabilities"),
        ({"labels": ["boot"]}, "at least 3 class names"),
    ],
)
def test_what_the_gallery_of_mistakes_refuses(arguments: dict[str, Any], message: str) -> None:
    usual = {"images": np.zeros((2, 4, 4)), "y_true": [0, 1], "probabilities": np.full((2, 3), 0.3)}
    with pytest.raises(ValueError, match=message):
        plotting.confident_mistakes(**{**usual, **arguments})
