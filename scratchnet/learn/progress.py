"""What a learner has done, in one file of JSON beside her exercises.

    {"what": "scratchnet learn", "format": 1, "exercises": {"chain": {"passed": "2026-11-26", "hints": 1, …}}}

The exercises' names never change. What a file of a newer scratchnet has beside that is kept as it is; one whose format
is newer is refused, for only its own version knows what it means. A damaged one is set aside, never overwritten.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from scratchnet.errors import ScratchnetError
from scratchnet.learn.report import Report
from scratchnet.utils.files import write_atomically

FILE = "progress.json"
FORMAT = 1
_WHAT = "scratchnet learn"


class ProgressError(ScratchnetError):
    """A progress file cannot be used."""


@dataclass
class Progress:
    """The file, as it was read and as it will be written.

    Attributes:
        path: where.
        content: all that is in it, unknown things too.
        aside: where a damaged file was moved to, if there was one.
    """

    path: Path
    content: dict[str, Any] = field(default_factory=lambda: {"what": _WHAT, "format": FORMAT, "exercises": {}})
    aside: Path | None = None

    def of(self, name: str) -> dict[str, Any]:
        """Return what is known of an exercise: passed, tries, hints, mistakes, stage. Changes are kept by ``write``."""
        entry = self.content["exercises"].setdefault(name, {})
        if not isinstance(entry, dict):
            entry = self.content["exercises"][name] = {"unreadable": entry}
        return entry

    def passed(self, name: str) -> bool:
        """Whether an exercise has been passed once."""
        return bool(self.content["exercises"].get(name) and self.of(name).get("passed"))

    def hints(self, name: str) -> int:
        """How many of the three kinds of hints were seen."""
        count = self.of(name).get("hints", 0)
        return count if isinstance(count, int) else 0

    def record(self, report: Report) -> None:
        """Write down a verdict: the first pass stays, a named mistake is counted."""
        entry = self.of(report.exercise)
        entry["tries"] = _number(entry.get("tries")) + 1
        entry["stage"] = report.stages[-1] if report.stages else ""
        if report.passed:
            entry.setdefault("passed", date.today().isoformat())
        before, entry["last"] = entry.get("last"), None
        if report.mistake is not None:
            name = report.mistake.name
            counts = entry.setdefault("mistakes", {})
            counts[name] = _number(counts.get(name)) + 1
            entry["last"] = {"sentence": report.mistake.sentence, "hints": list(report.mistake.hints)}
            if entry["last"] != before:
                entry["hint"] = 0
        self.write()

    def write(self) -> None:
        """Write the file, whole or not at all."""
        write_atomically(self.path, json.dumps(self.content, indent=1, ensure_ascii=False).encode() + b"\n")


def read(folder: Path) -> Progress:
    """Read a folder's progress. Where there is none, it begins; a damaged file is set aside, and its place is empty.

    Raises:
        ProgressError: if the file was written by a newer scratchnet.
    """
    path = folder / FILE
    if not path.exists():
        return Progress(path)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(content, dict) or not isinstance(content["exercises"], dict):
            raise ValueError("no exercises in it")
        written_by = content["format"]
        if not isinstance(written_by, int):
            raise ValueError("no format in it")
    except (ValueError, KeyError, RecursionError):
        aside = _free(folder, f"{FILE}.damaged")
        path.rename(aside)
        return Progress(path, aside=aside)
    if written_by > FORMAT:
        raise ProgressError(
            f"{path} expected format {FORMAT} or older, got {written_by}: install the newer scratchnet that wrote it."
        )
    return Progress(path, content)


def is_progress(path: Path) -> bool:
    """Whether a file is a progress file, or was one before it was damaged."""
    return path.name == FILE and path.is_file()


def _free(folder: Path, name: str) -> Path:
    """Return a path that is not taken: name, name-2, name-3, …"""
    path, count = folder / name, 1
    while path.exists():
        count += 1
        path = folder / f"{name}-{count}"
    return path


def _number(value: Any) -> int:
    return value if isinstance(value, int) else 0
