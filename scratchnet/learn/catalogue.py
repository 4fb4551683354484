"""All exercises, in their order: from one weight to a convolution that is fast."""

from __future__ import annotations

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
    """Return the exercise of that name.

    Raises:
        ValueError: if there is none; the message has the nearest one.
    """
    if name not in EXERCISES:
        raise unknown_name("exercise", name, NAMES)
    return EXERCISES[name]
