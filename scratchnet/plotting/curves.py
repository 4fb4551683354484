"""Learning curves: loss and metrics over the epochs."""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from scratchnet.plotting.figure import BLUE, ORANGE, TEXT, TITLE, Picture
from scratchnet.typing import Array
from scratchnet.utils.files import file_path
from scratchnet.utils.numbers import shown

Curves = dict[str, list[float]]
Shown = list[tuple[str, list[float], str]]
"""What one set of axes shows: labels, figures and colours."""


def learning_curves(history: Any, title: str | None = None, held_out: str = "validation") -> Figure:
    """Draw loss and metrics over the epochs, those of the held-out data (``val_…``) beside those of training.

        learning_curves(model.fit(x, y, epochs=10, validation_split=0.1))
        learning_curves("run/history.csv")

    The training curve is the mean over each epoch, while the network still changed; the other is measured at the end of
    the epoch. So in the first epochs the held-out curve may be the better one. Of a single epoch there is no curve: its
    figures are bars, from 0.

    Args:
        history: what ``fit`` returned; or a dict of lists, one entry an epoch; or the path of a CSV file of
            ``CSVLogger``; or its rows, as ``csv.DictReader`` gives them. A missing figure is NaN, ``NA`` or empty.
        title: above everything.
        held_out: what the legend calls the ``val_…`` curves.

    Raises:
        ValueError: if there is no epoch in it, the lists differ in length, or an entry is no number.
        TypeError: if it is none of these kinds.
    """
    curves = _curves(history)
    first = [int(number) + 1 for number in curves.pop("epoch", [])[:1]]
    if not curves or not len(next(iter(curves.values()))):
        raise ValueError("learning_curves expected at least one finished epoch, got none: train with fit first.")
    lengths = {name: len(values) for name, values in curves.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"learning_curves expected one entry an epoch in each list, got lengths {lengths}.")
    epochs = np.arange(len(next(iter(curves.values())))) + (first[0] if first else 1)
    names = list(dict.fromkeys(name.removeprefix("val_") for name in curves))
    names.sort(key=lambda name: {"loss": 0, "accuracy": 1}.get(name, 2))

    columns = min(len(names), 2)
    rows = -(-len(names) // columns)
    figure = Picture(5.2 * columns, 3.6 * rows + (0.4 if title else 0))
    if title:
        figure.suptitle(title, fontsize=TITLE)
    for k, name in enumerate(names):
        axes = figure.add_subplot(rows, columns, k + 1)
        shown = [
            (label, curves[key], colour)
            for key, label, colour in ((name, "training", BLUE), (f"val_{name}", held_out, ORANGE))
            if key in curves
        ]
        (_draw_curves if len(epochs) > 1 else _draw_bars)(axes, epochs, shown)
        axes.set_title(name.replace("_", " ").capitalize(), fontsize=TITLE if not title else TEXT + 1)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
    return figure


def _draw_curves(axes: Any, epochs: Array, shown: Shown) -> None:
    for (label, values, colour), marker in zip(shown, "os"):
        text = f"{label}, last {_figure(values[-1])}"
        axes.plot(epochs, values, color=colour, marker=marker, markersize=4, linewidth=1.8, label=text)
    axes.set_xlabel("epoch", fontsize=TEXT)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=10, min_n_ticks=1))
    axes.set_xlim(epochs[0] - 0.5, epochs[-1] + 0.5)
    axes.grid(alpha=0.3)
    axes.legend(fontsize=TEXT)


def _draw_bars(axes: Any, epochs: Array, shown: Shown) -> None:
    """Draw the figures of a single epoch: two dots at places of their own would look like a curve, and are none."""
    heights = [values[-1] if math.isfinite(values[-1]) else 0.0 for _, values, _ in shown]
    bars = axes.bar([label for label, _, _ in shown], heights, color=[colour for _, _, colour in shown], width=0.5)
    axes.bar_label(bars, [_figure(values[-1]) for _, values, _ in shown], padding=3, fontsize=TEXT)
    axes.set_xlabel(f"after epoch {epochs[0]}, the only one: no curve yet", fontsize=TEXT)
    axes.set_xlim(-0.75, len(shown) - 0.25)
    axes.margins(y=0.15)


def _figure(value: float) -> str:
    return f"{value:.2e}" if abs(value) < 0.01 else f"{value:.3f}"


def _curves(history: Any) -> Curves:
    """Return the lists of numbers by name, whatever form they came in."""
    source = getattr(history, "history", history)
    if isinstance(source, (str, Path)):
        path = file_path("learning_curves", source)
        if not os.path.isfile(path):
            raise FileNotFoundError(f"learning_curves expected a CSV file of fit's, but there is none at {path!r}.")
        with open(path, newline="", encoding="utf-8", errors="replace") as file:
            source = list(csv.DictReader(file))
    if isinstance(source, Mapping):
        return {str(name): _numbers(str(name), values) for name, values in source.items()}
    if isinstance(source, Iterable):
        rows = list(source)
        if all(isinstance(row, Mapping) for row in rows):
            names = list(dict.fromkeys(name for row in rows for name in row))
            return {str(name): _numbers(str(name), [row.get(name) for row in rows]) for name in names}
    raise TypeError(
        f"learning_curves expected a History, a dict of lists, rows of a CSV file or its path, got "
        f"{type(history).__name__}."
    )


def _numbers(name: str, values: Any) -> list[float]:
    if isinstance(values, str) or not np.iterable(values):
        raise ValueError(f"learning_curves expected a list of numbers for {name!r}, got {shown(values)}.")
    numbers = []
    for value in values:
        try:
            numbers.append(math.nan if value in (None, "", "NA") else float(value))
        except (TypeError, ValueError):
            raise ValueError(f"learning_curves expected numbers for {name!r}, got {shown(value)}.") from None
    return numbers
