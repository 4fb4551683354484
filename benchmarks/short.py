"""The four rows of the README: scratchnet beside the best mode of each framework."""

from __future__ import annotations

from benchmarks.report import OURS, Report, Row
from benchmarks.statistics import three_digits
from benchmarks.tables import amount

ROWS = ("step/cnn/64", "step/mlp/64", "evaluate/cnn/default", "predict/mlp")
FAMILIES = {"keras": "Keras, its best mode", "torch": "PyTorch, its best mode", "jax": "JAX"}


def short_table(report: Report) -> str:
    """Return the table: medians, and how many times scratchnet's; bold is the best of the row."""
    lines = ["| | scratchnet | " + " | ".join(FAMILIES.values()) + " |", "|---" * (len(FAMILIES) + 2) + "|"]
    for row in (report.rows[key] for key in ROWS if key in report.rows):
        shown = [OURS, *(row.best(report.family(family)) for family in FAMILIES)]
        best = row.best([contender for contender in shown if contender])
        lines.append(f"| {row.title} | " + " | ".join(_cell(row, contender, best) for contender in shown) + " |")
    return "\n".join(lines) + "\n"


def _cell(row: Row, contender: str | None, best: str | None) -> str:
    summary = row.summary(contender) if contender else None
    if contender is None or summary is None:
        return "–"
    figure, ratio = amount(row, summary.median), row.ratio(contender)
    if contender == best:
        figure = f"**{figure}**"
    return figure if contender == OURS or ratio is None else f"{figure}, {three_digits(ratio.median)}×"
