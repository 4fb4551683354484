"""``python -m benchmarks challenge``: run the next pieces, and write the report from what there is."""

from __future__ import annotations

from pathlib import Path

from benchmarks.challenge import pieces, report
from scratchnet.recipes import CHALLENGE

PAGE = Path(__file__).parents[2] / "docs" / "reports" / "challenge.md"


def main(folder: Path, budget: str, wanted: str, runs: Path = Path("runs")) -> int:
    """Run the pieces that are wanted and missing, and write the report.

    Args:
        folder: of all reports; the pieces are in ``challenge`` there.
        budget: minutes, hour or night.
        wanted: ``"all"``, ``"none"``, or the names of pieces, with commas.
        runs: where the run folders go.
    """
    there = folder / "challenge"
    known = pieces.names(budget)
    names = {"all": known, "none": []}.get(wanted) if wanted in ("all", "none") else wanted.split(",")
    assert names is not None
    if unknown := [name for name in names if name not in known]:
        print(f"--pieces expected all, none, or some of {', '.join(known)}, got {', '.join(unknown)}.")
        return 2
    for name in names:
        path = pieces.path_of(there, budget, name, CHALLENGE[budget])
        if path.exists():
            print(f"{path.name} is there already.", flush=True)
            continue
        pieces.run(there, runs, budget, name)
        report.write(there, PAGE)
    print("Written: " + ", ".join(str(path) for path in report.write(there, PAGE)))
    return 0
