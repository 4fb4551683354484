"""Rows, verdicts, files and tables."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from reference.report import REPORTS, Report, Row, Worst, markdown, relative_difference
from reference.tables import BEGIN, END, SHORT, short_table, tables, write_into


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ([1.0, 2.0], [1.0, 2.0], 0.0),
        ([1.0, 2.2], [1.0, 2.0], 0.1),
        ([0.0], [0.0], 0.0),
        ([1e-30], [0.0], math.inf),
        ([1.0], [math.nan], math.inf),
        ([math.nan, 1.0], [math.nan, 1.0], 0.0),
        ([1.0, 2.0], [1.0], math.inf),
    ],
)
def test_relative_difference(ours, theirs, expected) -> None:
    assert relative_difference(np.array(ours), np.array(theirs)) == pytest.approx(expected)


def test_another_dtype_is_a_difference() -> None:
    assert relative_difference(np.float32([1]), np.float64([1])) == math.inf


def test_the_worst_place_is_remembered() -> None:
    worst = Worst()
    worst.add_arrays(np.array([1.0]), np.array([1.0]), "here")
    worst.add_arrays(np.array([1.5]), np.array([1.0]), "there")
    worst.add_arrays(np.array([1.1]), np.array([1.0]), "elsewhere")
    assert (worst.difference, worst.where, worst.compared) == (0.5, "there", 3)


@pytest.mark.parametrize(
    ("compared", "difference", "ok"),
    [(3, 0.0, True), (3, 1e-11, True), (3, 1e-9, False), (3, math.nan, False), (0, 0.0, False)],
)
def test_a_row_is_green_if_something_was_compared_and_is_within_the_limit(compared, difference, ok) -> None:
    assert Row("values", "x", compared, difference, 1e-10).ok is ok


def test_a_report_without_rows_is_not_green() -> None:
    assert not Report().ok


def example() -> Report:
    report = Report(curves={"drift": {"mlp": {"float32": [1e-7, np.float64(2e-7)]}}}, seconds={"values": 60.0})
    report.rows.append(Row("values", "this", 10, 1e-15, 1e-10, "layer a", "values"))
    report.rows.append(Row("values", "that", 5, 1e-3, 1e-10, "layer b", "values"))
    report.rows.append(Row("display", "lines", 1234, 0, 0, "", "lines that differ"))
    return report


ENVIRONMENT = {"keras": "3", "tensorflow": "2", "cpus": 2}


def test_the_report_is_written_whole(tmp_path: Path) -> None:
    example().save(tmp_path / "new" / "report.json", ENVIRONMENT)
    content = json.loads((tmp_path / "new" / "report.json").read_text())
    assert content["ok"] is False
    assert [row["ok"] for row in content["rows"]] == [True, False, True]
    assert content["curves"]["drift"]["mlp"]["float32"] == [1e-7, 2e-7]
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["report.json"]


def test_a_group_of_the_table_is_red_if_one_of_its_rows_is(tmp_path: Path) -> None:
    example().save(tmp_path / "report.json", ENVIRONMENT)
    lines = markdown(json.loads((tmp_path / "report.json").read_text())["rows"]).splitlines()
    assert lines[2:] == ["| values | 15 | 1.0e-03 | 1.0e-10 | **✗** |", "| lines that differ | 1,234 | 0 | 0 | ✓ |"]


def test_tables_are_put_between_the_marks_of_a_document(tmp_path: Path) -> None:
    example().save(tmp_path / "report.json", ENVIRONMENT)
    document = tmp_path / "README.md"
    document.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    for _ in range(2):
        write_into(document, tables(tmp_path))
    text = document.read_text()
    assert text.startswith(f"before\n{BEGIN}\nMade by `python -m reference`")
    assert text.endswith(f"|\n{END}\nafter\n")
    assert "old" not in text


def test_a_document_without_marks_is_refused_and_left_alone(tmp_path: Path) -> None:
    document = tmp_path / "README.md"
    document.write_text("nothing")
    with pytest.raises(ValueError, match="expected the marks"):
        write_into(document, "text")
    assert document.read_text() == "nothing"


def test_without_reports_there_are_no_tables(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="There is no report"):
        tables(tmp_path)


def test_the_short_table_has_five_groups_and_all_rows_of_each() -> None:
    """Of the report that is in the repository: a group that was renamed would leave the README."""
    lines = short_table(REPORTS).splitlines()[2:]
    assert len(lines) == len(SHORT) == 5
    assert set(lines) <= set(tables(REPORTS).splitlines())
