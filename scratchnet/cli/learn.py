"""``scratchnet learn``: exercises in which a learner writes each backward herself, and is told what is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scratchnet.cli.output import console, remark, say, show

if TYPE_CHECKING:
    from scratchnet.learn.folder import Folder
    from scratchnet.learn.report import Report

app = typer.Typer(invoke_without_command=True)

Name = Annotated[
    str | None,
    typer.Argument(help="An exercise, such as dense-dw. Without it: the first that is not passed.", show_default=False),
]
Where = Annotated[
    Path | None,
    typer.Option("--dir", help="The folder of exercises; by default the one you are in.", show_default=False),
]

_FIRST_COMMANDS = {
    "scratchnet learn": "checks the current exercise whenever you save it",
    "scratchnet learn hint": "if you are stuck",
}


@app.callback(
    epilog="A first walk: [cyan]scratchnet learn start exercises[/], then [cyan]cd exercises[/] and "
    "[cyan]scratchnet learn[/]."
)
def watch(
    context: typer.Context,
    folder: Where = None,
    poll: Annotated[
        bool, typer.Option("--poll", help="Look at the file's time, for disks that report no changes.")
    ] = False,
) -> None:
    """Write backpropagation yourself: 25 exercises, from one weight to a fast convolution.

    Without a command: watches the current exercise and checks it whenever its file is saved.
    """
    if context.invoked_subcommand is None:
        from scratchnet.learn.watching import Watch

        Watch(opened(folder), show_report, tell, poll).run()


@app.command()
def start(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Made if it is not there.", show_default=False)],
) -> None:
    """Write the exercises into a folder; where some are already, only those that are missing."""
    from scratchnet.learn.catalogue import NAMES
    from scratchnet.learn.folder import start as begin

    made, count = begin(folder)
    tell_of_damage(made)
    first = made.current() or NAMES[0]
    say(f"{count} of {len(NAMES)} exercises written into {folder}/" if count else f"All exercises are in {folder}/")
    say(f"Open {made.file(first)} in your editor, and in a terminal beside it:")
    say(f"  cd {folder}")
    for command, meaning in _FIRST_COMMANDS.items():
        show(f"  {command:<26}{meaning}", indent=28)


@app.command("list")
def list_exercises(folder: Where = None) -> None:
    """Show all exercises, which are passed, and which is next."""
    from rich.table import Table

    from scratchnet.learn.catalogue import EXERCISES

    here = opened(folder)
    current = here.current()
    table = Table.grid(padding=(0, 1))
    for _ in range(3):
        table.add_column(no_wrap=True)
    table.add_column()  # goes on in a second line where it is narrow: names and marks must stay whole
    for number, (name, exercise) in enumerate(EXERCISES.items(), 1):
        mark = "✓" if here.progress.passed(name) else "→" if name == current else " "
        style = "green" if mark == "✓" else "bold" if mark == "→" else ""
        table.add_row(f"{number:2}", mark, name, exercise.title, style=style)
    console().print(table)
    done = sum(map(here.progress.passed, EXERCISES))
    say(f"{done} of {len(EXERCISES)} passed.")


@app.command()
def check(
    name: Name = None,
    folder: Where = None,
    everything: Annotated[bool, typer.Option("--all", help="Check every exercise, one line for each.")] = False,
) -> None:
    """Check one exercise: does it run, are the values right, the gradients, the promises, the speed?

    Exit code 1 if it is not passed.
    """
    from scratchnet.learn.catalogue import NAMES

    here = opened(folder)
    if everything:
        reports = [here.check(each) for each in NAMES if here.file(each).is_file()]
        for report in reports:
            say(f"{'✓' if report.passed else '✗'} {report.exercise}", "green" if report.passed else "")
        raise typer.Exit(0 if all(report.passed for report in reports) else 1)
    report = here.check(chosen(here, name))
    show_report(here, report)
    raise typer.Exit(0 if report.passed else 1)


@app.command()
def hint(name: Name = None, folder: Where = None) -> None:
    """Give the next of three hints: a question, the sum with its indices, the operation."""
    from scratchnet.learn.hinting import LABELS, next_hint

    here = opened(folder)
    exercise = chosen(here, name)
    number, what, text = next_hint(here, exercise)
    aligned([("", f"hint {number} of {len(LABELS)}", f"{exercise}, {what}:"), ("", "", text)])


@app.command()
def solution(name: Name = None, folder: Where = None) -> None:
    """Show a solution: after passing, or after all hints and with the exercise's name typed."""
    from scratchnet.learn.catalogue import NAMES, find
    from scratchnet.learn.hinting import LABELS, may_see_solution

    here = opened(folder)
    passed = [each for each in NAMES if here.progress.passed(each)]
    exercise = find(name).name if name else passed[-1] if passed else chosen(here, None)
    typed = None
    if not here.progress.passed(exercise) and here.progress.hints(exercise) >= len(LABELS):
        question = f"Once seen, it is no longer yours to find. To see it, type {exercise}"
        typed = typer.prompt(question, default="", show_default=False)
    may_see_solution(here, exercise, typed)
    say(find(exercise).solution.rstrip())


@app.command()
def reset(
    name: Name = None,
    folder: Where = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Write an exercise's file anew; the old one is kept beside it."""
    here = opened(folder)
    exercise = chosen(here, name)
    if not yes and not typer.confirm(f"Write {here.file(exercise).name} anew? A copy of yours is kept."):
        say("Nothing was changed.")
        return
    copy = here.reset(exercise)
    say(f"{here.file(exercise).name} is as at the beginning" + (f"; yours is in {copy}." if copy else "."))


@app.command()
def export(
    target: Annotated[Path | None, typer.Argument(metavar="[FILE.zip]", show_default=False)] = None,
    folder: Where = None,
) -> None:
    """Put the exercises and the progress into one zip, for a teacher."""
    here = opened(folder)
    path = target if target is not None else Path(f"{here.path.resolve().name}.zip")
    here.export(path)
    say(f"Written: {path}")


@app.command("class")
def class_(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Zips and folders, one for each student.")],
    seed: Annotated[int, typer.Option(min=0, help="Of the inputs; choose one that no student knows.")] = 7,
    jobs: Annotated[int, typer.Option(min=1, help="How many are graded at a time.")] = 2,
    output: Annotated[Path | None, typer.Option(help="Where class.csv and class.html go; by default FOLDER.")] = None,
) -> None:
    """Grade a class anew: students × exercises, the commonest mistakes, as CSV and HTML."""
    from scratchnet.learn.classroom import grade_class, write_tables

    results = grade_class(folder, seed, jobs, lambda student: remark(f"{student} is graded."))
    for row in results.rows():
        say("  ".join(row))
    for mistake, count in results.commonest():
        say(f"{count:3} × {mistake}")
    for path in write_tables(results, output or folder):
        say(f"Written: {path}")


# What they share ------------------------------------------------------------------------------------------------------


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


def show_report(folder: Folder, report: Report) -> None:
    """Print a report, and what to do next."""
    say(f"{report.exercise}: {'passed' if report.passed else 'not yet'}", "bold green" if report.passed else "bold")
    aligned(report.lines())
    following = folder.current()
    if not report.passed:
        tell(f"Your file: {folder.file(report.exercise).name}    Stuck? scratchnet learn hint {report.exercise}")
    elif following is None:
        tell("All exercises are passed.")
    else:
        tell(f"Next: {folder.file(following).name}    Another way to write it: scratchnet learn solution")


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
