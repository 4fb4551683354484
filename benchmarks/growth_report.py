"""The curves of `python -m benchmarks sweep` as tables and a picture, and where they have cliffs.

A cliff is where more work costs more than its share: time or memory for a unit of work rises from a point to the next,
or a step takes longer than a larger one. Ratios are taken turn by turn between neighbours.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.growth import CURVES, OTHERS, THREADS, Curve, key_of
from benchmarks.pictures import COLOURS
from benchmarks.report import OURS, Report
from benchmarks.statistics import Summary, count_of_bytes, pairwise_ratios, seconds, summarise, three_digits
from benchmarks.tables import footnotes
from scratchnet.utils.matplotlib_import import import_matplotlib

CLIFF = 1.25
"""Where a unit of work costs so many times what it costs at the neighbour, or a step of a larger one, is a cliff."""
UNITS = {"time": "s", "memory": "bytes"}
LEAST = {"time": 0.0, "memory": 2**24}
"""Of less memory, pages and what a framework keeps by the way are a part that matters."""


@dataclass(frozen=True)
class Cliff:
    """Where a contender falls off: the ratio to its neighbour, ``rises`` or "is slower than a larger one"."""

    kind: str
    curve: str
    contender: str
    size: int
    neighbour: int
    ratio: Summary
    rises: bool


def sizes_of(report: Report, kind: str, name: str, contender: str) -> list[int]:
    """Return at which points of a curve a contender was measured, in order."""
    return [s for s in CURVES[name].sizes if (row := report.rows.get(key_of(kind, name, s))) and row.summary(contender)]


def curves_of(report: Report) -> list[str]:
    """Return the curves that were measured."""
    return [name for name in CURVES if sizes_of(report, "time", name, OURS)]


def cliffs(report: Report) -> list[Cliff]:
    """Return all cliffs, the steepest first."""
    found = [
        cliff
        for kind, name, contender in itertools.product(UNITS, curves_of(report), report.contenders)
        for cliff in _cliffs_of(report, kind, name, contender)
    ]
    return sorted(found, key=lambda cliff: (cliff.contender != OURS, -cliff.ratio.median))


def _cliffs_of(report: Report, kind: str, name: str, contender: str) -> Iterator[Cliff]:
    curve = CURVES[name]
    for small, large in itertools.pairwise(sizes_of(report, kind, name, contender)):
        values = [report.rows[key_of(kind, name, size)].values[contender] for size in (small, large)]
        turns = min(map(len, values))
        if max(map(max, values)) <= LEAST[kind] or min(map(min, values)) <= 0:
            continue
        grown = pairwise_ratios(values[1][:turns], values[0][:turns])
        rise = summarise([ratio * curve.work(small) / curve.work(large) for ratio in grown])
        if rise.median > CLIFF:
            yield Cliff(kind, name, contender, large, small, rise, True)
        fall = summarise([1 / ratio for ratio in grown])
        if fall.median > CLIFF:
            yield Cliff(kind, name, contender, small, large, fall, False)


def cliff_lines(report: Report) -> list[str]:
    """Return a sentence for each cliff; one that there is none, if so."""
    lines = []
    for cliff in cliffs(report):
        curve, r = CURVES[cliff.curve], cliff.ratio
        times = f"{three_digits(r.median)}× ({three_digits(r.low)}–{three_digits(r.high)})"
        unit = "an image" if curve.batch_size is None else "a product"
        of = f"for {unit}" if cliff.rises else "of a step"
        where = f"{curve.title}, {cliff.size} {curve.axis}"
        lines.append(
            f"{report.label(cliff.contender)}, {where}: {cliff.kind} {of} is {times} that at {cliff.neighbour}."
        )
    return lines or [f"No cliff: from each point to the next, a unit of work costs at most {CLIFF:g}× as much."]


def markdown(report: Report) -> str:
    """Return the tables as Markdown, the cliffs above them."""
    lines = [*(f"- {line}" for line in cliff_lines(report)), ""]
    for name in curves_of(report):
        lines += [*_table(report, name), ""]
    lines += [
        f"A training step, {THREADS} threads, forward, backward and Adam, in each framework's ordinary loop; times are "
        "those of a sample, medians of turns in each of which all points were measured. Memory is the most that three "
        "steps needed beside the data, the model itself included. Sizes lie half an octave apart; the other "
        f"frameworks are measured at powers of two, in {OTHERS} of the turns.",
        "",
        "  \n".join(footnotes(report)),
    ]
    return "\n".join(lines) + "\n"


def _table(report: Report, name: str) -> list[str]:
    curve = CURVES[name]
    shown = [key for key in report.contenders if sizes_of(report, "time", name, key)]
    heads = [f"{report.label(key)}: {what}" for key in shown for what in ("a sample", "memory")]
    lines = [f"**{curve.title}**", "", f"| {curve.axis} | " + " | ".join(heads) + " |"]
    lines.append("|---:" * (1 + len(heads)) + "|")
    for size in sizes_of(report, "time", name, OURS):
        cells = [text for key in shown for text in _cells(report, name, size, key)]
        lines.append(f"| {size:,} | " + " | ".join(cells) + " |")
    return lines


def _cells(report: Report, name: str, size: int, contender: str) -> list[str]:
    time, memory = (report.rows.get(key_of(kind, name, size)) for kind in UNITS)
    took = time.summary(contender) if time else None
    held = memory.summary(contender) if memory else None
    samples = CURVES[name].samples(size)
    return [seconds(took.median / samples) if took else "", count_of_bytes(held.median) if held else ""]


def draw(report: Report, path: Path) -> None:
    """Draw time for a sample and, beside it, memory over what grows: two panels for each curve, cliffs ringed."""
    import_matplotlib()
    from matplotlib.figure import Figure

    names = curves_of(report)
    rows = -(-len(names) // 2)
    figure = Figure(figsize=(16, 3.1 * rows + 0.8), layout="constrained")
    axes = figure.subplots(rows, 4, squeeze=False)
    steep = cliffs(report)
    for number, name in enumerate(names):
        for column, kind in enumerate(UNITS):
            axis = axes[number // 2][2 * (number % 2) + column]
            _draw_lines(axis, report, kind, name, [c for c in steep if (c.kind, c.curve) == (kind, name)])
    for unused in axes.ravel()[2 * len(names) :]:
        unused.set_visible(False)
    figure.legend(*axes[0][0].get_legend_handles_labels(), loc="outside upper left", ncols=5, frameon=False)
    m = report.machine
    about = f"{m['processor']}, {THREADS} threads, {m['date'][:10]}"
    figure.suptitle(f"{about}; rings: cliffs of scratchnet" if steep else about, x=0.995, ha="right", fontsize=8)
    figure.savefig(path, dpi=110)


def _amount(report: Report, kind: str, name: str, size: int, contender: str) -> float:
    """Return µs a sample, or MB."""
    found = report.rows[key_of(kind, name, size)].summary(contender)
    assert found is not None
    return found.median * 1e6 / CURVES[name].samples(size) if kind == "time" else found.median / 1e6


def _draw_lines(axis: Any, report: Report, kind: str, name: str, steep: list[Cliff]) -> None:
    from matplotlib.ticker import LogLocator, NullFormatter, NullLocator

    curve: Curve = CURVES[name]
    for contender, about in report.contenders.items():
        sizes = sizes_of(report, kind, name, contender)
        if sizes:
            points = [_amount(report, kind, name, size, contender) for size in sizes]
            colour = COLOURS[about["family"]]
            axis.plot(sizes, points, "-o", markersize=3, color=colour, label=about["label"])
    ringed = {cliff.size: cliff for cliff in reversed(steep) if cliff.contender == OURS}  # of each point the steepest
    for size, cliff in ringed.items():
        place = size, _amount(report, kind, name, size, OURS)
        axis.plot(*place, "o", markersize=11, markerfacecolor="none", color="black")
        words = f"{three_digits(cliff.ratio.median)}×"
        axis.annotate(words, place, textcoords="offset points", xytext=(-9, 3), ha="right", fontsize=8)
    axis.set_xscale("log", base=2)
    axis.set_yscale("log")
    axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.yaxis.set_major_formatter("{x:g}")
    axis.yaxis.set_minor_formatter(NullFormatter())
    octaves = [size for size in sizes_of(report, "time", name, OURS) if size & (size - 1) == 0]
    axis.set_xticks(octaves[:: 2 if len(octaves) > 8 else 1])
    axis.xaxis.set_major_formatter("{x:g}")
    axis.xaxis.set_minor_locator(NullLocator())
    axis.margins(y=0.1)
    axis.set_xlabel(curve.axis)
    axis.set_ylabel("µs a sample" if kind == "time" else "MB")
    axis.set_title(f"{kind}: {curve.title}".replace(", ", "\n", 1), fontsize=9)
    axis.grid(alpha=0.3)
