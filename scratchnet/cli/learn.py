"""``scratchnet learn``: exercises in which a learner writes each backward herself, and is told what is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from scratchnet.cli.help import Command, Group
from scratchnet.cli.learning import (
    aligned,
    check_in_a_line,
    chosen,
    opened,
    path_of,
    show_report,
    tell,
    tell_of_damage,
)
from scratchnet.cli.output import console, remark, say, show, show_command


class Commands(Group):
    """The sub-commands, which know an exercise where a command should be."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the sub-command that is meant, or say what is missing before an exercise's name."""
        from scratchnet.learn.catalogue import NAMES, name_in

        if name_in(args[0]) in NAMES:
            raise typer.BadParameter(f"{args[0]} is an exercise: did you mean scratchnet learn check {args[0]}?", ctx)
        return super().resolve_command(ctx, args)


app = typer.Typer(cls=Commands, invoke_without_command=True)

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

    Without a command: watches the files, and checks the exercise that you save.
    """
    if context.invoked_subcommand is not None:
        if folder is not None or poll:
            option = "--dir" if folder is not None else "--poll"
            where = f"behind it: scratchnet learn {context.invoked_subcommand} --dir" if folder is not None else "alone"
            raise typer.BadParameter(f"{option} before a command is not heard by it: give it {where}.", context)
    else:
        from scratchnet.learn.watching import Watch

        Watch(opened(folder), show_report, tell, poll).run()


@app.command(cls=Command)
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
    if folder.resolve() != Path.cwd():
        show_command(["cd", str(folder)], first=2)
    for command, meaning in _FIRST_COMMANDS.items():
        show(f"  {command:<26}{meaning}", indent=28)


@app.command("list", cls=Command)
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


@app.command(cls=Command)
def check(
    name: Name = None,
    folder: Where = None,
    everything: Annotated[bool, typer.Option("--all", help="Check every exercise, one line for each.")] = False,
) -> None:
    """Check one exercise: does it run, are the values right, the gradients, the promises, the speed?

    Exit code 1 if it is not passed.
    """
    here = opened(folder)
    if everything:
        passed = [check_in_a_line(here, each) for each in here.present()]
        raise typer.Exit(0 if all(passed) else 1)
    report = here.check(chosen(here, name))
    show_report(here, report)
    raise typer.Exit(0 if report.passed else 1)


@app.command(cls=Command)
def hint(name: Name = None, folder: Where = None) -> None:
    """Give the next of three hints: a question, the sum with its indices, the operation."""
    from scratchnet.learn.hinting import LABELS, next_hint

    here = opened(folder)
    exercise = chosen(here, name)
    number, what, text = next_hint(here, exercise)
    aligned([("", f"hint {number} of {len(LABELS)}", f"{exercise}, {what}:"), ("", "", text)])


@app.command(cls=Command)
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


@app.command(cls=Command)
def reset(
    name: Name = None,
    folder: Where = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Write an exercise's file anew; the old one is kept beside it."""
    here = opened(folder)
    exercise = chosen(here, name)
    if not yes and not typer.confirm(f"Write {path_of(here, exercise)} anew? A copy of yours is kept."):
        say("Nothing was changed.")
        return
    copy = here.reset(exercise)
    say(f"{path_of(here, exercise)} is as at the beginning" + (f"; yours is in {copy}." if copy else "."))


@app.command(cls=Command)
def export(
    target: Annotated[Path | None, typer.Argument(metavar="[FILE.zip]", show_default=False)] = None,
    folder: Where = None,
) -> None:
    """Put the exercises and the progress into one zip, for a teacher."""
    here = opened(folder)
    path = target if target is not None else Path(f"{here.path.resolve().name}.zip")
    here.export(path)
    say(f"Written: {path}")


@app.command("class", cls=Command)
def class_(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Zips and folders, one for each student.")],
    seed: Annotated[int, typer.Option(min=0, help="Of the inputs; choose one that no student knows.")] = 7,
    jobs: Annotated[int, typer.Option(min=1, help="How many are graded at a time.")] = 2,
    output: Annotated[Path | None, typer.Option(help="Where class.csv and class.html go; by default FOLDER.")] = None,
) -> None:
    """Grade a class anew: students × exercises, the commonest mistakes, as CSV and HTML."""
    from scratchnet.learn.catalogue import NAMES
    from scratchnet.learn.classroom import grade_class, write_tables

    results = grade_class(folder, seed, jobs, lambda student: remark(f"{student} is graded."))
    for row in results.rows():
        say("  ".join(row))
    say(f"✓ passed, ✗ not yet, · not handed in; in the order of scratchnet learn list, {NAMES[0]} to {NAMES[-1]}.")
    for mistake, count in results.commonest():
        show(f"{count:3} × {mistake}: {results.sentence(mistake)}", indent=6)
    for student, why in results.unread.items():
        remark(f"{student} is not graded: {why}.")
    for path in write_tables(results, output or folder):
        say(f"Written: {path}")
