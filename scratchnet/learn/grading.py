"""Grades a solution: stage after stage, up to the first that fails.

    runs → values → gradients → promises and kinks → speed

The learner's code runs in a process of its own and only says what comes out of given inputs (``sandbox``). What is
right is worked out here, from the solution and from difference quotients, and compared as arrays: however a solution
is written, its numbers count.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from scratchnet.learn import speed
from scratchnet.learn.catalogue import find
from scratchnet.learn.comparing import complaint_of_form, differing
from scratchnet.learn.exercise import Case, Exercise
from scratchnet.learn.naming_by_answers import name_by_answers
from scratchnet.learn.observing import Answer
from scratchnet.learn.report import Mistake, Report
from scratchnet.learn.sandbox import Failure, Sandbox
from scratchnet.learn.slopes import slope

SEED = 1
"""A learner's own checks always see the same numbers; a teacher's class has a seed of its own."""

_CLOSE = {"values": 1e-9, "gradients": 1e-6, "float32": 2e-4}


class _Wrong(Exception):
    """A stage failed; the report says how."""


def grade(
    path: Path,
    name: str,
    seed: int = SEED,
    *,
    measure: speed.Measure = speed.measure,
    patience: float = 1.0,
    sandbox: type[Sandbox] = Sandbox,
) -> Report:
    """Grade the file at ``path`` as a solution of the exercise called ``name``.

    Args:
        path: the learner's file; it is run in a process of its own.
        name: the exercise's.
        seed: of the inputs.
        measure: how the last stage takes its times.
        patience: what the limit of time is multiplied by, on a machine that has much else to do.
        sandbox: what runs the file; tests that trust it run it where they are.

    Raises:
        ValueError: if there is no such exercise.
    """
    return _Grading(find(name), path, seed, measure, patience, sandbox).report


class _Grading:
    def __init__(
        self,
        exercise: Exercise,
        path: Path,
        seed: int,
        measure: speed.Measure,
        patience: float,
        sandbox: type[Sandbox],
    ) -> None:
        self.exercise, self.path, self.measure = exercise, path.resolve(), measure
        self.report = Report(exercise.name)
        self.right = exercise.right()
        self.cases = exercise.cases(np.random.default_rng(seed))
        self.kinks = exercise.kinks() if exercise.kinks is not None else []
        self.answered: list[tuple[Case, Answer]] = []
        seconds = exercise.seconds * patience
        with sandbox(self.path, exercise.name, "scratchnet.learn.catalogue", seconds) as self.sandbox:
            try:
                self._stages()
                self.report.passed = True
                if exercise.praise is not None:
                    last = self.answered[len(self.cases) - 1]
                    self.report.remarks.append(exercise.praise(last[0], last[1].outputs))
            except Failure as failure:
                self._fail(failure)
            except _Wrong:
                self._name()
        self.report.printed = self.sandbox.printed.strip() if not self.report.passed else ""

    def _stages(self) -> None:
        for stage, check in (
            ("runs", self._runs),
            ("values", self._values),
            ("gradients", self._gradients),
            ("promises", self._promises),
            ("speed", self._speed),
        ):
            if stage == "gradients" and not self.exercise.slopes:
                continue
            if stage == "speed" and self.exercise.speed is None:
                continue
            self.report.stages.append(stage)
            check()

    # The stages ------------------------------------------------------------------------------------------------------

    def _runs(self) -> None:
        """The file loads, and every case gives something of the right kind and shape."""
        self.sandbox.load()
        complaints = [(case, complaint) for case in self.cases for complaint in self._answer(case)]
        if complaints:
            case, complaint = complaints[0]
            self.report.case = case.label
            self._refuse(complaint)

    def _answer(self, case: Case) -> list[str]:
        """Run one case, keep the answer, and return what is wrong with its form."""
        before, self.report.case = self.report.case, case.label  # a failure leaves it so
        self.answered.append((case, self.sandbox.run(case.inputs)))
        self.report.case = before
        _, answer = self.answered[-1]
        complaints = (
            complaint_of_form(output, answer, value, self.exercise.shapes.get(output, ""))
            for output, value in self._expected(case).items()
        )
        return list(filter(None, complaints))

    def _values(self) -> None:
        """Outputs that are no slopes are those of the solution, and the first case is what the text says."""
        slopes = {slope.output for slope in self.exercise.slopes}
        for case, answer in self.answered:
            for output, value in self._expected(case).items():
                if output in self.exercise.promises:
                    continue
                if output in case.outputs or output not in slopes or not case.slopes:
                    oracle = "worked out by hand it" if output in case.outputs else "the right value"
                    self._compare(case, output, answer.outputs[output], value, oracle, "values")

    def _gradients(self) -> None:
        """Outputs that are slopes are the difference quotients."""
        for case, answer in self.answered:
            for wanted in self.exercise.slopes if case.slopes else ():
                if wanted.by not in case.inputs and wanted.by not in case.given:
                    continue
                right = slope(wanted.of, {**case.inputs, **case.given}, wanted.by)
                yours = answer.outputs[wanted.output]
                self._compare(case, wanted.output, yours, right, "the difference quotient", "gradients")

    def _promises(self) -> None:
        """Inputs stay as they are, outputs are arrays of their own, float32 stays float32, conventions are kept."""
        for case, answer in self.answered:
            self.report.case = case.label
            for name, before in case.inputs.items():
                if name not in self.exercise.changes and not _same(before, answer.after.get(name)):
                    self._refuse(f"It changes its input {name}: whoever called it still needs that. Work on a copy.")
            for output, name in answer.shared:
                if output not in self.exercise.aliases:
                    self._refuse(f"{output} lies in the memory of {name}: what changes one changes the other.")
            for output, sentence in self.exercise.promises.items():
                if not bool(np.all(answer.outputs[output])):
                    self._refuse(sentence)
        if self.exercise.keeps_float32:
            self._float32()
        for case in self.kinks:
            self._answered_in_form(case)
        for case, answer in self.answered[-len(self.kinks) :] if self.kinks else []:
            for output, value in self._expected(case).items():
                self._compare(case, output, answer.outputs[output], value, "the right value", "values")
        self.report.case = ""

    def _float32(self) -> None:
        case = self.cases[1] if len(self.cases) > 1 else self.cases[0]
        narrow = Case(f"{case.label}, in float32", {name: _narrowed(value) for name, value in case.inputs.items()})
        answer = self._answered_in_form(narrow)
        for output, value in self._expected(narrow).items():
            yours = answer.outputs[output]
            if value.dtype == np.float32 and isinstance(yours, np.ndarray) and yours.ndim and yours.dtype != np.float32:
                self.report.case = narrow.label
                self._refuse(f"From float32 it makes {output} in {yours.dtype}: twice the memory, without a word.")
            self._compare(narrow, output, yours, value, "the right value", "float32")

    def _speed(self) -> None:
        wanted = self.exercise.speed
        assert wanted is not None
        measured = self.measure(self.sandbox, wanted, np.random.default_rng(SEED))
        if measured.complaint:
            self._refuse(measured.complaint)
        said = f"{measured.ratio:.1f} times as fast as {wanted.rival}, measured in turns"
        if measured.ratio < wanted.ratio:
            self._refuse(f"It is {said}; {wanted.ratio:g} times is asked for.")
        self.report.remarks.append(f"It is {said}.")

    # Helpers ---------------------------------------------------------------------------------------------------------

    def _expected(self, case: Case) -> dict[str, Any]:
        copies = {name: np.copy(v) if isinstance(v, np.ndarray) else v for name, v in case.inputs.items()}
        return {name: np.asarray(value) for name, value in self.exercise.run(self.right, **copies).items()}

    def _answered_in_form(self, case: Case) -> Answer:
        for complaint in self._answer(case):
            self.report.case = case.label
            self._refuse(complaint)
        return self.answered[-1][1]

    def _compare(self, case: Case, output: str, yours: Any, right: Any, oracle: str, how: str) -> None:
        close = _CLOSE["float32" if how == "values" and right.dtype == np.float32 else how]
        difference = differing(output, np.asarray(yours), right, oracle, close)
        if difference is not None:
            self.report.case, self.report.difference = case.label, difference
            what = "is not the slope" if how == "gradients" else "is not right"
            self._refuse(f"{output} {what}.")

    def _refuse(self, sentence: str) -> None:
        self.report.sentence = sentence
        raise _Wrong

    def _fail(self, failure: Failure) -> None:
        if not self.report.stages:
            self.report.stages.append("runs")
        self.report.sentence = failure.sentence
        if failure.line is not None:
            self.report.line = failure.line
            source = self.path.read_text(encoding="utf-8", errors="replace").splitlines()
            self.report.code = source[failure.line - 1].strip() if 0 < failure.line <= len(source) else ""

    def _name(self) -> None:
        """Say which mistake it is: by its answers, then by the catalogue of layers, which runs beside the code."""
        stage = self.report.stages[-1]
        if stage == "speed":
            return
        wrong = [] if stage == "promises" else self.answered[: len(self.cases)]
        mistake = name_by_answers(self.exercise, self._answered_with_kinks(), wrong)
        if mistake is None and self.exercise.naming is not None:
            mistake = self._ask_catalogue()
        self.report.mistake, self.report.unknown = mistake, mistake is None and stage in ("values", "gradients")

    def _answered_with_kinks(self) -> list[tuple[Case, Answer]]:
        """Return all answers, for a mistake may be known by what it does where nothing has been asked yet.

        Return none where the code cannot answer that.
        """
        answered = list(self.answered)
        try:
            for case in self.kinks:
                if all(case is not other for other, _ in answered):
                    answered.append((case, self.sandbox.run(case.inputs, quiet=True)))
        except Failure:
            return []
        return answered

    def _ask_catalogue(self) -> Mistake | None:
        try:
            said = self.sandbox.ask({"ask": "name"}).get("mistake")
        except Failure:
            return None
        if not isinstance(said, dict):
            return None
        return Mistake(str(said["name"]), str(said["sentence"]), tuple(map(str, said["hints"])))


def _same(before: Any, after: Any) -> bool:
    if isinstance(before, np.ndarray):
        return isinstance(after, np.ndarray) and before.dtype == after.dtype and bool(np.array_equal(before, after))
    return True  # numbers and words cannot be changed from inside a function


def _narrowed(value: Any) -> Any:
    return value.astype(np.float32) if isinstance(value, np.ndarray) and value.dtype == np.float64 else value
