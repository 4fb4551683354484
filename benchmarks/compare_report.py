"""The nine networks side by side as a table: how scratchnet stands in each row, what bounds it, and the targets."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from benchmarks.compare import NEAR, THREADS, key_of
from benchmarks.networks import NETWORKS
from benchmarks.report import OURS, Report, Row
from benchmarks.statistics import Summary, seconds, three_digits
from benchmarks.tables import footnotes

JUDGED = (64, 256)
"""Batch sizes at which the targets are set."""
EVERYWHERE, MOSTLY, MOST = 1.5, 2.0, 7
"""At the judged sizes, how many times as fast as Keras and PyTorch on all networks, and on so many of them."""
KEPT = ("cnn", "mlp")
"""The networks whose leads of ``benchmark.json`` are to be kept, up to ``WITHIN``."""
WITHIN = 0.97
NOTHING = "–"


@dataclass(frozen=True)
class Standing:
    """How scratchnet stands in one row against one framework: its best mode there, and the ratio pair by pair."""

    mode: str
    ratio: Summary


def standing(report: Report, row: Row, family: str) -> Standing | None:
    """Return how many times as long the best mode of a framework takes, or None if none was measured."""
    best = row.best(report.family(family))
    ratio = row.ratio(best) if best else None
    return Standing(best, ratio) if best and ratio else None


def lead(report: Report, row: Row | None) -> float | None:
    """Return how many times as long the faster of Keras and PyTorch takes; None unless both were measured."""
    found = [standing(report, row, family) for family in ("keras", "torch")] if row is not None else [None]
    return None if None in found else min(s.ratio.median for s in found if s is not None)


def bound(row: Row) -> str:
    """Return what holds a row back: the share of sgemm's speed that its steps reach, and the longest of them."""
    steps, limits = row.about.get("steps"), row.about.get("limits")
    ours = row.summary(OURS)
    if not steps or not limits or ours is None:
        return NOTHING
    total = sum(step["seconds"] for step in steps)
    longest = max(steps, key=lambda step: step["seconds"])
    return (
        f"layers {min(1.0, total / ours.median):.0%} of the step, at {_of_sgemm(steps, limits)}; "
        f"{longest['layers']} {longest['way']} {longest['seconds'] / total:.0%} of them, {_of_sgemm([longest], limits)}"
    )


def _of_sgemm(steps: list[dict[str, Any]], limits: dict[str, float]) -> str:
    flops, taken = (sum(step[name] for step in steps) for name in ("flops", "seconds"))
    return f"{flops / taken / limits['flops']:.0%} of sgemm" if flops else "its own definition"


HEADINGS = (
    "network", "batch", "scratchnet", "Keras's best", "PyTorch's best", "JAX", "lead", f"{EVERYWHERE:g}×", "bounded by"
)  # fmt: skip
EXPLAINED = (
    "A training step in the middle of an epoch of each framework's ordinary loop; every framework is held to the same "
    f"{THREADS} threads and measured in turns. `2.00×` means that it takes twice as long as scratchnet, the median of "
    "the ratios turn by turn, in brackets the middle half; the best mode of a framework is the fastest in that row. "
    f"Modes that took more than {NEAR:g} times as long as their framework's fastest were tried out for a few steps and "
    "not measured. The lead is that over the faster of Keras and PyTorch. Networks of 28×28 pixels train on "
    "Fashion-MNIST, those of 32×32×3 on random numbers. What bounds a row is told where its lead is below "
    f"{MOSTLY:g}×: operations are those of the plain sums, measured layer by layer on random numbers, and sgemm is a "
    "large matrix product of NumPy's on as many threads; what is not in layers is the optimizer, the loss and the loop."
)


def cells(report: Report, network: str, batch_size: int) -> list[str]:
    """Return what a table says of one row."""
    row = report.rows[key_of(network, batch_size)]
    ours = row.summary(OURS)
    told = [NETWORKS[network].title, str(batch_size), seconds(ours.median) if ours else row.notes.get(OURS, NOTHING)]
    for family in ("keras", "torch", "jax"):
        found = standing(report, row, family)
        if found is None:
            told.append(next((row.notes[key] for key in report.family(family) if key in row.notes), NOTHING))
            continue
        mode = found.mode.removeprefix(family).lstrip("-")
        r = found.ratio
        spread = f"({three_digits(r.low)}–{three_digits(r.high)})"
        told.append(" ".join(filter(None, [f"{three_digits(r.median)}×", spread, mode])))
    first = lead(report, row)
    if first is None:
        return [*told, NOTHING, "", ""]
    met = "met" if first >= EVERYWHERE else "not met"
    return [
        *told,
        f"{three_digits(first)}×",
        met if batch_size in JUDGED else "",
        bound(row) if first < MOSTLY else "",
    ]


