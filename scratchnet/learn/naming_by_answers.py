"""Names a mistake by its answers: a solution that answers every case as a known mistake does, has made that mistake."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from scratchnet.learn.comparing import differing
from scratchnet.learn.exercise import Case, Exercise
from scratchnet.learn.namespace import Namespace
from scratchnet.learn.observing import Answer, copied, observe
from scratchnet.learn.report import Mistake

_NUMBERS = (np.ndarray, np.generic, int, float)
_CLOSE = {False: 1e-9, True: 2e-4}
"""How close the numbers have to be, and in float32."""


Answered = list[tuple[Case, Answer]]


def name_by_answers(exercise: Exercise, answered: Answered, wrong: Answered) -> Mistake | None:
    """Return the only mistake of this exercise that answers as the learner's code does, or None.

    Args:
        answered: all cases; here what becomes of the inputs has to be the same, too.
        wrong: the cases among which some outputs are wrong. If no mistake is alike in everything, these decide by the
            outputs alone: who has not thought of a corner yet, or works in the caller's array, is told of this first.
    """
    found = [name for name in exercise.slips if _alike_on(exercise, name, answered, _alike)]
    found = found or [name for name in exercise.slips if _alike_on(exercise, name, wrong, _outputs_alike)]
    if len(found) != 1:
        return None
    slip = exercise.slips[found[0]]
    return Mistake(found[0], slip.sentence, (slip.question, slip.formula, slip.operation))


def _alike_on(exercise: Exercise, name: str, answered: Answered, alike: Callable[[Answer, Answer], bool]) -> bool:
    wrong = Namespace({**vars(exercise.right())["_names"], **exercise.slips[name].names})
    try:
        with np.errstate(all="ignore"):
            return bool(answered) and all(
                alike(observe(exercise, wrong, copied(case.inputs)), answer) for case, answer in answered
            )
    except Exception:
        return False


def _alike(known: Answer, answer: Answer) -> bool:
    return (
        sorted(known.shared) == sorted(answer.shared)
        and _outputs_alike(known, answer)
        and all(_equal(name, known.after[name], answer.after.get(name)) for name in known.after)
    )


def _outputs_alike(known: Answer, answer: Answer) -> bool:
    return known.outputs.keys() == answer.outputs.keys() and all(
        _equal(name, known.outputs[name], answer.outputs[name]) for name in known.outputs
    )


def _equal(name: str, a: Any, b: Any) -> bool:
    if not (isinstance(a, _NUMBERS) and isinstance(b, _NUMBERS)):
        return type(a) is type(b) and bool(a == b)  # words, or None
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    return differing(name, b, a, "", _CLOSE[a.dtype == np.float32]) is None
