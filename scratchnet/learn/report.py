"""What the grader says of a solution, as data and as lines of text."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from scratchnet.typing import Array

STAGES = ("runs", "values", "gradients", "promises", "speed")
"""In the order in which they are tried; the first that fails is the last."""

_WORDS = {
    "runs": "it runs",
    "values": "the values are right",
    "gradients": "the gradients are the slopes",
    "promises": "the promises are kept",
    "speed": "it is fast enough",
}


@dataclass(frozen=True)
class Mistake:
    """A mistake that is known: its name, a sentence, and the three hints."""

    name: str
    sentence: str
    hints: tuple[str, ...]


@dataclass(frozen=True)
class Difference:
    """Where an output is not what it should be.

    Attributes:
        output: its name.
        yours, right: both arrays, of equal shapes.
        wrong: which entries are; of the same shape.
        oracle: what ``right`` is, in words.
    """

    output: str
    yours: Array
    right: Array
    wrong: Array
    oracle: str

    @property
    def sentence(self) -> str:
        """How many entries are wrong, and the first of them."""
        where = tuple(int(i) for i in next(zip(*self.wrong.nonzero()))) if self.wrong.ndim else ()
        place = f"[{', '.join(map(str, where))}]" if where else ""
        count = int(self.wrong.sum())
        entry = f"{count} of {self.wrong.size} entries differ; the first, {self.output}{place},"
        which = entry if place else self.output
        mine, other = told_apart(float(self.yours[where]), float(self.right[where]))
        return f"{which} is {mine}, but {self.oracle} is {other}."


@dataclass
class Report:
    """The verdict on one solution.

    Attributes:
        exercise: its name.
        stages: those that were tried; all but the last passed.
        passed: whether the last did too.
        sentence: what is wrong, if anything is.
        case: the inputs on which that showed, in words.
        line, code: the learner's own line where an error was raised.
        difference: where an output is wrong.
        mistake: the one that it is, if that is known for certain.
        unknown: whether it was looked for, and is none that is known.
        printed: what the code printed, its beginning.
        remarks: what else is worth knowing, such as the measured ratio.
    """

    exercise: str
    stages: list[str] = field(default_factory=list)
    passed: bool = False
    sentence: str = ""
    case: str = ""
    line: int | None = None
    code: str = ""
    difference: Difference | None = None
    mistake: Mistake | None = None
    unknown: bool = False
    printed: str = ""
    remarks: list[str] = field(default_factory=list)

    def lines(self) -> list[tuple[str, str, str]]:
        """Return the report as lines of (mark, label, text); a mark is ``✓``, ``✗`` or nothing."""
        rows: list[tuple[str, str, str]] = []
        for stage in self.stages:
            good = self.passed or stage != self.stages[-1]
            rows.append(("✓" if good else "✗", stage, _WORDS[stage] if good else self.sentence))
        if self.line is not None:
            rows.append(("", f"line {self.line}", self.code))
        if self.case:
            rows.append(("", "tried on", self.case))
        if self.difference is not None:
            rows.append(("", "where", self.difference.sentence))
        if self.mistake is not None:
            rows.append(("", "mistake", self.mistake.sentence))
        elif self.unknown:
            rows.append(("", "mistake", "not a mistake we know"))
        rows.extend(("", "", remark) for remark in self.remarks)
        rows.extend(("", "prints" if i == 0 else "", text) for i, text in enumerate(self.printed.splitlines()[:10]))
        return rows

    def __str__(self) -> str:
        head = f"{self.exercise}: {'passed' if self.passed else 'not yet'}"
        return "\n".join([head, *(f"  {mark:1} {label:9}  {text}".rstrip() for mark, label, text in self.lines())])

    def to_dict(self) -> dict[str, Any]:
        """Return what a progress file keeps of it."""
        return {
            "passed": self.passed,
            "stage": self.stages[-1] if self.stages else "",
            "mistake": self.mistake.name if self.mistake is not None else None,
        }


def told_apart(a: float, b: float) -> tuple[str, str]:
    """Return two numbers with six digits; with so many more that they differ, where six are the same."""
    for digits in range(6, 18):
        one, other = f"{a:.{digits}g}", f"{b:.{digits}g}"
        if one != other:
            break
    return one, other
