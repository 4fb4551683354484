from __future__ import annotations

import pytest

from benchmarks import checkpoints
from scratchnet.cli import samples

MEASURED = {
    "saved": [1.1, 2.2, 9.0],
    "plain": [1.0, 2.0, 3.0],
    "busy": [0.5, 1.0, 1.5],
    "waited": [0.2, 0.1, 0.3],
    "within": [0.004, 0.001, 0.001],
    "beside": [0.009, 0.009, 0.001],
}


def test_epochs_are_compared_turn_by_turn():
    assert checkpoints.cost(MEASURED) == pytest.approx(0.1)


def test_a_checkpoint_costs_its_own_time_over_that_of_an_undisturbed_epoch():
    assert checkpoints.own_cost(MEASURED) == pytest.approx(0.010 / 1.0)


@pytest.mark.parametrize(("beside", "code"), [(0.009, 0), (0.025, 1)])
def test_more_than_two_in_a_hundred_is_too_much(monkeypatch, capsys, beside, code):
    monkeypatch.setattr(checkpoints, "measure", lambda *arguments: MEASURED | {"beside": [beside]})
    assert checkpoints.main(quick=True) == code
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" | ")[0] for line in lines[2:]] == ["| mlp", "| cnn"]
    assert len({line.count("|") for line in lines}) == 1


def test_every_other_turn_is_saved(monkeypatch, tmp_path):
    data = samples.load(mini=True)
    data.keep_first(128)
    monkeypatch.setattr(samples, "load", lambda mini: data)
    measured = checkpoints.measure("mlp", 2, 2, tmp_path)
    assert {kind: len(values) for kind, values in measured.items()} == {
        "saved": 2, "plain": 2, "busy": 2, "waited": 4, "within": 4, "beside": 4
    }  # fmt: skip
    assert all(0 < busy <= plain for busy, plain in zip(measured["busy"], measured["plain"]))
    assert (tmp_path / "model.safetensors").exists()
