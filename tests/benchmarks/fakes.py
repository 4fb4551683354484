"""Contenders and reports that were never measured."""

from __future__ import annotations

from benchmarks.contenders import Contender
from benchmarks.report import Report


def fake(mode: str = "", key: str = "fake", needs: tuple[str, ...] = ()) -> Contender:
    return Contender(key, key, "tests.benchmarks.fake_framework", mode, key.title(), needs, ())


def report_of(rows: dict[str, dict[str, list[float]]], **about: object) -> Report:
    """A report with these rows, as if it had been measured."""
    machine = {
        "processor": "A processor", "cores": 2, "memory_bytes": 8e9, "system": "Linux", "python": "3.12",
        "date": "2026-01-02 03:04 UTC", "commit": "abc1234", "busy_cores": 0.0,
    }  # fmt: skip
    report = Report(machine | about, quick=False, data="images")
    families = {"scratchnet": "scratchnet", "keras": "keras", "keras-jit": "keras", "torch": "torch"}
    for key, family in families.items():
        report.contenders[key] = {"label": f"<{key}>", "family": family, "versions": {key: "1.0"}}
    for key, values in rows.items():
        unit = "bytes" if key.startswith(("memory", "disk")) else "s"
        report.row(key, f"row {key}", unit).values = values
    return report
