"""The confusion matrix: what is taken for what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from scratchnet.plotting.figure import SMALL, TEXT, TITLE, Picture, check_labels, class_names

_MOST_CLASSES_WITH_NUMBERS = 30


def confusion_matrix(y_true: Any, y_pred: Any, labels: Sequence[str] | None = None, title: str | None = None) -> Figure:
    """Draw how many samples of each class were taken for each class.

        confusion_matrix(y_test, model.predict(x_test).argmax(axis=1), fashion_mnist.LABELS)

    A row holds the samples of one true class: the number says how many, the colour which share of the row. So classes
    of different sizes can be compared, and what lies off the diagonal is wrong.

    Args:
        y_true: class numbers (N,).
        y_pred: the class numbers predicted, (N,).
        labels: the name of each class; its number if not given.
        title: above the matrix; the accuracy if not given.

    Raises:
        ValueError: if the two differ in length, are empty, or hold something other than class numbers.
    """
    what = "confusion_matrix"
    truth = check_labels(what, "y_true", y_true)
    said = check_labels(what, "y_pred", y_pred, len(truth))
    C = max(int(truth.max()), int(said.max())) + 1
    if labels is not None:
        C = max(C, len(labels))
    names = class_names(what, labels, C)
    counts = np.zeros((C, C), np.int64)
    np.add.at(counts, (truth, said), 1)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)  # (C, C)
    right = int(np.trace(counts))

    numbered = C <= _MOST_CLASSES_WITH_NUMBERS
    side = max(3.0, min(0.58 * C, 14.0))
    figure = Picture(side + 2.6, side + 1.8)
    axes = figure.add_subplot()
    picture = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    bar = figure.colorbar(picture, shrink=0.8, pad=0.02)
    bar.set_label("share of the true class", fontsize=TEXT)
    axes.set_title(title or f"{right:,} of {len(truth):,} right: {right / len(truth):.1%}", fontsize=TITLE, pad=10)
    axes.set_xlabel("predicted class", fontsize=TEXT + 1)
    axes.set_ylabel("true class", fontsize=TEXT + 1)
    size = TEXT if numbered else 6
    slanted: dict[str, Any] = (
        {"rotation": 45, "ha": "right", "rotation_mode": "anchor"} if max(map(len, names)) > 3 else {}
    )
    axes.set_xticks(range(C), names, fontsize=size, **slanted)
    axes.set_yticks(range(C), names, fontsize=size)
    axes.set_xticks(np.arange(1, C) - 0.5, minor=True)
    axes.set_yticks(np.arange(1, C) - 0.5, minor=True)
    axes.grid(which="minor", color="white", linewidth=1)
    axes.tick_params(which="minor", length=0)
    if numbered:
        for row, column in zip(*np.nonzero(counts)):  # a page full of zeros hides what matters
            color = "white" if shares[row, column] > 0.5 else "black"
            axes.text(column, row, f"{counts[row, column]:,}", ha="center", va="center", fontsize=SMALL, color=color)
    return figure
