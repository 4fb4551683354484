"""The mutation score: which checker catches which of the planted mistakes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tests.mutants.catalogue import Mutant, all_mutants
from tests.mutants.checkers import CHECKERS, Caught

REPORTS = Path(__file__).parents[2] / "docs" / "reports"


@dataclass
class Score:
    """For each mutant, what each checker said."""

    verdicts: dict[Mutant, dict[str, Caught]]

    def count(self, checker: str, group: str | None = None) -> tuple[int, int]:
        """Return how many mutants of a group, or of all, a checker caught, and how many it was shown."""
        said = [v[checker] for m, v in self.verdicts.items() if group in (None, m.group) and v[checker] is not None]
        return sum(map(bool, said)), len(said)

    def missed(self, checker: str) -> list[Mutant]:
        """Return the mutants that a checker let pass."""
        return [m for m, v in self.verdicts.items() if v[checker] is False]

    @property
    def groups(self) -> list[str]:
        """The groups in order."""
        return list(dict.fromkeys(m.group for m in self.verdicts))

    def rows(self) -> list[list[str]]:
        """Return the table's cells: group, number of mutants, and caught/shown for each checker; a total last."""
        rows = []
        for group in [*self.groups, None]:
            number = sum(group in (None, m.group) for m in self.verdicts)
            counts = [self.count(checker, group) for checker in CHECKERS]
            cells = [f"{caught}/{shown}" if shown else "–" for caught, shown in counts]
            rows.append([group or "all", str(number), *cells])
        return rows

    def to_dict(self) -> dict[str, Any]:
        """Return everything, ready for JSON."""
        return {
            "mutants": len(self.verdicts),
            "caught": {c: dict(zip(("caught", "shown"), self.count(c))) for c in CHECKERS},
            "verdicts": [
                {"group": m.group, "name": m.name, "mistake": m.mistake, **v} for m, v in self.verdicts.items()
            ],
        }


def measure() -> Score:
    """Show every mutant to every checker."""
    with np.errstate(all="ignore"):
        return Score({m: {name: check(m) for name, check in CHECKERS.items()} for m in all_mutants()})


def markdown(score: Score) -> str:
    """Return the score as a page for the README to quote and link to."""
    header = ["planted mistakes in", "number", *CHECKERS]
    lines = ["# Mutation score of the gradient checker", "", "Made by `python -m tests.mutants`.", ""]
    lines += ["<!-- table begins -->", "", f"| {' | '.join(header)} |", f"|---|{'--:|' * (len(header) - 1)}"]
    for row in score.rows():
        bold = "**" if row[0] == "all" else ""
        lines.append("| " + " | ".join(f"{bold}{cell}{bold}" for cell in row) + " |")
    lines += ["", "<!-- table ends -->", "", "The checkers:", ""]
    for name, check in CHECKERS.items():
        lines.append(f"- **{name}**: {' '.join((check.__doc__ or '').split())}")
    lines += ["", "A dash: the checker has nothing to say about it.", "", "## What the weaker checkers miss", ""]
    for name in list(CHECKERS)[1:]:
        missed = score.missed(name)
        lines += [f"### {name}: {len(missed)}", ""]
        lines += [f"- `{m.group}.{m.name}`: {m.mistake}" for m in missed] + [""]
    return "\n".join(lines)


def write(score: Score) -> list[Path]:
    """Write the score as JSON and Markdown to ``docs/reports``, and return the two paths."""
    REPORTS.mkdir(parents=True, exist_ok=True)
    as_json, as_markdown = REPORTS / "mutation_score.json", REPORTS / "mutation_score.md"
    as_json.write_text(json.dumps(score.to_dict(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    as_markdown.write_text(markdown(score), encoding="utf-8")
    return [as_json, as_markdown]
