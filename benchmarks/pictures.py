"""A report as two pictures: the training step, and how it grows with batch size and threads."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.report import NETWORKS, Report
from benchmarks.statistics import seconds
from benchmarks.tables import rows_of
from scratchnet.utils.matplotlib_import import import_matplotlib

COLOURS = {"scratchnet": "#d1495b", "keras": "#30638e", "torch": "#e08e45", "jax": "#4c956c"}
STYLES = ("-", "--", ":")
"""Lines of the first, second and third mode of a framework."""


def save_steps(report: Report, path: Path) -> Path:
    """Draw the time of a training step at batch size 64 as bars, both networks side by side; return the path."""
    import_matplotlib()
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 3.6), layout="constrained")
    axes = figure.subplots(1, 2, sharey=True)
    for axis, network in zip(axes, NETWORKS):
        row = report.rows[f"step/{network}/64"]
        summaries = {c: s for c in report.contenders if (s := row.summary(c)) is not None}
        labels = [report.label(c) for c in summaries]
        for number, (contender, s) in enumerate(summaries.items()):
            colour = COLOURS[report.contenders[contender]["family"]]
            axis.barh(number, s.median * 1e3, color=colour)
            axis.plot([s.low * 1e3, s.high * 1e3], [number, number], color="black", linewidth=1)
            axis.text(max(s.median, s.high) * 1e3, number, f" {seconds(s.median)}", va="center", fontsize=9)
        axis.set_yticks(range(len(labels)), labels)
        longest = max(s.high for s in summaries.values()) * 1e3
        axis.set_xlim(logarithmic(axis, [s.low for s in summaries.values()], longest), longest * 2.5)
        axis.set_xlabel("ms a step, logarithmic; shorter is better")
        axis.set_title(f"{network.upper()}: training step, batch size 64")
        axis.spines[["top", "right"]].set_visible(False)
    axes[0].invert_yaxis()
    return _save(figure, report, path)


def logarithmic(axis: Any, seconds_of_bars: Sequence[float], longest: float) -> float:
    """Make the axis of bars logarithmic, in ms, and return where it begins: at a power of ten, which is marked.

    It is drawn, and has marks, only as far as its longest bar.
    """
    from matplotlib.ticker import FixedLocator, NullFormatter

    first = math.floor(math.log10(min(seconds_of_bars) * 1e3 / 1.05))
    decades = [10.0**power for power in range(first, math.floor(math.log10(longest)) + 1)]
    between = [digit * decade for decade in decades for digit in range(2, 10) if digit * decade <= longest]
    axis.set_xscale("log")
    axis.xaxis.set_major_locator(FixedLocator(decades))
    axis.xaxis.set_minor_locator(FixedLocator(between))
    axis.xaxis.set_major_formatter("{x:g}")
    axis.xaxis.set_minor_formatter(NullFormatter())
    axis.spines["bottom"].set_bounds(decades[0], longest)
    return decades[0]


def save_sweep(report: Report, path: Path) -> Path:
    """Draw time for each image over batch size and time of a step over threads; return the path."""
    import_matplotlib()
    from matplotlib.figure import Figure

    figure = Figure(figsize=(13, 4.2), layout="constrained")
    axes = figure.subplots(1, 3)
    for axis, network in zip(axes, NETWORKS):
        _draw_lines(axis, report, f"step/{network}/", per_image=True)
        axis.set_title(f"{network.upper()}: training")
        axis.set_xlabel("batch size")
        axis.set_ylabel("µs an image")
    _draw_lines(axes[2], report, "threads/cnn/", per_image=False)
    axes[2].set_title("CNN: training step, batch size 64")
    axes[2].set_xlabel("threads")
    axes[2].set_ylabel("ms")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False, fontsize=9)
    return _save(figure, report, path)


def _draw_lines(axis: Any, report: Report, prefix: str, per_image: bool) -> None:
    from matplotlib.ticker import FormatStrFormatter, LogLocator, NullFormatter

    rows = rows_of(report, prefix)
    numbers = [int(row.key.rsplit("/", 1)[1]) for row in rows]
    for contender, about in report.contenders.items():
        points = [
            (n, s.median * (1e6 / n if per_image else 1e3))
            for n, row in zip(numbers, rows)
            if (s := row.summary(contender)) is not None
        ]
        if points:
            style = STYLES[report.family(about["family"]).index(contender) % len(STYLES)]
            colour = COLOURS[about["family"]]
            axis.plot(*zip(*points), style, marker="o", markersize=3, color=colour, label=about["label"])
    axis.set_xscale("log", base=2)
    axis.set_yscale("log")
    axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.yaxis.set_major_formatter(FormatStrFormatter("%g"))
    axis.yaxis.set_minor_formatter(NullFormatter())
    axis.set_xticks(numbers, [str(n) for n in numbers])
    axis.grid(alpha=0.3, which="both")


def _save(figure: Any, report: Report, path: Path) -> Path:
    machine = f"{report.machine['processor']}, {report.machine['cores']} cores, {report.machine['date'][:10]}"
    figure.suptitle(machine, x=0.995, ha="right", fontsize=7, color="gray")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=130)
    return path
