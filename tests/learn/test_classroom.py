"""A class: folders and zips are graded anew, whatever they say of themselves."""

from __future__ import annotations

import csv
import zipfile
from pathlib import Path
from typing import Any

import pytest

from scratchnet.learn import classroom
from scratchnet.learn.catalogue import EXERCISES, NAMES
from scratchnet.learn.classroom import grade_class, write_tables
from scratchnet.learn.folder import LearnError
from scratchnet.learn.report import Mistake, Report
from tests import axe


@pytest.fixture
def students(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with Ada, who hands in a folder, and Ben, who hands in a zip."""
    monkeypatch.setattr(classroom, "grade", _graded)
    ada = tmp_path / "Ada"
    ada.mkdir()
    (ada / "01-chain.py").write_text("right")
    (ada / "05-dense-dw.py").write_text("wrong")
    (ada / "09-relu.py").write_text(EXERCISES["relu"].stub)  # never begun: no mistake of hers
    (ada / "notes.py").write_text("not an exercise")
    with zipfile.ZipFile(tmp_path / "Ben.zip", "w") as archive:
        archive.writestr("../../outside/chain.py", "wrong")
        archive.writestr("05-dense-dw.py", "wrong")
        archive.writestr("progress.json", '{"format": 1, "exercises": {"adam": {"passed": "2026-01-01"}}}')
        archive.writestr("06-dense-db.py", "x" * 2**21)
    return tmp_path


def _graded(path: Path, name: str, seed: int) -> Report:
    if path.read_text() == "right":
        return Report(name, ["runs"], True)
    mistake = Mistake("mean-for-sum", "You divided & lost.", ())
    return Report(name, ["runs", "gradients"], sentence="<b>", mistake=mistake)


def test_students_by_exercises(students: Path) -> None:
    results = grade_class(students, 3)
    assert list(results.reports) == ["Ada", "Ben"]
    assert [results.cell("Ada", name) for name in ("chain", "dense-dw", "adam")] == ["passed", "gradients", ""]
    assert [results.cell("Ben", name) for name in ("chain", "dense-dw", "adam")] == ["gradients", "gradients", ""]
    assert results.cell("Ben", "dense-db") == results.cell("Ada", "relu") == ""
    assert results.commonest() == [("dense-dw: mean-for-sum", 2), ("chain: mean-for-sum", 1)]
    assert not (students.parent / "outside").exists()


def test_tables(students: Path) -> None:
    results = grade_class(students, 3)
    table, page = write_tables(results, students)
    rows = list(csv.reader(table.read_text().splitlines()))
    assert rows[0] == ["student", *NAMES, "mistakes"]
    assert rows[1][:2] == ["Ada", "passed"]
    text = page.read_text()
    assert "You divided &amp; lost." in text
    assert "<b>" not in text.replace("<b>dense-dw", "").replace("<b>chain", "")
    assert "<h3>Ben</h3>" in text


def test_names_cannot_act_in_a_spreadsheet_or_a_page(students: Path) -> None:
    (students / "Ada").rename(students / "=cmd<script>")
    for path in write_tables(grade_class(students, 3), students):
        text = path.read_text()
        assert "<script>" not in text or path.suffix == ".csv"
        assert "\n=cmd" not in text


def test_what_cannot_be_read_is_said_and_the_others_are_graded(students: Path) -> None:
    (students / "Cem.zip").write_text("no")
    (students / "Dora").mkdir()
    results = grade_class(students, 3)
    assert list(results.reports) == ["Ada", "Ben"]
    assert "ask for it again" in results.unread["Cem"]
    assert "no file that is called as an exercise" in results.unread["Dora"]
    table, page = write_tables(results, students)
    assert [row[0] for row in csv.reader(table.read_text().splitlines())][3:] == ["Cem", "Dora"]
    assert page.read_text().count('class="unread"') == 2


def test_a_zip_or_a_folder_may_lie_in_a_students_folder(students: Path) -> None:
    for name in ("Cem", "Dora"):
        (students / name).mkdir()
    (students / "Ben.zip").rename(students / "Cem" / "exercises.ZIP")
    (students / "Ada").rename(students / "Dora" / "exercises")
    results = grade_class(students, 3)
    assert results.cell("Cem", "dense-dw") == "gradients"
    assert results.cell("Dora", "chain") == "passed"
    assert results.unread == {}


def test_two_students_of_one_name_are_told(students: Path) -> None:
    (students / "Ben").mkdir()
    with pytest.raises(LearnError, match="two students of the name Ben"):
        grade_class(students, 3)


def test_the_page_is_readable_by_everyone(students: Path, browser: Any) -> None:
    axe.skip_without_axe()
    _, page = write_tables(grade_class(students, 3), students)
    for scheme in ("light", "dark"):
        tab = browser.new_page(viewport={"width": 390, "height": 800}, color_scheme=scheme)
        tab.goto(page.as_uri())
        assert tab.evaluate("document.documentElement.scrollWidth") <= 390
        faults = axe.faults(tab)
        tab.close()
        assert faults == []


def test_no_students(tmp_path: Path) -> None:
    with pytest.raises(LearnError, match="no students"):
        grade_class(tmp_path, 3)
    with pytest.raises(LearnError, match="no folder"):
        grade_class(tmp_path / "nothing", 3)


def test_a_solution_passes_with_a_teachers_seed(tmp_path: Path) -> None:
    (tmp_path / "Ada").mkdir()
    (tmp_path / "Ada" / "chain.py").write_text(EXERCISES["chain"].solution, encoding="utf-8")
    (tmp_path / "Ada" / "dense-db.py").write_text(EXERCISES["dense-db"].stub + "\nlen(0)\n", encoding="utf-8")
    results = grade_class(tmp_path, seed=4711)
    assert results.cell("Ada", "chain") == "passed"
    assert results.cell("Ada", "dense-db") == "runs"