def rows_of(report: Report) -> list[tuple[str, int]]:
    """Return the rows that are there, in the order of the networks."""
    found = [(key.split("/")[1], int(key.split("/")[2])) for key in report.rows]
    return sorted(found, key=lambda row: (list(NETWORKS).index(row[0]), row[1]))


def verdicts(report: Report, published: Report | None = None) -> list[str]:
    """Return a sentence for each target: met, or on which networks it is not."""
    leads = {}
    for network in NETWORKS:
        found = [lead(report, report.rows.get(key_of(network, size))) for size in JUDGED]
        if None not in found:
            leads[network] = min(ratio for ratio in found if ratio is not None)
    sizes = " and ".join(map(str, JUDGED))
    told = [f"Not judged: {len(leads)} of {len(NETWORKS)} networks are measured at batch sizes {sizes}."]
    if len(leads) == len(NETWORKS):
        behind = [f"{NETWORKS[n].title} {three_digits(r)}×" for n, r in leads.items() if r < EVERYWHERE]
        ahead = sum(r >= MOSTLY for r in leads.values())
        met = "met" if not behind else f"not met ({', '.join(behind)})"
        told = [
            f"At least {EVERYWHERE}× the better of Keras and PyTorch on every network, batch sizes {sizes}: {met}.",
            f"At least {MOSTLY:g}× on {MOST} of them: {'met' if ahead >= MOST else 'not met'} ({ahead}).",
        ]
    return told if published is None else [*told, kept(report, published)]


def kept(report: Report, published: Report) -> str:
    """Return whether the two networks of the notebook lead by as much as in an earlier `python -m benchmarks`."""
    told, met = [], True
    for network in KEPT:
        now, then = (lead(each, each.rows.get(key_of(network, 64))) for each in (report, published))
        if now is None or then is None:
            return "Not judged whether the leads of benchmark.json are kept: not all of them are measured."
        told.append(f"{NETWORKS[network].title} {three_digits(now)}×, then {three_digits(then)}×")
        met &= now >= WITHIN * then
    before = published.machine["processor"]
    other = f", measured on {before}," if before != report.machine["processor"] else ""
    return f"The leads of benchmark.json{other} kept, batch size 64: {'met' if met else 'not met'} ({'; '.join(told)})."


def published(path: Path) -> Report | None:
    """Return what `python -m benchmarks` has written, or None if there is nothing."""
    try:
        return Report.read(path)
    except FileNotFoundError:
        return None


def failures(report: Report) -> list[str]:
    """Return a line for each mode that failed in a row: with it, the lead might be a smaller one."""
    return [
        f"{report.rows[key_of(*row)].title}: {report.label(key)} {note}"
        for row in rows_of(report)
        for key, note in report.rows[key_of(*row)].notes.items()
        if note.startswith(("failed", "not the same"))
    ]


def markdown(report: Report, published: Report | None = None) -> str:
    """Return the table as Markdown, with verdicts and footnotes."""
    lines = ["| " + " | ".join(HEADINGS) + " |", "|---|---:|---:|---|---|---|---:|---|---|"]
    lines += ["| " + " | ".join(cells(report, *row)) + " |" for row in rows_of(report)]
    lines += ["", *(f"- {line}" for line in [*verdicts(report, published), *failures(report)])]
    lines += ["", EXPLAINED, "", "  \n".join(footnotes(report))]
    return "\n".join(lines) + "\n"


def show(report: Report, published: Report | None, console: Console) -> None:
    """Print the same in the terminal, what bounds a row below the table, where there is room."""
    table = Table(*HEADINGS[:-1], title="Nine networks", title_justify="left")
    bounds = []
    for row in rows_of(report):
        *told, bounded = cells(report, *row)
        table.add_row(*map(escape, told))
        if bounded:
            bounds.append(f"{told[0]}, {told[1]}: {bounded}")
    console.print(table)
    for line in [*bounds, *verdicts(report, published), *failures(report), *footnotes(report)]:
        console.print(escape(line))
