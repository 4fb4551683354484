"""Hints, and the way to a solution: first the learner's own mistake, then the exercise; a solution comes last."""

from __future__ import annotations

from scratchnet.learn.catalogue import find
from scratchnet.learn.folder import Folder, LearnError

LABELS = ("a question", "the sum", "the operation")


def next_hint(folder: Folder, name: str) -> tuple[int, str, str]:
    """Return the number of the next hint, what it is, and the hint; after the last, the last again.

    If the last check has named a mistake, its hints are given, from the first.
    """
    entry = folder.progress.of(name)
    last = entry.get("last")
    hints = last["hints"] if isinstance(last, dict) and len(last.get("hints", ())) == 3 else find(name).hints
    given = entry.get("hint", 0)
    number = min(given + 1 if isinstance(given, int) else 1, len(LABELS))
    entry["hint"] = number
    entry["hints"] = max(folder.progress.hints(name), number)
    folder.progress.write()
    return number, LABELS[number - 1], str(hints[number - 1])


def may_see_solution(folder: Folder, name: str, typed: str | None) -> None:
    """Allow the solution after passing; before, after all hints and with the exercise's name typed.

    Raises:
        LearnError: with what is missing.
    """
    if folder.progress.passed(name):
        return
    left = len(LABELS) - folder.progress.hints(name)
    if left > 0:
        count = "one hint is" if left == 1 else f"{left} hints are"
        raise LearnError(f"{name} is not passed, and {count} left: scratchnet learn hint {name}.")
    if typed != name:
        raise LearnError(f"Not shown: the name {name} was asked for, got {typed!r}.")
