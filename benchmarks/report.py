"""The result of a benchmark: rows of repeated measurements, kept as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.statistics import Summary, pairwise_ratios, summarise

REPORTS = Path(__file__).parent / "reports"
OURS = "scratchnet"
NETWORKS = ("cnn", "mlp")


@dataclass
class Row:
    """One thing measured for everybody; smaller is better.

    Attributes:
        key: its name in the JSON, such as ``step/cnn/64``.
        title: its name in tables.
        unit: "s" or "bytes".
        values: for each contender its measurements, turn by turn.
        notes: for a contender without measurements, why.
        about: what else was found out about it.
    """

    key: str
    title: str
    unit: str
    values: dict[str, list[float]] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    about: dict[str, Any] = field(default_factory=dict)

    def summary(self, contender: str) -> Summary | None:
        """Return median and spread, or None where nothing was measured."""
        return summarise(self.values[contender]) if self.values.get(contender) else None

    def best(self, contenders: Iterable[str]) -> str | None:
        """Return which of these has the smallest median, or None if none was measured."""
        measured = {c: s.median for c in contenders if (s := self.summary(c)) is not None}
        return min(measured, key=measured.__getitem__) if measured else None

    def ratio(self, other: str, ours: str = OURS) -> Summary | None:
        """Return how many times as much the other takes, pair by pair; None where one was not measured."""
        a, b = self.values.get(other), self.values.get(ours)
        if not a or not b:
            return None
        turns = min(len(a), len(b))
        return summarise(pairwise_ratios(a[:turns], b[:turns]))


@dataclass
class Report:
    """Everything that one run found out.

    Attributes:
        machine: see ``machine.describe``.
        quick: whether it was a short run.
        data: what the images were.
        contenders: for each key its label, family, versions, libraries and threads, or why there is nothing.
        rows: the measurements by key.
        settings: how it was measured.
    """

    machine: dict[str, Any]
    quick: bool
    data: str = ""
    contenders: dict[str, dict[str, Any]] = field(default_factory=dict)
    rows: dict[str, Row] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)

    def row(self, key: str, title: str, unit: str = "s") -> Row:
        """Return the row, a new one at the first call."""
        return self.rows.setdefault(key, Row(key, title, unit))

    def family(self, name: str) -> list[str]:
        """Return the keys of all modes of a framework."""
        return [key for key, contender in self.contenders.items() if contender["family"] == name]

    def label(self, contender: str) -> str:
        """Return a contender's name in tables."""
        return str(self.contenders[contender]["label"])

    def go_on(self, earlier: Report) -> None:
        """Take over what an earlier run of the same code on this machine has measured, and how busy that one was."""
        self.rows = earlier.rows | self.rows
        self.contenders = earlier.contenders | self.contenders
        self.machine["busy_cores"] = max(self.machine["busy_cores"], earlier.machine["busy_cores"])

    def write(self, path: Path) -> None:
        """Write the report as JSON, and not halfway."""
        write_json(path, asdict(self))

    @classmethod
    def read(cls, path: Path) -> Report:
        """Read a report.

        Raises:
            FileNotFoundError: if there is none.
        """
        content = json.loads(path.read_text(encoding="utf-8"))
        content["rows"] = {key: Row(**row) for key, row in content["rows"].items()}
        return cls(**content)


def to_go_on_with(path: Path, new: Report, say: Callable[[str], None]) -> Report | None:
    """Return the report at ``path`` if its rows may stand beside those of ``new``, else None, and say why not."""
    try:
        found = Report.read(path)
    except FileNotFoundError:
        return None
    names = ("processor", "cores", "commit")
    old, now = ({name: each.machine[name] for name in names} | each.settings for each in (found, new))
    other = [f"{name} {old.get(name)} instead of {now[name]}" for name in now if old.get(name) != now[name]]
    if other:
        say(f"begins anew: what is in {path.name} is of {', '.join(other)}")
    return None if other else found


def write_json(path: Path, content: Any) -> None:
    """Write JSON beside its place and move it there; floats with six significant digits, as more would be noise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(path.name + ".part")
    half.write_text(json.dumps(_rounded(content), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    half.replace(path)


def _rounded(content: Any) -> Any:
    if isinstance(content, float):
        return float(f"{content:.6g}")
    if isinstance(content, dict):
        return {key: _rounded(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_rounded(value) for value in content]
    return content
