"""``scratchnet sweep``: train a network with many settings, and see which is best."""

from __future__ import annotations

import os
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scratchnet.cli import runs, train
from scratchnet.cli.options import network_argument
from scratchnet.cli.output import Interrupted, say
from scratchnet.errors import InUseError, ScratchnetError
from scratchnet.utils.signals import Terminated

if TYPE_CHECKING:
    from scratchnet.cli.sweeping.plan import Plan

SWEEPS = Path("sweeps")


def sweep(
    network: Annotated[str | None, network_argument()] = None,
    options: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="-- OPTIONS",
            show_default=False,
            help="What every trial is given, as for [cyan]scratchnet train[/].",
        ),
    ] = None,
    vary: Annotated[
        list[str] | None,
        typer.Option(
            "--vary",
            metavar="NAME=VALUES",
            show_default=False,
            help="An option of train and its values: [cyan]batch-size=32,64[/]; with --random also a range, "
            "[cyan]learning-rate=0.0001:0.01:log[/]. As often as you like.",
        ),
    ] = None,
    draws: Annotated[
        int | None,
        typer.Option("--random", min=1, show_default=False, help="Draw so many settings, rather than trying all."),
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Train every setting with so many seeds.")] = 1,
    halving: Annotated[
        int,
        typer.Option(
            min=0,
            show_default=False,
            help="Successive halving: train all for a few epochs, let the best one of so many go on, and again.",
        ),
    ] = 0,
    jobs: Annotated[
        int | None,
        typer.Option(
            min=1,
            show_default=False,
            help="How many trials at a time; one for each core, with one thread, if left out.",
        ),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(
            metavar="tcp://HOST:PORT",
            show_default=False,
            help="Train on the workers of this Dask cluster, which share the folder.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            show_default=False,
            help="The folder to write to; sweeps/<network>-<date>-<time> if left out. A sweep in it goes on.",
        ),
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option(metavar="SWEEP", show_default=False, help="Go on with the sweep in this folder."),
    ] = None,
) -> None:
    """Train a network with many settings of train's options, and see which is best.

    Each trial has a folder of its own, as [cyan]scratchnet train[/] writes it. What is killed is trained again, from
    its last epoch; what is finished stays.

    For example: [cyan]scratchnet sweep mlp --vary learning-rate=0.001,0.003 --seeds 3 -- --mini --epochs 5[/]
    """
    from scratchnet.cli.sweeping import plan as planning
    from scratchnet.utils.locks import FolderLock

    if halving == 1:
        raise typer.BadParameter("expected 2 or more, of which one goes on, got 1.", param_hint="--halving")
    if resume is not None:
        if network is not None or vary or options:
            raise typer.BadParameter("a sweep that goes on remembers what it is: give its folder alone.")
        folder, plan = resume, planning.read(resume)
    elif network is None:
        raise typer.BadParameter("Missing argument: the network to train, or --resume SWEEP to go on with a sweep.")
    else:
        plan = planning.make(train.train, network, options or [], vary or [], draws, seeds, halving)
        folder, plan = _folder(output, plan)
    with ExitStack() as stack:
        lock = FolderLock()
        if not lock.take(str(folder)):
            raise InUseError(f"{folder} is the folder of a sweep that runs: wait until it has ended.")
        stack.callback(lock.give_back)
        problems = _run(folder, plan, jobs, scheduler)
    if problems:
        name, problem = next(iter(problems.items()))
        raise ScratchnetError(
            f"{len(problems)} of {len(plan.trials)} trials could not be trained to their end, such as {name}: {problem}"
            f" They are tried again by: {runs.command('sweep', '--resume', str(folder))}"
        )


