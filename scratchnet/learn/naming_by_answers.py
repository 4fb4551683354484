"""Names a mistake by its answers: a solution that answers every case as a known mistake does, has made that mistake."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.learn.comparing import differing
from scratchnet.learn.exercise import Case, Exercise, Slip
from scratchnet.learn.namespace import Namespace
from scratchnet.learn.observing import Answer, copied, observe
from scratchnet.learn.report import Mistake

_NUMBERS = (np.ndarray, np.generic, int, float)
_CLOSE = {False: 1e-9, True: 2e-4}
"""How close the numbers have to be, and in float32."""


def name_by_answers(exercise: Exercise, answered: list[tuple[Case, Answer]]) -> Mistake | None:
    """Return the only mistake of this exercise whose outputs are the given ones on all cases answered, or None."""
    found = [name for name, slip in exercise.slips.items() if answered and _answers_alike(exercise, slip, answered)]
    if len(found) != 1:
        return None
    slip = exercise.slips[found[0]]
    return Mistake(found[0], slip.sentence, (slip.question, slip.formula, slip.operation))


def _answers_alike(exercise: Exercise, slip: Slip, answered: list[tuple[Case, Answer]]) -> bool:
    wrong = Namespace({**vars(exercise.right())["_names"], **slip.names})
    return all(_alike(exercise, wrong, case, answer) for case, answer in answered)


def _alike(exercise: Exercise, wrong: Namespace, case: Case, answer: Answer) -> bool:
    try:
        with np.errstate(all="ignore"):
            known = observe(exercise, wrong, copied(case.inputs))
    except Exception:
        return False
    return (
        sorted(known.shared) == sorted(answer.shared)
        and known.outputs.keys() == answer.outputs.keys()
        and all(_equal(name, known.outputs[name], answer.outputs[name]) for name in known.outputs)
        and all(_equal(name, known.after[name], answer.after.get(name)) for name in known.after)
    )


def _equal(name: str, a: Any, b: Any) -> bool:
    if not (isinstance(a, _NUMBERS) and isinstance(b, _NUMBERS)):
        return type(a) is type(b) and bool(a == b)  # words, or None
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    return differing(name, b, a, "", _CLOSE[a.dtype == np.float32]) is None
