"""The command: its sections, its files, its exit code."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from reference import cli
from reference.report import Row

runner = CliRunner()


@pytest.fixture
def rows(monkeypatch) -> list[Row]:
    """The rows that the sections will report, instead of running."""
    wanted: list[Row] = []
    monkeypatch.setattr(cli, "_run_section", lambda name, report, quick: report.rows.extend(wanted))
    return wanted


def test_green_ends_with_0_and_writes_the_report(rows: list[Row], tmp_path: Path) -> None:
    rows.append(Row("values", "everything", 3, 0, 1e-10))
    result = runner.invoke(cli.app, ["--out", str(tmp_path)])
    assert result.exit_code == 0
    assert "4 of 4 rows agree" in result.output
    assert json.loads((tmp_path / "report.json").read_text())["ok"]


def test_red_ends_with_1_and_says_where(rows: list[Row], tmp_path: Path) -> None:
    rows.append(Row("values", "everything", 3, 0.5, 1e-10, "layer culprit: gradient of kernel"))
    result = runner.invoke(cli.app, ["--out", str(tmp_path)])
    assert result.exit_code == 1
    assert "✗ everything: layer culprit: gradient of kernel" in result.output


@pytest.mark.parametrize("part", [["--quick"], ["--only", "values"]])
def test_a_part_does_not_replace_the_whole_report(rows: list[Row], tmp_path: Path, part: list[str]) -> None:
    rows.append(Row("values", "everything", 3, 0, 1e-10))
    assert runner.invoke(cli.app, [*part, "--out", str(tmp_path)]).exit_code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["report-part.json"]


def test_an_unknown_section_is_refused(tmp_path: Path) -> None:
    result = runner.invoke(cli.app, ["--only", "valeus", "--out", str(tmp_path)])
    assert result.exit_code == 2
    assert "unknown section 'valeus'" in result.output


def test_the_drift_is_drawn(monkeypatch, tmp_path: Path) -> None:
    def section(name, report, quick) -> None:
        report.rows.append(Row("training", "weights", 2, 0, 1e-12))
        report.curves["drift"] = {"mlp": {"float32": [0.0, 1e-7]}, "cnn": {"float32": [1e-8, 1e-7]}}

    monkeypatch.setattr(cli, "_run_section", section)
    assert runner.invoke(cli.app, ["--only", "training", "--out", str(tmp_path)]).exit_code == 0
    assert (tmp_path / "drift-part.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("command", [[], ["accuracy"]])
def test_without_keras_it_ends_with_what_to_install(command: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow", None)  # as where it is not installed
    monkeypatch.delitem(sys.modules, "reference.environment", raising=False)
    result = runner.invoke(cli.app, command)
    assert result.exit_code == 1
    assert str(result.exception).startswith("The reference needs Keras and TensorFlow: pip install")
