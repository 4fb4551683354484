"""All exercises, in their order: from one weight to a convolution that is fast."""

from __future__ import annotations

import re

from scratchnet.errors import unknown_name
from scratchnet.learn.exercise import Exercise
from scratchnet.learn.exercises import (
    activations,
    adaptive,
    convolution,
    dense,
    dropping,
    fast,
    first_steps,
    hunting,
    normalizing,
    objectives,
    pooling,
    promises,
    quotients,
    steps,
    training,
)

_TOPICS = (
    *first_steps.EXERCISES,
    *quotients.EXERCISES,
    *dense.EXERCISES,
    *objectives.WHERE,
    *activations.EXERCISES,
    *objectives.CROSS_ENTROPY,
    *training.EXERCISES,
    *convolution.EXERCISES,
    *pooling.EXERCISES,
    *steps.EXERCISES,
    *adaptive.EXERCISES,
    *dropping.EXERCISES,
    *normalizing.EXERCISES,
    *promises.EXERCISES,
    *hunting.EXERCISES,
    *fast.EXERCISES,
)

EXERCISES: dict[str, Exercise] = {exercise.name: exercise for exercise in _TOPICS}
"""By name. The names never change: they are in the learners' files."""

NAMES = tuple(EXERCISES)


def find(name: str) -> Exercise:
    """Return the exercise of that name, or of the file that is called so, such as ``05-dense-dw.py``.

    Raises:
        ValueError: if there is none; the message has the nearest one.
    """
    if name_in(name) not in EXERCISES:
        raise unknown_name("exercise", name, NAMES)
    return EXERCISES[name_in(name)]


def name_in(path: str) -> str:
    """Return a file's name without its folder, its number and its ending: the exercise, if the file is one's."""
    found = re.fullmatch(r"(?:.*/)?(?:\d+-)?([a-z0-9-]+)\.py", path)
    return found[1] if found else path
