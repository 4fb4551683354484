from __future__ import annotations

import pytest

from benchmarks import growth_report
from tests.benchmarks.fakes import report_of

MB = 2**20


def report(times: dict[int, float], memory: dict[int, float] | None = None, curve: str = "units"):
    """A report of one curve in three turns, of which the second is slow throughout."""
    rows = {f"time/{curve}/{size}": {"scratchnet": [t, 3 * t, t]} for size, t in times.items()}
    rows |= {f"memory/{curve}/{size}": {"scratchnet": [m]} for size, m in (memory or dict.fromkeys(times, 1.0)).items()}
    return report_of(rows)


def found(report):
    return [(c.kind, c.size, c.neighbour, c.rises) for c in growth_report.cliffs(report)]


def test_a_line_and_what_is_saved_on_larger_ones_are_no_cliff():
    assert found(report({64: 1e-4, 128: 4e-4, 256: 12e-4})) == []
    assert growth_report.cliff_lines(report({64: 1e-4, 128: 4e-4}))[0].startswith("No cliff")


def test_more_than_its_share_is_a_cliff():
    assert found(report({64: 1e-4, 128: 4e-4, 256: 32e-4})) == [("time", 256, 128, True)]
    line = growth_report.cliff_lines(report({64: 1e-4, 128: 4e-4, 256: 32e-4}))[0]
    assert line == (
        "<scratchnet>, two dense layers, batch 64, 256 units: time for a product is 2.00× (2.00–2.00) that at 128."
    )


def test_a_step_that_takes_longer_than_a_larger_one_is_a_cliff():
    assert found(report({64: 9e-4, 128: 4e-4})) == [("time", 64, 128, False)]


def test_a_slow_turn_is_no_cliff():
    rows = report({64: 1e-4, 128: 4e-4})
    rows.rows["time/units/128"].values["scratchnet"] = [4e-4, 12e-4, 9e-4]
    assert found(rows) == []


def test_memory_has_cliffs_where_it_is_much():
    times = {1: 1.0, 2: 2.0}
    assert found(report(times, {1: 10 * MB, 2: 40 * MB}, "batch-cnn")) == [("memory", 2, 1, True)]
    assert found(report(times, {1: 1 * MB, 2: 4 * MB}, "batch-cnn")) == []


@pytest.mark.parametrize("curve", ["units", "batch-cnn"])
def test_tables_and_picture_are_made(tmp_path, curve):
    made = report({64: 1e-4, 91: 2e-4, 128: 32e-4}, {64: 20 * MB, 91: 30 * MB, 128: 50 * MB}, curve)
    text = growth_report.markdown(made)
    samples = 64 if curve == "units" else 128
    assert f"| 128 | {3.2e-3 / samples * 1e6:.1f} µs | 52.4 MB |" in text
    assert "A processor" in text
    growth_report.draw(made, tmp_path / "growth.png")
    assert (tmp_path / "growth.png").read_bytes().startswith(b"\x89PNG")
