"""Every exercise: its stub fails, its solution and three others pass, each of its mistakes fails and is named."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from scratchnet.learn.catalogue import EXERCISES, NAMES
from scratchnet.learn.grading import grade
from scratchnet.learn.report import STAGES, told_apart
from scratchnet.learn.slopes import slope
from scratchnet.learn.speed import Measured
from tests.learn.trusted import Trusted

HERE = Path(__file__).parent
FIXED = (
    "chain fan-out central-difference dense-forward dense-dw dense-db dense-dx where-1-n-goes relu sigmoid-tanh "
    "softmax softmax-cross-entropy train-an-mlp im2col col2im conv2d-backward maxpool momentum adam dropout "
    "batchnorm-backward contract bug-hunt fast-relu-bias fast-conv"
)
MISTAKES = [(name, mistake) for name, exercise in EXERCISES.items() for mistake in exercise.slips]


def ways(folder: str, name: str) -> list[tuple[str, str]]:
    """Return pieces of code for an exercise, each with the words on its first line.

    right: other ways to write it. named: mistakes as a learner writes them, under the name that they should get, some
    with another fault beside. invented: wrong code that no list has, so that what is said of it would be a guess.
    """
    path = HERE / folder / f"{name.replace('-', '_')}.py"
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    _, *parts = re.split(r"^# --- (.*)\n", text, flags=re.MULTILINE)
    return list(zip(parts[::2], parts[1::2]))


def fast(*_: object) -> Measured:
    return Measured(99.0)


@pytest.fixture
def written(tmp_path: Path):
    def write(text: str) -> Path:
        path = tmp_path / "solution.py"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_the_names_never_change() -> None:
    assert list(NAMES) == FIXED.split()


@pytest.mark.parametrize("name", NAMES)
def test_the_stub_fails(name: str, written) -> None:
    report = grade(written(EXERCISES[name].stub), name, measure=fast, sandbox=Trusted)
    assert not report.passed
    assert report.sentence


@pytest.mark.parametrize("name", NAMES)
def test_the_solution_passes(name: str, written) -> None:
    report = grade(written(EXERCISES[name].solution), name, measure=fast, patience=20)
    assert report.passed, report


@pytest.mark.parametrize("name", NAMES)
def test_other_ways_to_write_it_pass(name: str, written) -> None:
    others = ways("right", name)
    assert len(others) >= 3
    for _, way in others:
        report = grade(written(way), name, measure=fast, sandbox=Trusted)
        assert report.passed, f"{way}\n{report}"


@pytest.mark.parametrize(("name", "mistake"), MISTAKES)
def test_a_mistake_fails_and_is_named(name: str, mistake: str, written) -> None:
    names = f"EXERCISES[{name!r}].slips[{mistake!r}].names"
    wrong = f"{EXERCISES[name].solution}\nfrom scratchnet.learn.catalogue import EXERCISES\nglobals().update({names})\n"
    with np.errstate(all="ignore"):
        report = grade(written(wrong), name, measure=fast, sandbox=Trusted)
    assert not report.passed
    assert report.mistake is not None, report
    assert report.mistake.name == mistake


@pytest.mark.parametrize(
    ("name", "mistake", "code"),
    [(name, *way) for name in NAMES for way in ways("named", name)],
    ids=lambda text: text[:40],
)
def test_a_mistake_is_named_as_a_learner_writes_it(name: str, mistake: str, code: str, written) -> None:
    with np.errstate(all="ignore"):
        report = grade(written(code), name, measure=fast, sandbox=Trusted)
    assert report.mistake is not None, report
    assert report.mistake.name == mistake


@pytest.mark.parametrize(("name", "code"), [(name, code) for name in NAMES for _, code in ways("invented", name)])
def test_a_mistake_that_nobody_listed_fails_and_is_not_named(name: str, code: str, written) -> None:
    with np.errstate(all="ignore"):
        report = grade(written(code), name, measure=fast, sandbox=Trusted)
    assert not report.passed, code
    assert report.mistake is None, f"{code}\n{report}"


def test_numbers_that_look_alike_are_told_apart() -> None:
    assert told_apart(0.25, 0.5) == ("0.25", "0.5")
    assert told_apart(0.78430771, 0.78430774) == ("0.78430771", "0.78430774")
    assert told_apart(1.0, 1.0) == ("1", "1")


@pytest.mark.parametrize("name", NAMES)
def test_an_exercise_is_complete_in_itself(name: str) -> None:
    exercise = EXERCISES[name]
    head = exercise.stub.split('"""')[1]
    assert head.startswith(f"{name}: ")
    assert len(head.strip().splitlines()) >= 10
    assert "by hand" in head
    assert "scratchnet" not in re.sub(r'""".*?"""', "", exercise.stub, flags=re.DOTALL)
    assert len(exercise.slips) >= 4
    assert all(exercise.hints)


@pytest.mark.parametrize("name", NAMES)
def test_the_worked_number_is_right(name: str) -> None:
    exercise = EXERCISES[name]
    case = exercise.cases(np.random.default_rng(0))[0]
    outputs = exercise.run(exercise.right(), **case.inputs)
    assert case.outputs or name == "bug-hunt"
    for output, value in case.outputs.items():
        np.testing.assert_allclose(outputs[output], value, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", [name for name in NAMES if EXERCISES[name].slopes])
@pytest.mark.parametrize("seed", [0, 12345, 2**31])
def test_the_solution_is_the_slope_for_any_seed(name: str, seed: int) -> None:
    exercise = EXERCISES[name]
    for case in exercise.cases(np.random.default_rng(seed)):
        given = {**case.inputs, **case.given}
        outputs = exercise.run(exercise.right(), **case.inputs)
        for wanted in exercise.slopes if case.slopes else ():
            if wanted.by in given:
                right = slope(wanted.of, given, wanted.by)
                size = max(float(np.sqrt(np.mean(right**2))), 1e-9)
                assert np.abs(outputs[wanted.output] - right).max() < 1e-7 * size


def test_stages_come_in_their_order() -> None:
    assert STAGES == ("runs", "values", "gradients", "promises", "speed")
