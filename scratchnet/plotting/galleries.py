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
    draw_image,
    grey_range,
)
from scratchnet.typing import Array
from scratchnet.utils.numbers import whole_number

_IMAGE, _LINE = 1.15, 0.2  # inches: the longer side of an image, and the height of a line of text


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
    sheet = _Sheet(count, columns, title, names, above=1 if y is not None else 0)
    limits = grey_range(array[:count])
    for k, (image, name) in enumerate(zip(array[:count], names)):
        sheet.show(k, image, limits)
        sheet.write(k, name, 1, TEXT)
    return sheet.figure


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
    sheet = _Sheet(len(worst), columns, title, verdicts + truths, above=2, below=1)
    limits = grey_range(array[worst])
    for k, (n, verdict, true) in enumerate(zip(worst, verdicts, truths)):
        sheet.show(k, array[n], limits)
        sheet.write(k, verdict, 2, SMALL, ORANGE)
        sheet.write(k, true, 1, SMALL, BLUE)
        sheet.write(k, f"no. {n}", -1, SMALL - 1)  # its index, as predict takes it: test:17
    return sheet.figure


def _percent(share: float) -> str:
    return f"{math.floor(share * 1000) / 10:.1f}%"  # rounded down: 99.96 % must not be shown as certain


def _check_size(what: str, rows: int, columns: int) -> None:
    for name, value in (("rows", rows), ("columns", columns)):
        whole_number(f"{name} of {what}", value, 1)


class _Sheet:
    """A figure with places for images in rows and columns, each with room for lines of text above and below.

    All are drawn into one set of axes, in inches from the upper left corner: a set for each image takes a layout that
    is worked out, 1,600 times as many ticks to make and to hide, and minutes instead of seconds.
    """

    def __init__(
        self, count: int, columns: int, title: str | None, texts: Sequence[str], above: int = 0, below: int = 0
    ) -> None:
        self.columns = min(columns, count)
        self.cell = max(_IMAGE + 0.15, 0.2 + 0.078 * max(map(len, texts)))  # 0.078 inches: a letter's mean width
        self.above, self.row = _LINE * above, _IMAGE + _LINE * (above + below) + 0.15
        width, height = self.columns * self.cell, -(-count // self.columns) * self.row
        self.left, self.top = 0.0, 0.1
        if title:
            self.left = max(0.0, (0.11 * len(title) - width) / 2)
            self.top += 0.35
        self.figure = Picture(width + 2 * self.left, height + self.top)
        self.figure.set_layout_engine("none")
        self.figure.suppressComposite = True  # PDF would join the images to one, and take minutes for it
        width, height = self.figure.get_size_inches()
        self.axes = self.figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
        self.axes.set_axis_off()
        if title:
            self.figure.suptitle(title, fontsize=TITLE, y=1 - 0.1 / height, va="top")

    def show(self, k: int, image: Array, limits: tuple[float, float]) -> None:
        """Draw the k-th image, (H, W) or (H, W, 3), as large as its place is."""
        middle, top = self._place(k)
        height, width = (side * _IMAGE / max(image.shape[:2]) for side in image.shape[:2])
        centre = top + _IMAGE / 2
        box = (middle - width / 2, middle + width / 2, centre + height / 2, centre - height / 2)
        draw_image(self.axes, image, limits, extent=box)

    def write(self, k: int, text: str, line: int, size: float, colour: str = "black") -> None:
        """Write a line above the k-th image, 1 the nearest to it; or below it, −1 the nearest."""
        middle, top = self._place(k)
        y = top - _LINE * (line - 1) - 0.05 if line > 0 else top + _IMAGE - _LINE * (line + 1) + 0.03
        self.axes.text(middle, y, text, fontsize=size, color=colour, ha="center", va="bottom" if line > 0 else "top")

    def _place(self, k: int) -> tuple[float, float]:
        """Return the middle and the upper edge of the k-th image."""
        row, column = divmod(k, self.columns)
        return self.left + (column + 0.5) * self.cell, self.top + row * self.row + self.above
