"""What came out of grading a class."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from scratchnet.learn.catalogue import NAMES
from scratchnet.learn.report import Report


@dataclass(frozen=True)
class ClassResults:
    """What came out.

    Attributes:
        reports: by student and exercise; an exercise that was not handed in, or never begun, has none.
        unread: by student, why nothing of hers could be graded.
    """

    reports: dict[str, dict[str, Report]]
    unread: dict[str, str] = field(default_factory=dict)

    def cell(self, student: str, exercise: str) -> str:
        """Return "passed", or the stage that failed; nothing for what was not handed in, or is as it was given out."""
        report = self.reports[student].get(exercise)
        if report is None:
            return ""
        return "passed" if report.passed else report.stages[-1]

    def commonest(self) -> list[tuple[str, int]]:
        """Return the named mistakes with how many students make them, the commonest first."""
        counts = Counter(
            f"{report.exercise}: {report.mistake.name}"
            for reports in self.reports.values()
            for report in reports.values()
            if report.mistake is not None
        )
        return counts.most_common()

    def sentence(self, mistake: str) -> str:
        """Return what is said to the students who made a mistake, named as in ``commonest``."""
        reports = (report for reports in self.reports.values() for report in reports.values())
        made = (r for r in reports if r.mistake is not None and f"{r.exercise}: {r.mistake.name}" == mistake)
        return next((report.mistake.sentence for report in made if report.mistake is not None), "")

    def rows(self) -> list[list[str]]:
        """Return a row for each student: the name, and a mark for each exercise."""
        width = max(map(len, self.reports), default=0)
        marks = {"passed": "✓", "": "·"}
        return [
            [student.ljust(width), "".join(marks.get(self.cell(student, name), "✗") for name in NAMES)]
            for student in self.reports
        ]
