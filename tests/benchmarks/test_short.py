"""The table of the README: the best mode of each framework."""

from __future__ import annotations

from benchmarks.short import short_table
from tests.benchmarks.fakes import report_of

ROWS = {
    "step/cnn/64": {"scratchnet": [1e-3] * 3, "keras": [4e-3] * 3, "keras-jit": [3e-3] * 3, "torch": [2e-3] * 3},
    "predict/mlp": {"scratchnet": [50e-6] * 3, "torch": [25e-6] * 3},
    "direct/mlp": {"scratchnet": [50e-6] * 3},
}


def test_each_framework_shows_its_best_mode_and_the_best_of_the_row_is_bold() -> None:
    lines = short_table(report_of(ROWS)).splitlines()
    assert lines[2] == "| row step/cnn/64 | **1.00 ms** | 3.00 ms, 3.00× | 2.00 ms, 2.00× | – |"


def test_whoever_beats_us_is_bold() -> None:
    lines = short_table(report_of(ROWS)).splitlines()
    assert lines[3] == "| row predict/mlp | 50.0 µs | – | **25.0 µs**, 0.50× | – |"


def test_other_rows_are_left_to_the_long_table() -> None:
    assert len(short_table(report_of(ROWS)).splitlines()) == 4
