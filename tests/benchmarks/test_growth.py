from __future__ import annotations

import pytest

from benchmarks import __main__ as command_line
from benchmarks import contenders, growth
from benchmarks.networks import network_named
from benchmarks.report import Report
from tests.benchmarks.fakes import fake


@pytest.fixture
def asked(monkeypatch, in_this_process):
    """Two fakes take part, on short curves, and what is said is kept."""
    said: list[str] = []
    monkeypatch.setattr(contenders, "select", lambda names: [fake(key="scratchnet"), fake(key="keras")])
    short = {
        "batch-mlp": growth.Curve("batches", "batch size", "mlp", (1, 2, 3, 4)),
        "units": growth.Curve("widths", "units", "dense", (64, 91), 8),
    }
    monkeypatch.setattr(growth, "CURVES", short)
    return said


def measured(said, path, *curves, **options):
    choice = growth.Choice(curves, ("keras",), turns=2, seconds=0.0, **options)
    return growth.measure(choice, path, said.append, allow_slow=True)


def test_sizes_lie_half_an_octave_apart_and_end_where_they_should():
    assert growth.half_octaves(1, 8) == (1, 2, 3, 4, 6, 8)
    assert growth.half_octaves(64, 512) == (64, 91, 128, 181, 256, 362, 512)


@pytest.mark.parametrize("name", growth.CURVES)
def test_every_point_of_every_curve_is_a_network_whose_work_grows(name):
    curve = growth.CURVES[name]
    for size in curve.sizes:
        network, batch_size = curve.at(size)
        assert network_named(network).parts
        assert batch_size == curve.samples(size)
    assert list(map(curve.work, curve.sizes)) == sorted(set(map(curve.work, curve.sizes)))


def test_all_points_are_in_each_turn_and_the_others_at_powers_of_two(asked, tmp_path):
    report = measured(asked, tmp_path / "growth.json", "batch-mlp", "units")
    assert Report.read(tmp_path / "growth.json").rows.keys() == report.rows.keys()
    assert len(report.rows) == 2 * (4 + 2)
    for size, both in ((1, True), (2, True), (3, False), (4, True)):
        row = report.rows[f"time/batch-mlp/{size}"]
        assert len(row.values["scratchnet"]) == 2
        assert ("keras" in row.values) is both
    assert len(report.rows["memory/units/91"].values["scratchnet"]) == 1


def test_the_others_take_part_in_the_first_turns_alone(asked, tmp_path):
    choice = growth.Choice(("units",), ("keras",), turns=growth.OTHERS + 2, seconds=0.0)
    row = growth.measure(choice, tmp_path / "g.json", asked.append, allow_slow=True).rows["time/units/64"]
    assert {key: len(values) for key, values in row.values.items()} == {"scratchnet": 5, "keras": 3}


def test_curves_that_are_there_are_not_measured_again(asked, tmp_path):
    path = tmp_path / "growth.json"
    first = measured(asked, path, "units").rows["time/units/64"].values["scratchnet"]
    assert measured(asked, path, "units", "batch-mlp").rows["time/units/64"].values["scratchnet"] == pytest.approx(
        first, rel=1e-5
    )
    assert sum("widths" in what for what in asked) == 1
    measured(asked, path, "units", again=True)
    assert sum("widths" in what for what in asked) == 2


def test_curves_measured_otherwise_are_not_gone_on_with(asked, tmp_path):
    path = tmp_path / "growth.json"
    measured(asked, path, "units")
    growth.measure(growth.Choice(("units",), turns=1, seconds=0.0), path, asked.append, allow_slow=True)
    assert "begins anew: what is in growth.json is of turns 2 instead of 1" in asked


def test_unknown_curves_are_refused(capsys, monkeypatch):
    monkeypatch.setattr(command_line.environment, "clean", list)
    assert command_line.main(["sweep", "--curves", "units,depth"]) == 2
    assert "got depth" in capsys.readouterr().err
