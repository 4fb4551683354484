"""``scratchnet gradcheck``: check everything built in, or a class of the user's own."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import json
import os
import sys
import time
import traceback
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scratchnet import config
from scratchnet.utils.tables import fitting

if TYPE_CHECKING:
    from rich.console import Console

    from scratchnet.gradient_check.report import Report
    from scratchnet.gradient_check.workers import Outcome

EXAMPLE = "scratchnet gradcheck my_layer.py:MyLayer --input-shape 4,8,8,3 --arg filters=5"


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
        with redirect_stdout(sys.stderr):  # what the user's code prints is no part of the report
            report = check_target(
                target,
                input_shape,
                arg or [],
                one_backend,
                seed,
                batch_dependent=batch_dependent,
                constants=constant or [],
            )
            _ = report.known  # runs the user's code once more
        if plot is not None:
            report.plot().savefig(plot)
        print(json.dumps(report.to_dict(), indent=2, allow_nan=False) if as_json else report)
        passed = report.passed
    raise typer.Exit(0 if passed else 1)


# A class of the user's own --------------------------------------------------------------------------------------------


def check_target(
    target: str,
    input_shape: str | None,
    arguments: list[str],
    backend: str,
    seed: int,
    *,
    batch_dependent: bool = False,
    constants: Sequence[str] = (),
) -> Report:
    """Load a class, make an object of it and check that.

    Args:
        target: ``"file.py:Class"`` or ``"package.module:Class"``; the class may be left out if there is only one.
        input_shape: such as ``"4,8,8,3"``; a loss needs none.
        arguments: ``["units=5"]``, for the constructor.
        backend, seed, constants: as for ``check_layer``.
        batch_dependent: whether the samples are meant to depend on each other.

    Raises:
        ValueError: if there is no such class, or its code raises an error or ends the program: then with the line
            where.
    """
    from scratchnet.gradient_check.check import check_layer, check_loss
    from scratchnet.losses import Loss

    try:
        cls = load(target)
        made = _make(cls, dict(map(_parse_argument, arguments)))
        if isinstance(made, Loss):
            if batch_dependent or constants:
                raise typer.BadParameter("--batch-dependent and --constant are for layers, but this is a loss")
            shapes = _parse_shapes(input_shape)[0] if input_shape else (6, 5)
            return check_loss(made, shape=shapes, seed=seed, backend=backend)
        if input_shape is None:
            raise typer.BadParameter(f"--input-shape is needed to check a layer, as in: {EXAMPLE}")
        return check_layer(
            made,
            _parse_shapes(input_shape),
            seed=seed,
            backend=backend,
            independent_samples=not batch_dependent,
            constants=constants,
        )
    except typer.BadParameter:
        raise
    except SystemExit as error:  # else the code of a script, or of its argparse, would be the verdict
        raise ValueError(
            f"{_locate(error, target)}: it ends the program, so nothing was checked; put what a script does under "
            f'if __name__ == "__main__".'
        ) from error
    except Exception as error:
        raise ValueError(_locate(error, target)) from error


def _make(cls: Any, options: dict[str, Any]) -> Any:
    try:
        return cls(**options)
    except TypeError as error:
        if "argument" in str(error) and error.__traceback__ is not None and error.__traceback__.tb_next is None:
            raise ValueError(f"{error}: give constructor arguments as --arg NAME=VALUE.") from None
        raise


def load(target: str) -> Any:
    """Return the class that ``target`` names.

    Raises:
        ValueError: if the file, the module or the class is not there.
    """
    place, _, name = target.rpartition(":") if ":" in target else (target, "", "")
    if place.endswith(".py"):
        path = Path(place).resolve()
        if not path.is_file():
            raise ValueError(f"There is no file {place}: give the class to check as FILE.py:CLASS.")
        sys.path.insert(0, str(path.parent))
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[path.stem] = module
        spec.loader.exec_module(module)
    else:
        sys.path.insert(0, "")
        module = importlib.import_module(place)
    candidates = [
        n for n, c in inspect.getmembers(module, inspect.isclass) if c.__module__ == module.__name__ and _backward(c)
    ]
    if not name and len(candidates) == 1:
        name = candidates[0]
    if not name or not hasattr(module, name):
        known = ", ".join(candidates) or "none"
        what = f"has no class {name}" if name else "needs a class named after it, as in FILE.py:CLASS"
        raise ValueError(f"{place} {what}; classes with a backward in it: {known}.")
    return getattr(module, name)


def _backward(cls: type) -> bool:
    return callable(getattr(cls, "backward", None))


def _parse_argument(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier():
        raise typer.BadParameter(f"--arg expected NAME=VALUE, such as units=5, got {text}")
    try:
        return name, json.loads(value)
    except json.JSONDecodeError:
        return name, value


def _parse_shapes(text: str) -> list[tuple[int, ...]]:
    try:
        return [tuple(int(n) for n in shape.strip("() ,").split(",")) for shape in text.split(";")]
    except ValueError:
        raise typer.BadParameter(
            f"--input-shape expected whole numbers, the batch in front, such as 4,8,8,3, got {text}"
        ) from None


def _locate(error: BaseException, target: str) -> str:
    """Return the error's message with the last line of the user's own file that led to it."""
    name = Path(target.rpartition(":")[0] or target).name
    frames = [f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).name == name]
    if not frames:
        return str(error)
    last = frames[-1]
    return f"{name}, line {last.lineno}, in {last.name}, `{last.line}`: {type(error).__name__}: {error}"


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
    with Progress(console=console(stderr=True), transient=True) as progress:
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
