from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from scratchnet import plotting
from scratchnet.datasets.fashion_mnist import LABELS
from tests.plotting.looking import assert_readable, texts, titles

NAMES = ["boot", "bag", "coat"]


def test_rows_are_true_classes_and_columns_predicted_ones() -> None:
    figure = plotting.confusion_matrix([0, 0, 0, 0, 1, 2], [0, 0, 0, 2, 1, 1], NAMES)
    shares = figure.axes[0].images[0].get_array()
    np.testing.assert_array_equal(shares, [[0.75, 0, 0.25], [0, 1, 0], [0, 1, 0]])
    drawn = {text.get_position(): text.get_text() for text in figure.axes[0].texts}
    assert drawn == {(0, 0): "3", (2, 0): "1", (1, 1): "1", (1, 2): "1"}  # (column, row)
    assert figure.axes[0].get_ylabel() == "true class"
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == NAMES
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == NAMES


def test_the_title_says_how_many_are_right() -> None:
    assert titles(plotting.confusion_matrix([0, 1, 1], [0, 1, 0]))[0] == "2 of 3 right: 66.7%"


def test_a_class_that_never_occurs_keeps_its_place() -> None:
    figure = plotting.confusion_matrix([0], [0], NAMES)
    assert figure.axes[0].images[0].get_array().shape == (3, 3)


def test_numbers_stand_out_from_their_cell() -> None:
    figure = plotting.confusion_matrix([0] * 10 + [1], [0] * 9 + [1, 1])
    by_place = {text.get_position(): text.get_color() for text in figure.axes[0].texts}
    assert by_place == {(0, 0): "white", (1, 0): "black", (1, 1): "white"}


@pytest.mark.parametrize("classes", [2, 3, 10, 30, 31, 100])
def test_no_text_of_the_matrix_overlaps_another(classes: int) -> None:
    y = np.arange(classes * 40) % classes
    names = (LABELS * 10)[:classes]
    assert_readable(plotting.confusion_matrix(y, y[::-1], names))


def test_many_classes_have_no_numbers_in_the_cells() -> None:
    y = np.arange(3100) % 31  # 100 of each
    assert "100" not in texts(plotting.confusion_matrix(y, y))
    assert "100" in texts(plotting.confusion_matrix(y[y < 30], y[y < 30]))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"y_pred": np.zeros((2, 3))}, r"shape \(N,\), got \(2, 3\): pass y_pred.argmax\(axis=1\)"),
        ({"y_pred": [1]}, "2 entries in y_pred, one each, got 1"),
        ({"y_pred": [0.5, 0.5]}, "whole numbers"),
        ({"y_true": np.empty(0, int), "y_pred": np.empty(0, int)}, "at least one entry in y_true, got none"),
        ({"labels": []}, "at least 2 class names"),
        ({"labels": "boot"}, "class names, got 'boot'"),
    ],
)
def test_what_the_matrix_refuses(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plotting.confusion_matrix(**{"y_true": [0, 1], "y_pred": [0, 1], **arguments})
