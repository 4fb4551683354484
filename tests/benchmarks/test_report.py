from __future__ import annotations

import json

import pytest

from benchmarks.report import Report
from tests.benchmarks.fakes import report_of

ROWS = {"step/cnn/64": {"scratchnet": [1.0, 2.0, 4.0], "keras": [3.0, 6.0, 12.0], "keras-jit": [9.0, 9.0, 9.0]}}


def test_a_report_comes_back_from_its_file(tmp_path):
    report = report_of(ROWS)
    report.rows["step/cnn/64"].notes["torch"] = "not installed"
    report.write(tmp_path / "r.json")
    assert Report.read(tmp_path / "r.json") == report


def test_nothing_is_left_beside_the_file(tmp_path):
    report_of(ROWS).write(tmp_path / "r.json")
    assert [path.name for path in tmp_path.iterdir()] == ["r.json"]


def test_digits_that_are_noise_are_not_kept(tmp_path):
    report_of({"step/cnn/64": {"scratchnet": [0.00123456789]}}).write(tmp_path / "r.json")
    rows = json.loads((tmp_path / "r.json").read_text())["rows"]
    assert rows["step/cnn/64"]["values"] == {"scratchnet": [0.00123457]}


def test_the_best_has_the_smallest_median():
    row = report_of(ROWS).rows["step/cnn/64"]
    assert row.best(["keras", "keras-jit"]) == "keras"
    assert row.best(["torch"]) is None


def test_ratios_are_pair_by_pair():
    ratio = report_of(ROWS).rows["step/cnn/64"].ratio("keras")
    assert (ratio.low, ratio.median, ratio.high) == (3.0, 3.0, 3.0)


@pytest.mark.parametrize("other", ["torch", "nobody"])
def test_who_was_not_measured_has_no_ratio(other):
    assert report_of(ROWS).rows["step/cnn/64"].ratio(other) is None
