"""The command ``python -m reference``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reference.report import REPORTS, Report, show

app = typer.Typer(add_completion=False, no_args_is_help=False, pretty_exceptions_enable=False)
SECTIONS = ("structure", "values", "training", "display")

Folder = Annotated[Path, typer.Option("--out", help="Where reports and pictures go.")]


@app.callback(invoke_without_command=True)
def compare(
    context: typer.Context,
    quick: Annotated[bool, typer.Option(help="A part of everything, in under 2 minutes.")] = False,
    only: Annotated[list[str] | None, typer.Option(help=f"Sections to run: {', '.join(SECTIONS)}.")] = None,
    out: Folder = REPORTS,
) -> None:
    """Compare scratchnet with Keras: structure, values, lock-step training, display. Ends with 1 if anything is red."""
    if context.invoked_subcommand is not None:
        return
    for name in only or []:
        if name not in SECTIONS:
            raise typer.BadParameter(f"unknown section {name!r}: known are {', '.join(SECTIONS)}.")
    _need_keras()
    report = Report()
    for name in only or SECTIONS:
        first = len(report.rows)
        with report.timed(name):
            _run_section(name, report, quick)
        show(report.rows[first:], f"{name} ({report.seconds[name]:.0f} s)")
    _finish(report, out, complete=not quick and not only)


def _need_keras() -> None:
    """End with a sentence where there is no Keras: in a fresh clone, that is no fault of the program."""
    try:
        import reference.environment  # noqa: F401
    except ImportError as error:
        raise SystemExit(str(error)) from None


def _run_section(name: str, report: Report, quick: bool) -> None:
    import warnings

    from reference import cases, display, lockstep, structure

    with warnings.catch_warnings():
        # Keras says so at every call; random models have such layers on purpose.
        warnings.filterwarnings("ignore", message="You are using a softmax over axis")
        if name == "structure":
            structure.run(report, models=40 if quick else 200)
        elif name == "values":
            cases.run(report, quick)
        elif name == "training":
            lockstep.run(report, steps=40 if quick else lockstep.STEPS)
        else:
            display.run(report, quick)


def _finish(report: Report, out: Path, complete: bool) -> None:
    """Write the report and the picture, say how it went, and end with 1 if anything is red."""
    from reference.environment import describe
    from reference.pictures import draw_drift

    suffix = "" if complete else "-part"  # a part does not replace the whole report
    report.save(out / f"report{suffix}.json", describe())
    if "drift" in report.curves:
        draw_drift(report.curves["drift"], out / f"drift{suffix}.png")
    red = [row for row in report.rows if not row.ok]
    typer.echo(
        f"{len(report.rows) - len(red)} of {len(report.rows)} rows agree. Report: {out / f'report{suffix}.json'}"
    )
    for row in red:
        typer.echo(f"✗ {row.what}: {row.where}")
    raise typer.Exit(0 if report.ok else 1)


@app.command()
def accuracy(
    seeds: Annotated[int, typer.Option(min=1, help="How many pairs of trainings.")] = 5,
    epochs: Annotated[int, typer.Option(min=1)] = 10,
    samples: Annotated[int | None, typer.Option(min=1, help="Only so many images, to try it out.")] = None,
    out: Folder = REPORTS,
) -> None:
    """Train both networks on both sides, seed by seed. A stopped run goes on with the seeds that are missing."""
    _need_keras()
    from reference import accuracy as comparison
    from reference.pictures import draw_accuracy

    path = out / ("accuracy.json" if samples is None and epochs == 10 else "accuracy-part.json")
    finished = {}
    for finished in comparison.run(path, seeds, epochs, samples):
        last = finished["runs"][-1]
        sides = ", ".join(f"{side} {100 * last[side][-1]:.2f} %" for side in ("scratchnet", "keras"))
        typer.echo(f"{last['network']}, seed {last['seed']}: {sides}")
    rows = comparison.rows(finished)
    show(rows, f"accuracy after {epochs} epochs")
    draw_accuracy(finished, path.with_suffix(".png"))
    typer.echo(f"Report: {path}")
    raise typer.Exit(0 if all(row.ok for row in rows) else 1)


@app.command()
def tables(
    out: Folder = REPORTS,
    into: Annotated[Path | None, typer.Option(help="A document to write them into, between its marks.")] = None,
) -> None:
    """Write the tables for the README and docs/reports/agreement.md from the reports."""
    from reference.tables import short_table, write_into
    from reference.tables import tables as make

    text = make(out)
    (out / "tables.md").write_text(text, encoding="utf-8")
    if (out / "report.json").exists():
        (out / "short.md").write_text(short_table(out), encoding="utf-8")
    if into is None:
        typer.echo(text)
    else:
        write_into(into, text)


def main() -> None:
    """Run the command."""
    app(prog_name="python -m reference")
