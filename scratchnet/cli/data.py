"""``scratchnet data``: where Fashion-MNIST is, getting it, checking it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scratchnet.cli.help import Command, Group
from scratchnet.cli.output import help_of, say, show
from scratchnet.errors import DatasetError

if TYPE_CHECKING:
    from rich.text import Text

    from scratchnet.datasets.files import FileStatus
    from scratchnet.datasets.sources import SourceReport

app = typer.Typer(cls=Group, rich_markup_mode="rich")


@app.callback(invoke_without_command=True)
def data(context: typer.Context) -> None:
    """Get Fashion-MNIST, say where it is, or check its files.

    Looked for in this order: the folder that the variable SCRATCHNET_DATA names; our cache; the Debian package
    dataset-fashion-mnist; Keras's cache; the public mirrors; the Debian archive. Wherever it comes from, the checksums
    decide.
    """
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def fetch() -> None:
    """Get the data set, unless it is on this machine already."""
    from scratchnet.datasets import fashion_mnist

    report = fashion_mnist.fetch()
    say(f"Fashion-MNIST is here ({report.source}): {report.said}.")


def where() -> None:
    """Print the folder that it is read from, and nothing else. Uses no network."""
    from scratchnet.datasets import fashion_mnist

    report = fashion_mnist.locate()
    if report is None:
        raise DatasetError("Fashion-MNIST is not on this machine: get it with scratchnet data fetch.")
    say(str(report.folder))


def verify(
    folder: Annotated[
        Path | None, typer.Argument(help="Check only this folder; all usual places if left out.", show_default=False)
    ] = None,
) -> None:
    """Check the SHA-256 of every file that is there. Uses no network.

    The exit code is 0 if one place has all four files right, and no place has a wrong one.
    """
    from scratchnet.datasets import fashion_mnist

    reports = fashion_mnist.verify(folder)
    for report in reports:
        _print_report(report)
    wrong = [file for report in reports for file in report.files if file.state in ("wrong", "unreadable")]
    if wrong:
        raise DatasetError(f"{len(wrong)} of the files found cannot be used: {wrong[0].detail}.")
    if not any(report.ok for report in reports):
        place = f"{folder} does not hold all four files" if folder else "No place has all four files"
        raise DatasetError(f"{place}: scratchnet data fetch gets them.")
    say("All files found are right.", style="green")


for command in (fetch, where, verify):
    app.command(command.__name__, cls=Command, help=help_of(command))(command)


def _print_report(report: SourceReport) -> None:
    from rich.text import Text

    mark, style = ("✓", "green") if report.ok else ("–", "dim")
    if any(file.state in ("wrong", "unreadable") for file in report.files):
        mark, style = "✗", "red"
    show(Text.assemble((f"{mark} {report.source}", f"bold {style}"), f"  {report.folder}"), indent=2)
    found = [file for file in report.files if file.state != "missing"]
    for file in found:
        show(_line(file), indent=6)
    if not found:
        show(f"    {report.said}", style="dim", indent=6)
    elif len(found) < len(report.files):
        missing = ", ".join(file.name for file in report.files if file.state == "missing")
        show(f"    missing: {missing}", style="yellow", indent=6)


def _line(file: FileStatus) -> Text:
    from rich.text import Text

    style = "green" if file.state == "ok" else "red"
    name = file.path.name if file.path is not None else file.name
    said = file.detail.removeprefix(f"{file.path}: ")
    return Text.assemble("    ", (f"{file.state:<10}", style), f"  {name}: {said}")
