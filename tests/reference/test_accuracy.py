"""Accuracy parity: small runs of the real thing, and the arithmetic of the interval."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

import scratchnet
from reference import accuracy
from reference.pictures import draw_accuracy


@pytest.fixture
def mini(monkeypatch) -> None:
    data = scratchnet.datasets.fashion_mnist.load_data(subset="mini")
    monkeypatch.setattr(scratchnet.datasets.fashion_mnist, "load_data", lambda: data)


def test_the_interval_is_students() -> None:
    difference = np.array([0.1, -0.2, 0.05, 0.3, -0.1])
    low, high = accuracy.interval(difference)
    expected = stats.ttest_1samp(difference, 0).confidence_interval(0.95)
    assert (low, high) == pytest.approx((expected.low, expected.high))
    assert accuracy.interval(difference[:1]) == (-math.inf, math.inf)


@pytest.mark.usefixtures("eagerly")
def test_a_stopped_run_goes_on_with_what_is_missing(tmp_path: Path, mini, monkeypatch) -> None:
    trained = []
    train = accuracy.train_both

    def counted(name, seed, epochs, data):
        trained.append((name, seed))
        return train(name, seed, epochs, data)

    monkeypatch.setattr(accuracy, "train_both", counted)
    path = tmp_path / "accuracy.json"
    next(accuracy.run(path, seeds=1, epochs=1, samples=320))  # stopped after the first network
    *_, report = accuracy.run(path, seeds=2, epochs=1, samples=320)
    assert trained == [("mlp", 1), ("cnn", 1), ("mlp", 2), ("cnn", 2)]
    *_, again = accuracy.run(path, seeds=2, epochs=1, samples=320)
    assert len(trained) == 4
    assert again == report == json.loads(path.read_text())
    assert report["summary"]["mlp"]["seeds"] == [1, 2]
    for run in report["runs"]:  # five steps: rounding has not had the time to drive the two apart
        assert run["scratchnet"] == pytest.approx(run["keras"], abs=0.02)
        assert len(run["keras"]) == 1
    draw_accuracy(report, tmp_path / "accuracy.png")
    assert (tmp_path / "accuracy.png").stat().st_size > 10_000
    assert accuracy.markdown(report).count("\n") == 4


def test_a_report_with_other_settings_is_not_mixed_in(tmp_path: Path, mini) -> None:
    path = tmp_path / "accuracy.json"
    path.write_text(json.dumps({"settings": {"epochs": 3}, "runs": []}))
    with pytest.raises(ValueError, match="was made with"):
        next(accuracy.run(path, seeds=1, epochs=1))


def report_of(ours: list[float], theirs: list[float]) -> dict:
    runs = [
        {"network": "mlp", "seed": seed, "scratchnet": [a], "keras": [b]}
        for seed, (a, b) in enumerate(zip(ours, theirs))
    ]
    report = {"settings": {"epochs": 10}, "runs": runs}
    report["summary"] = accuracy.summaries(report)
    return report


def test_a_difference_of_more_than_three_tenths_of_a_point_is_red() -> None:
    (row,) = accuracy.rows(report_of([0.880, 0.890], [0.878, 0.887]))
    assert row.ok
    assert row.difference == pytest.approx(0.25)
    (row,) = accuracy.rows(report_of([0.880, 0.890], [0.884, 0.893]))
    assert not row.ok
