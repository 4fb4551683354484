"""What a sweep over settings came to: one panel for each option that was varied."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from scratchnet.plotting.figure import BLUE, ORANGE, TEXT, TITLE, Picture


def sweep_results(points: Sequence[tuple[Mapping[str, str], float]], title: str, measured: str) -> Figure:
    """Draw what each trial reached over the values of each option: a dot a trial, and the mean of each value.

    Args:
        points: for each trial its setting, option by option, and the figure it reached.
        title: above everything.
        measured: what the figure is.

    Raises:
        ValueError: if there is no trial.
    """
    if not points:
        raise ValueError("sweep_results expected at least one trial, got none.")
    names = [name for name in points[0][0] if len({setting[name] for setting, _ in points}) > 1] or list(points[0][0])
    columns = min(max(len(names), 1), 3)
    panels = -(-max(len(names), 1) // columns)
    figure = Picture(4.2 * columns, 3.4 * panels + 0.4)
    figure.suptitle(title, fontsize=TITLE)
    for k, name in enumerate(names or [""]):
        axes = figure.add_subplot(panels, columns, k + 1)
        _draw(axes, [(setting.get(name, "as it is"), reached) for setting, reached in points])
        axes.set_xlabel(name, fontsize=TEXT)
        axes.set_ylabel(measured if k % columns == 0 else "", fontsize=TEXT)
        axes.grid(alpha=0.3)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
    return figure


def _draw(axes: Any, points: Sequence[tuple[str, float]]) -> None:
    values = list(dict.fromkeys(value for value, _ in points))
    numbers = [_number(value) for value in values]
    place: dict[str, float] = {value: n for n, value in enumerate(values)}
    line = ""
    if all(number is not None for number in numbers) and len(values) > 1:
        place = {value: number for value, number in zip(values, numbers) if number is not None}
        line = "-" if len(values) < len(points) else ""
        if min(place.values()) > 0 and max(place.values()) / min(place.values()) >= 8:
            axes.set_xscale("log")
        if len(values) <= 6:
            axes.set_xticks(list(place.values()), values, minor=False)
            axes.minorticks_off()
    else:
        axes.set_xticks(range(len(values)), values)
    axes.plot([place[value] for value, _ in points], [y for _, y in points], "o", color=BLUE, alpha=0.7, markersize=5)
    ordered = sorted(place, key=place.__getitem__)
    means = [statistics.fmean(y for value, y in points if value == at) for at in ordered]
    if len(values) < len(points):
        axes.plot([place[at] for at in ordered], means, f"s{line}", color=ORANGE, markersize=5, label="mean")
        axes.legend(fontsize=TEXT)


def _number(value: str) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None
