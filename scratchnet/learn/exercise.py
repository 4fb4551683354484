"""What an exercise is: what is asked for, on which inputs, and what makes an answer right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from scratchnet.learn.namespace import Namespace

TEXTS = Path(__file__).parent / "exercises"

Inputs = dict[str, Any]
Outputs = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """Inputs that a solution is tried on.

    Attributes:
        label: what is special about them, as a learner reads it: "N = 4, D = 6, U = 5".
        inputs: by name, for the exercise's ``run``.
        outputs: what comes out, where it can be worked out by hand; else empty.
        given: what the slopes depend on beside the inputs, such as a kernel that the solution does not need.
        slopes: whether difference quotients are taken here; else the outputs are compared as values.
    """

    label: str
    inputs: Inputs
    outputs: Outputs = field(default_factory=dict)
    given: Inputs = field(default_factory=dict)
    slopes: bool = True


@dataclass(frozen=True)
class Slope:
    """An output that has to be the slope of a number with respect to an input.

    Attributes:
        output: its name.
        by: the name of an input, or of what is ``given``.
        of: the number as a function of all of these, by keyword.
    """

    output: str
    by: str
    of: Callable[..., Any]


@dataclass(frozen=True)
class Speed:
    """How fast a solution has to be.

    Attributes:
        run: ``run(solution, who, **inputs)`` runs "yours" or "theirs", the code to beat, and returns its outputs.
        inputs: makes the inputs of one turn; they differ from turn to turn.
        ratio: how many times as fast as the code to beat.
        rival: what the code to beat is, in words.
    """

    run: Callable[..., Outputs]
    inputs: Callable[[np.random.Generator], Inputs]
    ratio: float
    rival: str


@dataclass(frozen=True)
class Slip:
    """A mistake that is made in this exercise: wrong code, and what to say of it.

    Attributes:
        sentence: what was done, and what should have been.
        question, formula, operation: the three hints that lead to it.
        names: what the wrong code defines in place of the right one.
    """

    sentence: str
    question: str
    formula: str
    operation: str
    names: dict[str, Any]


@dataclass(frozen=True)
class Exercise:
    """One exercise.

    Attributes:
        name: never changes.
        title: a line for the list.
        run: calls what the learner wrote with a case's inputs and returns the outputs by name.
        cases: makes the cases from random numbers; the first is the worked number in the exercise's text.
        hints: a question, the sum with its indices, the operation.
        slopes: outputs that are checked by difference quotients; the others are compared as values.
        kinks: cases with corners and ties, in which a convention decides.
        slips: the mistakes that are known, by name.
        shapes: what an output's shape is, in words, for a message.
        aliases: outputs that may lie in the memory of an input, since the exercise works in place.
        changes: inputs that the solution is to change.
        keeps_float32: whether float32 in must give float32 out.
        promises: outputs that are True where a promise is kept, and what to say where it is not.
        speed: for the last two.
        naming: asks the catalogue of the library's layers; it runs beside the learner's code.
        praise: what to say of a solution that passed, from the last case and its outputs.
        seconds: the limit for everything together.
    """

    name: str
    title: str
    run: Callable[..., Outputs]
    cases: Callable[[np.random.Generator], list[Case]]
    hints: tuple[str, str, str]
    slopes: tuple[Slope, ...] = ()
    kinks: Callable[[], list[Case]] | None = None
    slips: dict[str, Slip] = field(default_factory=dict)
    shapes: dict[str, str] = field(default_factory=dict)
    aliases: frozenset[str] = frozenset()
    changes: frozenset[str] = frozenset()
    keeps_float32: bool = True
    promises: dict[str, str] = field(default_factory=dict)
    speed: Speed | None = None
    naming: Callable[[Namespace], Any] | None = None
    praise: Callable[[Case, Outputs], str] | None = None
    seconds: float = 10.0

    @property
    def stub(self) -> str:
        """The text that a learner begins with."""
        return self._text("stubs")

    @property
    def solution(self) -> str:
        """The text of the solution."""
        return self._text("solutions")

    def right(self) -> Namespace:
        """Return what the solution defines."""
        names: dict[str, Any] = {"__name__": "solution"}
        exec(compile(self.solution, f"the solution of {self.name}", "exec"), names)
        return Namespace(names)

    def _text(self, folder: str) -> str:
        return (TEXTS / folder / f"{self.name.replace('-', '_')}.py").read_text(encoding="utf-8")
