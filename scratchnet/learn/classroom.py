"""Grades a class: every exercise of every student anew, with a seed of the teacher's.

A student is a zip from ``scratchnet learn export`` or a folder. What a zip says of itself is not believed: only files
with an exercise's name are taken out of it, and only small ones. A progress file is not looked at: what counts is what
passes now.
"""

from __future__ import annotations

import csv
import html
import io
import re
import tempfile
import zipfile
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from scratchnet.learn.catalogue import EXERCISES, NAMES
from scratchnet.learn.folder import LearnError
from scratchnet.learn.grading import grade
from scratchnet.learn.report import Report
from scratchnet.utils.files import write_atomically

_LARGEST = 2**20
"""Bytes of a solution; a longer one was not written by hand."""


@dataclass(frozen=True)
class ClassResults:
    """The reports by student and exercise; an exercise that was not handed in, or never begun, has none."""

    reports: dict[str, dict[str, Report]]

    def cell(self, student: str, exercise: str) -> str:
        """Return "passed", or the stage that failed; nothing for what was not handed in, or is as it was given out."""
        report = self.reports[student].get(exercise)
        if report is None:
            return ""
        return "passed" if report.passed else report.stages[-1]

    def commonest(self) -> list[tuple[str, int]]:
        """Return the named mistakes with how many students make them, the commonest first."""
        counts = Counter(
            f"{report.exercise}: {report.mistake.name}"
            for reports in self.reports.values()
            for report in reports.values()
            if report.mistake is not None
        )
        return counts.most_common()

    def rows(self) -> list[list[str]]:
        """Return a row for each student: the name, and a mark for each exercise."""
        width = max(map(len, self.reports), default=0)
        marks = {"passed": "✓", "": "·"}
        return [
            [student.ljust(width), "".join(marks.get(self.cell(student, name), "✗") for name in NAMES)]
            for student in self.reports
        ]


def grade_class(
    folder: Path, seed: int, jobs: int = 2, done: Callable[[str], object] = lambda student: None
) -> ClassResults:
    """Grade all students in a folder.

    Args:
        folder: has a zip or a folder for each student.
        seed: of the inputs.
        jobs: how many exercises are graded at a time.
        done: called with each student's name when she is graded.

    Raises:
        LearnError: if there are no students.
    """
    if not folder.is_dir():
        raise LearnError(f"There is no folder {folder}: give one with a zip or a folder for each student.")
    students = [path for path in sorted(folder.iterdir()) if path.suffix == ".zip" or _has_exercises(path)]
    if not students:
        raise LearnError(f"There are no students in {folder}: it should have a zip or a folder for each.")
    reports: dict[str, dict[str, Report]] = {}
    with ThreadPoolExecutor(jobs) as pool, tempfile.TemporaryDirectory() as place:
        for student in students:
            name = student.stem if student.suffix == ".zip" else student.name
            if name in reports:
                raise LearnError(f"There are two students of the name {name} in {folder}: rename one.")
            files = _unpacked(student, Path(place) / name) if student.suffix == ".zip" else _files(student)
            begun = [(exercise, path) for exercise, path in files.items() if not _is_stub(exercise, path)]
            graded = pool.map(lambda item: grade(item[1], item[0], seed), begun)
            reports[name] = {report.exercise: report for report in graded}
            done(name)
    return ClassResults(reports)


def _is_stub(exercise: str, path: Path) -> bool:
    return path.read_bytes().replace(b"\r\n", b"\n").strip() == EXERCISES[exercise].stub.encode().strip()


def write_tables(results: ClassResults, folder: Path) -> list[Path]:
    """Write class.csv and class.html into a folder and return their paths."""
    paths = [folder / "class.csv", folder / "class.html"]
    write_atomically(paths[0], _as_csv(results).encode())
    write_atomically(paths[1], _as_html(results).encode())
    return paths


def _as_csv(results: ClassResults) -> str:
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(["student", *NAMES, "mistakes"])
    for student, reports in results.reports.items():
        mistakes = [f"{r.exercise}: {r.mistake.name}" for r in reports.values() if r.mistake is not None]
        cells = [results.cell(student, name) for name in NAMES]
        table.writerow([_no_formula(student), *cells, "; ".join(mistakes)])
    return out.getvalue()


def _no_formula(text: str) -> str:
    """Return a name that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in "=+-@\t" else text


def _as_html(results: ClassResults) -> str:
    head = "".join(f"<th><span>{html.escape(name)}</span></th>" for name in NAMES)
    body = "\n".join(
        f"<tr><th>{html.escape(student)}</th>{''.join(_html_cell(results, student, name) for name in NAMES)}</tr>"
        for student in results.reports
    )
    mistakes = "\n".join(
        f"<li>{count} × <b>{html.escape(name)}</b>: {html.escape(_sentence(results, name))}</li>"
        for name, count in results.commonest()
    )
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>scratchnet learn: a class</title><style>
body {{ font: 16px sans-serif; margin: 2em }} td, th {{ padding: 0.3em; text-align: center; border: 1px solid #ccc }}
thead span {{ writing-mode: vertical-rl }} tbody th {{ text-align: left }}
.passed {{ background: #cfe8cf }} .failed {{ background: #f3d3d3 }}
</style></head><body>
<h1>Students and exercises</h1>
<table><thead><tr><th></th>{head}</tr></thead><tbody>
{body}
</tbody></table>
<h2>The commonest mistakes</h2>
<ul>{mistakes or "<li>none that is known</li>"}</ul>
</body></html>
"""


def _html_cell(results: ClassResults, student: str, name: str) -> str:
    report = results.reports[student].get(name)
    if report is None:
        return "<td></td>"
    said = report.mistake.sentence if report.mistake is not None else report.sentence
    mark, kind = ("✓", "passed") if report.passed else ("✗", "failed")
    return f'<td class="{kind}" title="{html.escape(said)}">{mark}<br>{html.escape(results.cell(student, name))}</td>'


def _sentence(results: ClassResults, name: str) -> str:
    for reports in results.reports.values():
        for report in reports.values():
            if report.mistake is not None and f"{report.exercise}: {report.mistake.name}" == name:
                return report.mistake.sentence
    return ""


def _exercise_of(file: str) -> str | None:
    found = re.fullmatch(r"(?:\d+-)?([a-z0-9-]+)\.py", file)
    return found[1] if found and found[1] in EXERCISES else None


def _has_exercises(path: Path) -> bool:
    return path.is_dir() and bool(_files(path))


def _files(folder: Path) -> dict[str, Path]:
    found = {_exercise_of(path.name): path for path in sorted(folder.iterdir()) if path.is_file()}
    return {name: found[name] for name in NAMES if name in found and found[name].stat().st_size <= _LARGEST}


def _unpacked(path: Path, place: Path) -> dict[str, Path]:
    """Take the exercises out of a zip; their paths in it do not matter, only their names.

    Raises:
        LearnError: if it is no zip.
    """
    place.mkdir()
    try:
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                name = _exercise_of(entry.filename.rsplit("/", 1)[-1])
                if name is not None and entry.file_size <= _LARGEST:
                    with archive.open(entry) as stream:
                        (place / f"{name}.py").write_bytes(stream.read(_LARGEST))
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError) as error:
        raise LearnError(f"{path} cannot be read as a zip ({error}): ask for it again.") from error
    return _files(place)
