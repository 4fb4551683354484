from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

import scratchnet
from scratchnet import plotting
from scratchnet.callbacks import CSVLogger
from tests.plotting.looking import assert_readable, titles

HISTORY = {
    "accuracy": [0.5, 0.7, 0.8],
    "loss": [1.5, 1.0, 0.5],
    "val_accuracy": [0.6, 0.65, 0.7],
    "val_loss": [1.4, 1.1, 0.9],
}


def lines(figure: Figure) -> dict[tuple[str, str], list[float]]:
    """(panel, curve) → its values."""
    return {
        (axes.get_title(), str(line.get_label()).split(",")[0]): list(line.get_ydata())
        for axes in figure.axes
        for line in axes.lines
    }


def test_each_metric_has_its_panel_with_both_curves_loss_first() -> None:
    figure = plotting.learning_curves(HISTORY)
    assert titles(figure) == ["Loss", "Accuracy"]
    assert lines(figure) == {
        ("Loss", "training"): HISTORY["loss"],
        ("Loss", "validation"): HISTORY["val_loss"],
        ("Accuracy", "training"): HISTORY["accuracy"],
        ("Accuracy", "validation"): HISTORY["val_accuracy"],
    }
    assert list(figure.axes[0].lines[0].get_xdata()) == [1, 2, 3]


def test_the_history_of_a_fit_and_its_csv_file_give_the_same_picture(
    tmp_path: Path, network: scratchnet.Model, rng: np.random.Generator
) -> None:
    network.compile("adam", "sparse_categorical_crossentropy", ["accuracy"])
    path = tmp_path / "history.csv"
    x, y = rng.random((20, 8, 6, 1)), rng.integers(0, 3, 20)
    history = network.fit(x, y, epochs=2, validation_split=0.5, callbacks=[CSVLogger(path)], verbose=0)
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    drawn = lines(plotting.learning_curves(history))
    assert len(drawn) == 4
    assert lines(plotting.learning_curves(path)) == drawn
    assert lines(plotting.learning_curves(rows)) == drawn


def test_the_epochs_of_a_csv_file_are_counted_from_one() -> None:
    rows = [{"epoch": "4", "loss": "1"}, {"epoch": "5", "loss": "0.5"}]
    assert list(plotting.learning_curves(rows).axes[0].lines[0].get_xdata()) == [5, 6]


def test_a_missing_figure_leaves_a_gap() -> None:
    drawn = lines(plotting.learning_curves({"loss": [1.0, "NA", ""]}))
    np.testing.assert_array_equal(drawn["Loss", "training"], [1.0, np.nan, np.nan])


@pytest.mark.parametrize("epochs", [1, 2, 37, 400])
@pytest.mark.parametrize("metrics", [1, 2, 3])
def test_no_text_of_the_curves_overlaps_another(epochs: int, metrics: int) -> None:
    names = ["loss", "accuracy", "top_k_categorical_accuracy"][:metrics]
    values = list(np.geomspace(1, 1e-4, epochs))
    history = {name: values for n in names for name in (n, f"val_{n}")}
    figure = plotting.learning_curves(history, title="cnn on Fashion-MNIST", held_out="test")
    assert_readable(figure)


def test_a_single_epoch_is_bars_and_says_so() -> None:
    figure = plotting.learning_curves({"epoch": [3], "loss": [0.5], "val_loss": [0.25], "accuracy": [math.nan]})
    loss, accuracy = figure.axes
    assert [bar.get_height() for bar in loss.patches] == [0.5, 0.25]
    assert [tick.get_text() for tick in loss.get_xticklabels()] == ["training", "validation"]
    assert [text.get_text() for text in loss.texts] == ["0.500", "0.250"]
    assert loss.get_xlabel() == "after epoch 4, the only one: no curve yet"
    assert not loss.lines
    assert [text.get_text() for text in accuracy.texts] == ["nan"]


@pytest.mark.parametrize(
    ("history", "message"),
    [
        ({}, "at least one finished epoch"),
        ({"loss": []}, "at least one finished epoch"),
        ([], "at least one finished epoch"),
        ({"epoch": [0]}, "at least one finished epoch"),
        ({"loss": [1, 2], "accuracy": [0.5]}, r"got lengths \{'loss': 2, 'accuracy': 1\}"),
        ({"loss": ["low"]}, "numbers for 'loss', got 'low'"),
        ({"loss": 1.0}, "list of numbers for 'loss', got 1.0"),
    ],
)
def test_a_history_that_cannot_be_drawn_is_refused(history: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plotting.learning_curves(history)


def test_something_else_than_a_history_is_refused() -> None:
    with pytest.raises(TypeError, match="a History, a dict of lists, rows of a CSV file or its path, got int"):
        plotting.learning_curves(3)
