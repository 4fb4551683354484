from __future__ import annotations

import pytest

from benchmarks.pictures import logarithmic, save_steps, save_sweep
from tests.benchmarks.fakes import report_of

STEPS = {"scratchnet": [1e-3, 1.1e-3], "keras": [4e-3, 5e-3]}
ROWS = {
    **{f"step/{network}/{size}": STEPS for network in ("cnn", "mlp") for size in (16, 64)},
    **{f"threads/cnn/{count}": STEPS for count in (1, 2)},
}


def test_both_pictures_are_drawn(tmp_path):
    report = report_of(ROWS)
    for path in (save_steps(report, tmp_path / "steps.png"), save_sweep(report, tmp_path / "sweep.png")):
        assert path.read_bytes().startswith(b"\x89PNG")


def test_the_sweep_is_drawn_without_threads(tmp_path):
    report = report_of({key: row for key, row in ROWS.items() if key.startswith("step")})
    assert save_sweep(report, tmp_path / "sweep.png").exists()


@pytest.mark.parametrize(("bars", "longest", "first"), [([0.000674, 0.0364], 44.0, 0.1), ([0.0101, 0.02], 20.0, 1.0)])
def test_a_logarithmic_axis_begins_at_a_mark_and_ends_with_its_bars(bars, longest, first):
    from matplotlib.figure import Figure

    axis = Figure().subplots()
    assert logarithmic(axis, bars, longest) == pytest.approx(first)
    marks = axis.xaxis.get_major_locator()()
    assert marks[0] == pytest.approx(first)
    assert max(marks) <= longest
    assert axis.spines["bottom"].get_bounds() == pytest.approx((first, longest))
