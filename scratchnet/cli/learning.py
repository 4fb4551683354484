"""What the commands of ``scratchnet learn`` share: the folder that is meant, and how a report is printed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scratchnet.cli.output import console, remark, say

if TYPE_CHECKING:
    from scratchnet.learn.folder import Folder
    from scratchnet.learn.report import Report


def opened(folder: Path | None) -> Folder:
    """Return the learner's folder, and say so if its progress was damaged."""
    from scratchnet.learn.folder import nearest

    here = nearest(Path.cwd()) if folder is None else nearest(folder, upwards=False)
    tell_of_damage(here)
    return here


def tell_of_damage(folder: Folder) -> None:
    """Say that a damaged progress file was set aside, and begin a new one."""
    aside = folder.progress.aside
    if aside is not None:
        remark(f"The progress was damaged and is now {aside.name}: scratchnet learn check --all finds what passes.")
        folder.progress.write()


def chosen(folder: Folder, name: str | None) -> str:
    """Return the exercise that is meant."""
    from scratchnet.learn.catalogue import NAMES, find

    return find(name).name if name is not None else folder.current() or NAMES[-1]


def check_in_a_line(folder: Folder, name: str) -> bool:
    """Check an exercise, say in a line what came out, and return whether it passed."""
    passed = folder.check(name).passed
    say(f"{'✓' if passed else '✗'} {name}", "green" if passed else "")
    return passed


def path_of(folder: Folder, name: str) -> str:
    """Return the file of an exercise as it is called from here."""
    path = folder.file(name)
    return os.path.relpath(path) if path.resolve().is_relative_to(Path.cwd()) else str(path)


def show_report(folder: Folder, report: Report) -> None:
    """Print a report, and what to do next."""
    say(f"{report.exercise}: {'passed' if report.passed else 'not yet'}", "bold green" if report.passed else "bold")
    aligned(report.lines())
    following = folder.current(after=report.exercise)
    if not report.passed:
        tell(f"Your file: {path_of(folder, report.exercise)}    Stuck? scratchnet learn hint {report.exercise}")
    elif following is None:
        tell("All exercises are passed.")
    else:
        other = f"scratchnet learn solution {report.exercise}"
        tell(f"Next: {path_of(folder, following)}    Another way to write it: {other}")


def tell(text: str) -> None:
    """Print a sentence, folded between words where the terminal ends."""
    from rich.text import Text

    console().print(Text(text))


def aligned(rows: list[tuple[str, str, str]]) -> None:
    """Print rows of mark, label and text, in which long texts are folded within their column."""
    from rich.table import Table
    from rich.text import Text

    table: Any = Table.grid(padding=(0, 1))
    table.add_column(width=1)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for mark, label, text in rows:
        style = "green" if mark == "✓" else "bold red" if mark == "✗" else ""
        table.add_row(Text(mark, style), Text(label, "" if mark else "dim"), Text(text))
    console().print(table)
