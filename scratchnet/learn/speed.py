"""How many times as fast a solution is as the code to beat, measured in turns in one process.

Seconds depend on the machine and on what else it does; a ratio of two codes that take turns hardly does. The clock is
the grader's own, outside the process that runs the code, and each turn has new inputs: who keeps the last result
gets the next one wrong.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from scratchnet.learn.comparing import complaint_of_form, differing
from scratchnet.learn.exercise import Speed
from scratchnet.learn.observing import Answer
from scratchnet.learn.sandbox import Sandbox

TURNS = 15
_CLOSE = 2e-4


@dataclass(frozen=True)
class Measured:
    """The ratio, or why there is none."""

    ratio: float
    complaint: str = ""


Measure = Callable[[Sandbox, Speed, np.random.Generator], Measured]


def measure(sandbox: Sandbox, speed: Speed, random: np.random.Generator) -> Measured:
    """Run both in turns, on inputs that change, and compare what they return before their times.

    The ratio is that of the shortest times, which other work on the machine has disturbed least. The first turn, which
    compiles, is not counted.
    """
    best = {"yours": math.inf, "theirs": math.inf}
    for turn in range(TURNS + 1):
        sandbox.ask({"ask": "keep", "inputs": speed.inputs(random)})
        first, second = ("yours", "theirs") if turn % 2 else ("theirs", "yours")
        outputs: dict[str, dict[str, Any]] = {}
        for who in (first, second):
            began = time.perf_counter()
            sandbox.ask({"ask": "time", "who": who})
            seconds = time.perf_counter() - began
            best[who] = min(best[who], seconds) if turn else best[who]
            outputs[who] = sandbox.timed()
        for name, right in outputs["theirs"].items():
            complaint = _complaint(name, outputs["yours"], right)
            if complaint:
                return Measured(0.0, complaint)
    return Measured(best["theirs"] / best["yours"])


def _complaint(name: str, yours: dict[str, Any], right: Any) -> str:
    complaint = complaint_of_form(name, Answer(yours), np.asarray(right), "")
    if complaint:
        return complaint
    if differing(name, np.asarray(yours[name]), np.asarray(right), "", _CLOSE) is not None:
        return f"{name} is right at first and wrong on the next inputs: nothing may be kept from call to call."
    return ""
