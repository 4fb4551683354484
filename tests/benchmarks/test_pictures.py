from __future__ import annotations

from benchmarks.pictures import save_steps, save_sweep
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
