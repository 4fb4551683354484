"""What the comparisons found: rows of a table, green or red, for people, for JSON and for the README."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

REPORTS = Path(__file__).parent / "reports"


@dataclass
class Row:
    """One comparison.

    Attributes:
        section: structure, values, training, display or accuracy.
        what: what was compared, in words.
        compared: how many things of that kind.
        difference: the largest difference found; for texts and shapes the number that differ.
        limit: the largest that counts as agreement.
        where: the worst place, if there is a difference: layer and tensor.
        group: the line of the README that the row goes into.
    """

    section: str
    what: str
    compared: int
    difference: float
    limit: float
    where: str = ""
    group: str = ""

    @property
    def ok(self) -> bool:
        """Whether the two agree. Nothing compared is no agreement."""
        return self.compared > 0 and self.difference <= self.limit  # NaN is not ≤ anything


@dataclass
class Report:
    """All rows of a run, and the curves that the pictures are drawn from."""

    rows: list[Row] = field(default_factory=list)
    curves: dict[str, Any] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether every row is green, and there are rows."""
        return bool(self.rows) and all(row.ok for row in self.rows)

    @contextmanager
    def timed(self, section: str) -> Iterator[None]:
        """Note how long a section takes."""
        start = time.perf_counter()
        yield
        self.seconds[section] = round(time.perf_counter() - start, 1)

    def save(self, path: Path, environment: dict[str, Any]) -> None:
        """Write everything as JSON."""
        rows = [{**asdict(row), "ok": row.ok} for row in self.rows]
        content = {"ok": self.ok, "environment": environment, "seconds": self.seconds, "rows": rows}
        write_json(path, {**content, "curves": self.curves})


def write_json(path: Path, content: Any) -> None:
    """Write a JSON file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".partial")
    beside.write_text(json.dumps(content, indent=1, default=_plain_number) + "\n", encoding="utf-8")
    beside.replace(path)


def _plain_number(value: Any) -> Any:
    if isinstance(value, (np.floating, np.integer, np.bool_)):
        return value.item()
    raise TypeError(f"{value!r} cannot be written as JSON.")


def show(rows: list[Row], title: str) -> None:
    """Print rows as a table."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    table.add_column("")
    table.add_column("compared with Keras", min_width=32)
    for column in ("how many", "worst", "limit"):
        table.add_column(column, justify="right")
    table.add_column("worst place", overflow="fold")
    for row in rows:
        mark = "[green]✓[/]" if row.ok else "[bold red]✗[/]"
        cells = [row.what, f"{row.compared:,}", _number(row.difference), _number(row.limit)]
        table.add_row(mark, *cells, row.where.replace("[", "\\["), style=None if row.ok else "red")
    console = Console(highlight=False)
    # A log file has no width of its own, and 80 columns would fold every line.
    (console if console.is_terminal else Console(highlight=False, width=140)).print(table)


def markdown(rows: list[dict[str, Any]]) -> str:
    """Return rows, as read from a report, as a markdown table: one line for each group."""
    groups: dict[tuple[str, float], list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault((row["group"], row["limit"]), []).append(row)
    lines = ["| compared with Keras | how many | worst | limit | |", "|---|--:|--:|--:|---|"]
    for (group, limit), members in groups.items():
        compared, worst = sum(row["compared"] for row in members), max(row["difference"] for row in members)
        mark = "✓" if all(row["ok"] for row in members) else "**✗**"
        lines.append(f"| {group} | {compared:,} | {_number(worst)} | {_number(limit)} | {mark} |")
    return "\n".join(lines) + "\n"


def _number(value: float) -> str:
    if math.isfinite(value) and float(value).is_integer() and abs(value) < 1e6:
        return f"{value:.0f}"
    return f"{value:.1e}"


class Worst:
    """The largest of many differences, and where it was.

    Attributes:
        difference: the largest so far.
        where: the place of the largest.
        compared: how many were looked at.
    """

    def __init__(self) -> None:
        self.difference, self.where, self.compared = 0.0, "", 0

    def add(self, difference: float, where: str) -> None:
        """Take one difference in. NaN counts as infinite."""
        self.compared += 1
        difference = math.inf if math.isnan(difference) else difference
        if difference > self.difference:
            self.difference, self.where = difference, where

    def take(self, part: Worst, where: str) -> None:
        """Take in what another has found, and say where that was."""
        self.compared += part.compared
        if part.difference > self.difference:
            self.difference, self.where = part.difference, f"{part.where}, in {where}"

    def add_arrays(self, ours: Any, theirs: Any, where: str, floor: float = 0.0) -> None:
        """Take the relative difference of two arrays in."""
        self.add(relative_difference(ours, theirs, floor), where)

    def add_equal(self, ours: Any, theirs: Any, where: str) -> None:
        """Count a difference of 1 if two things are not equal."""
        self.compared += 1
        if ours != theirs:
            self.difference += 1
            self.where = self.where or f"{where}: {_shortened(ours)} instead of {_shortened(theirs)}"

    def row(self, section: str, what: str, limit: float, group: str = "") -> Row:
        """Return the row of a report."""
        return Row(section, what, self.compared, self.difference, limit, self.where, group or what)


def _shortened(thing: Any) -> str:
    text = repr(thing)
    return text if len(text) <= 300 else f"{text[:297]}..."


def relative_difference(ours: Any, theirs: Any, floor: float = 0.0) -> float:
    """Return the largest difference between two arrays, relative to the largest number of the second or to ``floor``.

    Infinite if shapes or dtypes differ, or only one of the two has a NaN somewhere.
    """
    a, b = np.asarray(ours), np.asarray(theirs)
    if a.shape != b.shape or a.dtype != b.dtype:
        return math.inf
    if not a.size:
        return 0.0
    if np.isnan(a).any() or np.isnan(b).any():
        return 0.0 if np.array_equal(a, b, equal_nan=True) else math.inf
    largest = float(np.abs(a.astype(np.float64) - b.astype(np.float64)).max())
    scale = max(float(np.abs(b).max()), floor)
    return largest if largest == 0 else largest / scale if scale else math.inf