def _folder(output: Path | None, plan: Plan) -> tuple[Path, Plan]:
    """Return the folder of a new sweep and its plan; or those of one that has begun, and is the same."""
    from scratchnet.cli.sweeping import plan as planning

    folder = output or SWEEPS / f"{plan.network}-{time.strftime('%Y%m%d-%H%M%S')}"
    if (folder / planning.PLAN).exists():
        begun = planning.read(folder)
        if not begun.same_sweep(plan):
            raise ScratchnetError(f"{folder} holds another sweep: choose another --output, or --resume {folder}.")
        return folder, begun
    if folder.exists() and any(folder.iterdir()):
        raise ScratchnetError(f"{folder} exists already and is not empty: choose another --output.")
    folder.mkdir(parents=True, exist_ok=True)
    plan.write(folder)
    return folder, plan


def _run(folder: Path, plan: Plan, jobs: int | None, scheduler: str | None) -> dict[str, str]:
    """Train what is not trained yet, rung by rung, and show what came out; return what went wrong, by trial."""
    from scratchnet.cli.sweeping import outcome, running, trials
    from scratchnet.cli.sweeping.plan import TRIALS

    cores = running.cores()
    jobs = min(jobs or cores, max(len(rung.trials) for rung in plan.rungs))
    threads = 1 if scheduler else max(1, cores // jobs)
    many, where = len(plan.trials), f"at {scheduler}"
    if not scheduler:
        where = f"{jobs} at a time, each on {threads} thread{'s' if threads > 1 else ''}"
    say(f"{many} trials of {plan.network}, {where}. Writing to {folder}/")
    (folder / TRIALS).mkdir(exist_ok=True)
    problems: dict[str, str] = {}
    try:
        for number, rung in enumerate(plan.rungs):
            if rung.done:
                continue
            problems |= _train(folder, plan, number, jobs, threads, scheduler)
            for trial in rung.trials:
                if trial not in problems:
                    rung.scores[trial] = outcome.accuracy(trials.record(folder / TRIALS / trial) or {})[1]
            if problems and len(plan.rungs) > 1:
                break  # who goes on is not known
            if not problems:
                plan.promote(number)
                plan.write(folder)
    except (KeyboardInterrupt, Terminated) as stop:
        signal, code = ("SIGTERM", 143) if isinstance(stop, Terminated) else ("Ctrl-C", 130)
        done = sum(trials.is_done(folder / TRIALS / name, None) for name in plan.trials)
        raise Interrupted(
            f"Stopped by {signal}, when {done} of {many} trials had been trained. Go on with: "
            f"{runs.command('sweep', '--resume', str(folder))}",
            code,
        ) from None
    outcome.finish(folder, plan)
    return problems


def _train(folder: Path, plan: Plan, number: int, jobs: int, threads: int, scheduler: str | None) -> dict[str, str]:
    """Train the trials of a rung, and return what went wrong."""
    from scratchnet import config
    from scratchnet.cli.sweeping import outcome, running, trials
    from scratchnet.cli.sweeping.plan import TRIALS

    rung, problems = plan.rungs[number], dict[str, str]()
    left = [t for t in rung.trials if not trials.is_done(folder / TRIALS / t, rung.epochs)]
    done = len(rung.trials) - len(left)
    if len(plan.rungs) > 1:
        say(f"Rung {number + 1} of {len(plan.rungs)}: {len(rung.trials)} trials, {rung.epochs} epochs.")
    if done:
        say(f"{done} of {len(rung.trials)} are there already.")

    def told(name: str, problem: str) -> None:
        nonlocal done
        done += 1
        if problem:
            problems[name] = problem
            say(f"{done} of {len(rung.trials)}  {name}: {problem}", style="red")
            return
        record = trials.record(folder / TRIALS / name) or {}
        what, right = outcome.accuracy(record)
        say(f"{done} of {len(rung.trials)}  {name}: {what} accuracy {right:.4f}, {record['seconds']:.1f} s")

    tasks = [
        (t, (os.path.abspath(folder / TRIALS / t), plan.arguments(t), rung.epochs, threads, config.backend()))
        for t in left
    ]
    running.run(tasks, jobs, scheduler, told)
    return problems
