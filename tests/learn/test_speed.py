"""The last stage: results are compared first, on inputs that change, and the ratio is judged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from scratchnet.learn import speed
from scratchnet.learn.catalogue import EXERCISES
from scratchnet.learn.exercise import Speed
from scratchnet.learn.grading import grade
from scratchnet.learn.speed import Measured
from tests.learn.trusted import Trusted

NAMES = ("fast-relu-bias", "fast-conv")


class Turns:
    """Stands for a process in which both take their turns."""

    def __init__(self, yours) -> None:
        self.yours = yours

    def ask(self, question: dict) -> dict:
        if question["ask"] == "keep":
            self.inputs = question["inputs"]
        else:
            x = self.inputs["x"]
            self.result = {"y": self.yours(x) if question["who"] == "yours" else 2 * x}
        return {}

    def timed(self) -> dict:
        return self.result


def measured(yours) -> Measured:
    task = Speed(lambda *_: {}, lambda random: {"x": random.normal(size=(4, 3))}, 1.5, "the other")
    return speed.measure(Turns(yours), task, np.random.default_rng(0))  # type: ignore[arg-type]


def test_a_right_solution_has_a_ratio_and_no_complaint() -> None:
    result = measured(lambda x: x + x)
    assert result.complaint == ""
    assert result.ratio > 0


def test_a_result_kept_from_the_first_call_is_found_out() -> None:
    kept: list[object] = []

    def cheat(x):
        kept.append(2 * x)
        return kept[0]

    assert "kept from call to call" in measured(cheat).complaint


@pytest.mark.parametrize("yours", [lambda x: None, lambda x: 2 * x[:2], lambda x: "fast"])
def test_no_result_is_no_speed(yours) -> None:
    assert measured(yours).complaint


@pytest.mark.parametrize("name", NAMES)
def test_a_ratio_below_what_is_asked_for_fails(name: str, tmp_path: Path) -> None:
    wanted = EXERCISES[name].speed
    assert wanted is not None
    path = tmp_path / "solution.py"
    path.write_text(EXERCISES[name].solution, encoding="utf-8")
    for ratio, passes in ((0.9 * wanted.ratio, False), (1.1 * wanted.ratio, True)):
        report = grade(path, name, measure=lambda *_, r=ratio: Measured(r), sandbox=Trusted)
        assert report.passed == passes
        assert f"{ratio:.1f} times" in str(report)


@pytest.mark.parametrize("name", NAMES)
def test_both_codes_that_are_timed_return_the_same(name: str) -> None:
    exercise = EXERCISES[name]
    assert exercise.speed is not None
    inputs = exercise.speed.inputs(np.random.default_rng(0))
    small = {key: value[:3] if key in ("x", "z", "out") else value for key, value in inputs.items()}
    (yours,) = exercise.speed.run(exercise.right(), "yours", **small).values()
    (theirs,) = exercise.speed.run(exercise.right(), "theirs", **{k: v.copy() for k, v in small.items()}).values()
    np.testing.assert_allclose(yours, theirs, rtol=1e-4, atol=1e-4)


def test_times_are_taken_of_a_process(tmp_path: Path) -> None:
    path = tmp_path / "solution.py"
    path.write_text("def conv2d(x, kernel):\n    return x[:, 1:-1, 1:-1]\n", encoding="utf-8")
    report = grade(path, "fast-conv", patience=20)
    assert report.stages == ["runs"]
