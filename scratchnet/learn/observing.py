"""Runs a solution on one case and writes down all that can be seen: what came out, and what became of the inputs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from scratchnet.learn.exercise import Exercise
from scratchnet.learn.namespace import Namespace


@dataclass
class Answer:
    """What came out of one case.

    Attributes:
        outputs: by name; from another process only those that are arrays, numbers or words.
        strange: what the others are, in words.
        after: the inputs afterwards.
        shared: pairs of an output and an input that lie in the same memory.
    """

    outputs: dict[str, Any]
    strange: dict[str, str] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    shared: list[list[str]] = field(default_factory=list)


def observe(exercise: Exercise, solution: Namespace, inputs: dict[str, Any]) -> Answer:
    """Run one case on the inputs, which the solution may change."""
    outputs = exercise.run(solution, **inputs)
    shared = [
        [name, other]
        for name, output in outputs.items()
        for other, array in inputs.items()
        if isinstance(output, np.ndarray) and isinstance(array, np.ndarray) and np.may_share_memory(output, array)
    ]
    return Answer(outputs, {}, inputs, shared)


def copied(inputs: dict[str, Any]) -> dict[str, Any]:
    """Return inputs whose arrays are copies."""
    return {name: value.copy() if isinstance(value, np.ndarray) else value for name, value in inputs.items()}
