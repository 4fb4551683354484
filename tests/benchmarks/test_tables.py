from __future__ import annotations

import io

import pytest
from rich.console import Console

from benchmarks.tables import markdown, sections, show, winners
from tests.benchmarks.fakes import report_of

ROWS = {
    "step/cnn/64": {"scratchnet": [1e-3, 1e-3, 1e-3], "keras": [4e-3, 5e-3, 6e-3]},
    "step/cnn/1024": {"scratchnet": [9e-3], "keras": [8e-3]},
    "direct/mlp": {"scratchnet": [50e-6] * 3, "torch": [25e-6] * 3},
}


@pytest.fixture
def report():
    made = report_of(ROWS)
    made.rows["step/cnn/64"].notes["torch"] = "not installed"
    return made


def test_a_figure_has_median_spread_and_ratio(report):
    assert "| 5.00 ms<br>(4.50–5.50 ms)<br>5.00× |" in markdown(report)["benchmark.md"]


def test_the_best_of_a_row_is_bold(report):
    table = markdown(report)["benchmark.md"]
    assert "**1.00 ms**" in table
    assert "**25.0 µs**" in table


def test_a_missing_framework_is_a_cell_that_says_so(report):
    assert "not installed" in markdown(report)["benchmark.md"]


def test_whoever_beats_us_is_named(report):
    assert "row direct/mlp: <torch> wins by 2.00×" in winners(report)


def test_rows_that_we_win_name_nobody(report):
    assert not any("step/cnn/64" in line for line in winners(report))


def test_batch_sizes_come_by_size_in_a_table_of_their_own(report):
    titles = {title: [row.key for row in rows] for title, rows in sections(report)}
    assert titles["Batch sizes, CNN"] == ["step/cnn/64", "step/cnn/1024"]


def test_every_target_is_in_its_file(report):
    assert markdown(report)["targets.md"].count("\n| 3. ") == 5


def test_a_busy_machine_is_confessed():
    assert "not to be quoted" in markdown(report_of(ROWS, busy_cores=3.0))["benchmark.md"]


def test_an_idle_machine_is_not(report):
    assert "not to be quoted" not in markdown(report)["benchmark.md"]


def test_the_terminal_shows_all_of_it(report):
    console = Console(file=io.StringIO(), width=200)
    show(report, console)
    shown = console.file.getvalue()
    for text in ("row step/cnn/64", "not installed", "wins by 2.00×", "not measured", "abc1234", "A processor"):
        assert text in shown
