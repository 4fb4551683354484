"""Images in rows and columns: what is in the data, and what a network got wrong."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from scratchnet.plotting.figure import (
    BLUE,
    ORANGE,
    SMALL,
    TEXT,
    TITLE,
    Picture,
    check_images,
    check_labels,
    check_probabilities,
    class_names,
    grey_range,
    show_image,
)
from scratchnet.utils.numbers import whole_number


def image_grid(
    images: Any,
    y: Any = None,
    labels: Sequence[str] | None = None,
    rows: int = 5,
    columns: int = 5,
    title: str | None = None,
) -> Figure:
    """Draw the first ``rows × columns`` images, each under the name of its class.

        image_grid(x_train, y_train, fashion_mnist.LABELS)

    Args:
        images: (N, H, W), (N, H, W, 1) or (N, H, W, 3); uint8, or floats, then black is 0 and white 1 if they fit.
        y: class numbers (N,); without them there are no names.
        labels: the name of each class; its number if not given.
        rows, columns: how many; fewer images leave the last places empty.
        title: above everything.

    Raises:
        ValueError: if the arrays do not fit each other, or ``rows`` or ``columns`` is not positive.
    """
    what = "image_grid"
    array = check_images(what, images)
    _check_size(what, rows, columns)
    count = min(len(array), rows * columns)
    names = [""] * count
    if y is not None:
        numbers = check_labels(what, "y", y, len(array))
        known = class_names(what, labels, int(numbers[:count].max()) + 1)
        names = [known[number] for number in numbers[:count]]
    figure, places = _places(count, columns, title, names, lines=1 if y is not None else 0)
    limits = grey_range(array[:count])
    for axes, image, name in zip(places, array, names):
        show_image(axes, image, limits)
        axes.set_title(name, fontsize=TEXT, pad=4)
    return figure


def confident_mistakes(
    images: Any,
    y_true: Any,
    probabilities: Any,
    labels: Sequence[str] | None = None,
    rows: int = 4,
    columns: int = 6,
    title: str | None = None,
) -> Figure:
    """Draw the images that the network got wrong with the highest probability, the surest first.

        confident_mistakes(x_test, y_test, model.predict(x_test), fashion_mnist.LABELS)

    Above each image stand what the network said, how sure it was, and what is true. A network that made no mistake
    gets a figure that says so.

    Args:
        images: (N, H, W), (N, H, W, 1) or (N, H, W, 3).
        y_true: class numbers (N,).
        probabilities: (N, C), what the network put out.
        labels: the name of each class; its number if not given.
        rows, columns: how many at most.
        title: above everything; a count of the mistakes if not given.

    Raises:
        ValueError: if the arrays do not fit each other, or ``rows`` or ``columns`` is not positive.
    """
    what = "confident_mistakes"
    array = check_images(what, images)
    truth = check_labels(what, "y_true", y_true, len(array))
    chances = check_probabilities(what, probabilities, len(array))
    _check_size(what, rows, columns)
    if truth.max() >= chances.shape[1]:
        raise ValueError(
            f"{what} expected y_true below the {chances.shape[1]} classes of the probabilities, got {truth.max()}."
        )
    names = class_names(what, labels, chances.shape[1])
    said = chances.argmax(axis=1)  # (N,)
    sureness = chances.max(axis=1)  # (N,)
    wrong = np.flatnonzero(said != truth)
    worst = wrong[np.argsort(-sureness[wrong], kind="stable")][: rows * columns]
    if title is None:
        title = f"Surest of the {len(wrong):,} mistakes in {len(array):,} images"
    if not len(worst):
        figure = Picture(5, 1.5)
        figure.text(0.5, 0.5, f"No mistakes in {len(array):,} images.", ha="center", va="center", fontsize=TITLE)
        return figure
    verdicts = [f"said: {names[said[n]]} {_percent(sureness[n])}" for n in worst]
    truths = [f"is: {names[truth[n]]}" for n in worst]
    figure, places = _places(len(worst), columns, title, verdicts + truths, lines=3)
    limits = grey_range(array[worst])
    for axes, n, verdict, true in zip(places, worst, verdicts, truths):
        show_image(axes, array[n], limits)
        axes.set_title(verdict, fontsize=SMALL, color=ORANGE, pad=17)
        axes.annotate(
            true, (0.5, 1), (0, 4), xycoords="axes fraction", textcoords="offset points", ha="center", fontsize=SMALL,
            color=BLUE,
        )  # fmt: skip
        axes.set_xlabel(f"no. {n}", fontsize=SMALL - 1, labelpad=2)  # its index, as predict takes it: test:17
    return figure


def _percent(share: float) -> str:
    return f"{math.floor(share * 1000) / 10:.1f}%"  # rounded down: 99.96 % must not be shown as certain


def _check_size(what: str, rows: int, columns: int) -> None:
    for name, value in (("rows", rows), ("columns", columns)):
        whole_number(f"{name} of {what}", value, 1)


def _places(count: int, columns: int, title: str | None, texts: Sequence[str], lines: int) -> tuple[Picture, list[Any]]:
    """Return a figure with ``count`` places for images, each wide enough for the texts, with room for lines above."""
    columns = min(columns, count)
    rows = -(-count // columns)
    cell = max(1.3, 0.2 + 0.078 * max(map(len, texts)))  # inches; 0.078 is a letter's mean width
    width, height = columns * cell, rows * (1.3 + 0.22 * lines)
    if title:
        width, height = max(width, 0.11 * len(title)), height + 0.4
    figure = Picture(width, height)
    if title:
        figure.suptitle(title, fontsize=TITLE)
    return figure, [figure.add_subplot(rows, columns, k + 1) for k in range(count)]
