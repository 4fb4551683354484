from __future__ import annotations

import pytest

from benchmarks.verdicts import judge
from tests.benchmarks.fakes import report_of


def verdict(report, beginning):
    (found,) = [v for v in judge(report) if v.target.startswith(beginning)]
    return found


@pytest.mark.parametrize(("ours", "word"), [(1.0, "met"), (1.001, "not met")])
def test_a_target_is_met_from_its_very_figure_on(ours, word):
    report = report_of({"step/cnn/64": {"scratchnet": [ours] * 3, "keras": [3.0] * 3, "keras-jit": [9.0] * 3}})
    assert verdict(report, "1. CNN training step: 3.0× as fast as Keras").words() == word


def test_what_was_not_measured_is_not_met_by_accident():
    assert {v.words() for v in judge(report_of({}))} == {"not measured"}


def test_the_best_mode_is_what_counts():
    report = report_of({"step/mlp/64": {"scratchnet": [1.0], "keras": [9.0], "keras-jit": [2.0]}})
    found = verdict(report, "2. MLP training step: 4× as fast as Keras")
    assert found.measured.against == "<keras-jit>"
    assert found.words() == "not met"


def test_a_target_for_both_networks_is_judged_by_the_worse():
    rows = {
        "evaluate/cnn/default": {"scratchnet": [1.0], "keras": [3.0]},
        "evaluate/mlp/default": {"scratchnet": [1.0], "keras": [40.0]},
    }
    assert verdict(report_of(rows), "3. evaluate").measured.ratio.median == 3.0


def test_a_target_for_both_networks_needs_both():
    rows = {"evaluate/mlp/default": {"scratchnet": [1.0], "keras": [40.0]}}
    assert verdict(report_of(rows), "3. evaluate").words() == "not measured"


def test_uint8_images_are_judged_against_keras_with_the_notebooks_arrays():
    rows = {
        f"memory/{network}/{form}": {"scratchnet": [ours], "keras": [theirs]}
        for network in ("cnn", "mlp")
        for form, ours, theirs in (("float64", 5e8, 1.6e9), ("uint8", 2e8, 8e8))
    }
    report = report_of(rows)
    assert verdict(report, "3. peak memory, uint8").measured.ratio.median == pytest.approx(8.0)
    assert verdict(report, "beside 3: peak memory, uint8 images on both sides").measured.ratio.median == 4.0


def test_threads_are_judged_turn_by_turn():
    rows = {"threads/cnn/1": {"scratchnet": [2.0, 19.0]}, "threads/cnn/2": {"scratchnet": [1.0, 10.0]}}
    assert verdict(report_of(rows), "4.").measured.ratio.median == pytest.approx(1.95)
