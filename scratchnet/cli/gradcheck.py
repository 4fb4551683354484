"""``scratchnet gradcheck``: check everything built in, or a class of the user's own."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scratchnet import config
from scratchnet.cli.gradcheck_apart import Request, check_apart
from scratchnet.cli.gradcheck_target import EXAMPLE
from scratchnet.utils.tables import fitting
from scratchnet.utils.terminal import columns, write

if TYPE_CHECKING:
    from rich.console import Console

    from scratchnet.gradient_check.workers import Outcome


def gradcheck(
    target: Annotated[
        str | None,
        typer.Argument(
            metavar="[FILE.py:CLASS]",
            help="A layer or loss of your own, in a file or an importable module. Without it: everything built in.",
            show_default=False,
        ),
    ] = None,
    input_shape: Annotated[
        str | None,
        typer.Option(
            help="Shape of the batch to check on, such as 4,8,8,3. Several inputs: 4,6;4,6.", show_default=False
        ),
    ] = None,
    arg: Annotated[
        list[str] | None,
        typer.Option(help="Constructor argument NAME=VALUE, VALUE as in JSON; may be repeated.", show_default=False),
    ] = None,
    backend: Annotated[str, typer.Option(help="numpy, numba or both.")] = "both",
    jobs: Annotated[
        int | None,
        typer.Option(min=1, help="Processes that share everything built in; by default two, if there are two cores."),
    ] = None,
    batch_dependent: Annotated[
        bool, typer.Option("--batch-dependent", help="The samples depend on each other, as in a batch normalization.")
    ] = False,
    constant: Annotated[
        list[str] | None,
        typer.Option(help="Attribute with an array that is no parameter; may be repeated.", show_default=False),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of everything random, for a class of your own.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the reports as JSON.")] = False,
    plot: Annotated[
        Path | None,
        typer.Option(help="Draw the worst gradient's errors into this file, for a class of your own."),
    ] = None,
    timeout: Annotated[
        float, typer.Option(min=0.001, help="Seconds that a class of your own may take; then nothing is proved.")
    ] = 600.0,
) -> None:
    """Check that every `backward` is the derivative of its `forward`.

    Compares every entry of every gradient with a difference quotient, and says what is wrong, where, and what the
    mistake looks like. Exit code 1 if anything is wrong.
    """
    if backend not in (*config.BACKENDS, "both"):
        raise typer.BadParameter(f"--backend expected numpy, numba or both, got {backend}")
    backends = list(config.BACKENDS[::-1]) if backend == "both" else [backend]
    if target is None:
        if input_shape is not None or arg or plot is not None or batch_dependent or constant:
            raise typer.BadParameter(
                f"--input-shape, --arg, --plot, --batch-dependent and --constant need a class to check, "
                f"as in: {EXAMPLE}"
            )
        passed = _check_everything(backends, jobs or min(2, os.cpu_count() or 1), as_json)
    else:
        one_backend = config.backend() if backend == "both" else backend
        request = Request(
            target, input_shape, arg or [], one_backend, seed, batch_dependent, constant or [], plot, columns()
        )
        verdict = check_apart(request, timeout)
        if as_json:
            print(json.dumps(verdict.report, indent=2, allow_nan=False))
        else:
            write(f"{verdict.text}\n")
        passed = verdict.passed
    raise typer.Exit(0 if passed else 1)


# Everything built in --------------------------------------------------------------------------------------------------


def _check_everything(backends: list[str], jobs: int, as_json: bool) -> bool:
    from rich.progress import Progress

    from scratchnet.cli.output import console
    from scratchnet.gradient_check import builtin
    from scratchnet.gradient_check.workers import run_checks

    checks, begun = builtin.builtin_checks(), time.perf_counter()
    tasks = [
        (check.title, backend)
        for check in sorted(checks, key=lambda check: not check.compiles)  # so that all cores compile from the start
        for backend in backends
    ]
    shown_on = console(stderr=True)
    with Progress(console=shown_on, transient=True, disable=not shown_on.is_terminal) as progress:
        bar = progress.add_task("Checking gradients", total=len(tasks))
        outcomes = run_checks(tasks, jobs, lambda outcome: progress.advance(bar))
    seconds = time.perf_counter() - begun
    passed = all(outcome.passed for outcome in outcomes.values())
    if as_json:
        reports = [outcome.as_dict for outcome in outcomes.values()]
        print(json.dumps({"passed": passed, "seconds": round(seconds, 1), "checks": reports}, indent=2))
        return passed
    _print_table(console(), [(check.kind, check.title) for check in checks], backends, outcomes)
    for outcome in outcomes.values():
        if not outcome.passed:
            print(f"\n{outcome.text}")
    entries = sum(outcome.entries for outcome in outcomes.values())
    good = sum(outcome.passed for outcome in outcomes.values())
    console().print(
        f"\n{good} of {len(outcomes)} checks passed: {entries:,} entries of gradients against difference quotients, in "
        f"{seconds:.0f} s.",
        style="green" if passed else "red",
        soft_wrap=True,
    )
    return passed


def _print_table(
    console: Console,
    rows: list[tuple[str, str]],
    backends: list[str],
    outcomes: dict[tuple[str, str], Outcome],
) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(title="Gradient checks: worst relative error of all entries", title_justify="left")
    table.add_column("what")
    table.add_column("entries", justify="right")
    for backend in backends:
        table.add_column(backend, justify="right")
    table.add_column("contract", justify="right")
    table.add_column("at kinks")
    for i, (kind, title) in enumerate(rows):
        if i and kind != rows[i - 1][0]:
            table.add_section()
        mine = [outcomes[title, backend] for backend in backends]
        kept, asked = sum(o.kept for o in mine), sum(o.asked for o in mine)
        table.add_row(
            Text(title),
            f"{mine[0].entries:,}",
            *[
                Text(f"{o.worst_error:.0e} {'✓' if o.passed else '✗'}", style="green" if o.passed else "bold red")
                for o in mine
            ],
            Text(f"{kept}/{asked}", style="" if kept == asked else "red"),
            mine[0].kinks,
        )
    console.print(fitting(console, table))
