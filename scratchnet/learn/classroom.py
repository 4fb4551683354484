"""Grades a class: every exercise of every student anew, with a seed of the teacher's.

A progress file is not looked at: what counts is what passes now.
"""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from scratchnet.learn.catalogue import NAMES
from scratchnet.learn.class_page import as_page
from scratchnet.learn.class_results import ClassResults
from scratchnet.learn.grading import grade
from scratchnet.learn.handed_in import collect, is_stub
from scratchnet.learn.report import Report
from scratchnet.utils.files import write_atomically


def grade_class(
    folder: Path, seed: int, jobs: int = 2, done: Callable[[str], object] = lambda student: None
) -> ClassResults:
    """Grade all students in a folder.

    Args:
        folder: has a zip or a folder for each student; one that cannot be read does not keep the others waiting.
        seed: of the inputs.
        jobs: how many exercises are graded at a time.
        done: called with each student's name when she is graded.

    Raises:
        LearnError: if there are no students, or two of one name.
    """
    reports: dict[str, dict[str, Report]] = {}
    with ThreadPoolExecutor(jobs) as pool, tempfile.TemporaryDirectory() as place:
        handed_in = collect(folder, Path(place))
        for name, files in handed_in.files.items():
            begun = [(exercise, path) for exercise, path in files.items() if not is_stub(exercise, path)]
            graded = pool.map(lambda item: grade(item[1], item[0], seed), begun)
            reports[name] = {report.exercise: report for report in graded}
            done(name)
    return ClassResults(reports, handed_in.unread)


def write_tables(results: ClassResults, folder: Path) -> list[Path]:
    """Write class.csv and class.html into a folder and return their paths."""
    paths = [folder / "class.csv", folder / "class.html"]
    write_atomically(paths[0], _as_csv(results).encode())
    write_atomically(paths[1], as_page(results).encode())
    return paths


def _as_csv(results: ClassResults) -> str:
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(["student", *NAMES, "mistakes"])
    for student, reports in results.reports.items():
        mistakes = [f"{r.exercise}: {r.mistake.name}" for r in reports.values() if r.mistake is not None]
        cells = [results.cell(student, name) for name in NAMES]
        table.writerow([_no_formula(student), *cells, "; ".join(mistakes)])
    for student, why in results.unread.items():
        table.writerow([_no_formula(student), *[""] * len(NAMES), why])
    return out.getvalue()


def _no_formula(text: str) -> str:
    """Return a name that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in "=+-@\t" else text
