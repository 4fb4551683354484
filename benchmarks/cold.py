"""The first minute of a newcomer: from an empty cache of kernels to the first finished training step of `make train`.

    python -m benchmarks cold                       this checkout
    python -m benchmarks cold --against ../before   this one and another one, in turns

`make train` calls `scratchnet train cnn`, and so does this: in a process of its own, with a new folder for what Numba
keeps. The clock runs from the start of the process to the end of the first training step, importing included, and the
process is ended there. Beside it stands the time that its processors were busy, its compiling processes included: on a
machine that does other things as well, that is the steadier of the two.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import machine
from benchmarks.processes import ROOT
from benchmarks.statistics import Summary, pairwise_ratios, seconds, summarise, three_digits

HALF = 0.5
"""At most so much of the other checkout's time is what was set out for."""
TIMEOUT = 900

FIRST_STEP = """
import os, resource, sys
import scratchnet

fit = scratchnet.Model.fit

class FirstStep(scratchnet.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        print("\\nFIRST STEP", sum(u.ru_utime + u.ru_stime for u in spent), scratchnet.__file__, flush=True)
        os._exit(0)

def fit_one_step(self, *args, callbacks=None, **options):
    return fit(self, *args, callbacks=[*(callbacks or []), FirstStep()], **options)

scratchnet.Model.fit = fit_one_step
sys.argv = ["scratchnet", "train", "cnn", *sys.argv[1:]]
from scratchnet.cli import main
main()
"""
"""Runs in either checkout, so it leans on nothing but what both have: `Model.fit`, callbacks, and the command."""


@dataclass(frozen=True)
class Start:
    """One cold start: seconds by the clock, and of its processors."""

    seconds: float
    processor: float


def cold_start(checkout: Path, extra: tuple[str, ...] = ()) -> Start:
    """Start ``scratchnet train cnn`` of a checkout with an empty cache, and return when its first step was done.

    Raises:
        ValueError: if no training step was done, or by another checkout's code; the message has its last words.
    """
    with tempfile.TemporaryDirectory() as folder, open(Path(folder) / "said", "w+", encoding="utf-8") as said:
        environment = {**os.environ, "PYTHONPATH": str(checkout), "NUMBA_CACHE_DIR": folder}
        command = [sys.executable, "-c", FIRST_STEP, "--output", str(Path(folder) / "run"), *extra]
        begun = time.perf_counter()
        done = subprocess.run(
            command, cwd=folder, env=environment, stdout=said, stderr=subprocess.STDOUT, timeout=TIMEOUT, check=False
        )
        took = time.perf_counter() - begun
        said.seek(0)
        text = said.read()
    _, _, rest = text.partition("\nFIRST STEP ")
    if not rest:
        last = text.strip().splitlines()[-1:] or ["nothing"]
        raise ValueError(f"{checkout} expected a first training step, got code {done.returncode}: {last[0][:300]}")
    processor, _, file = rest.strip().partition(" ")
    if not Path(file).resolve().is_relative_to(checkout.resolve()):
        raise ValueError(f"{checkout} expected to run its own scratchnet, got {file}.")
    return Start(took, float(processor))


def measure(checkouts: dict[str, Path], turns: int, extra: tuple[str, ...] = ()) -> dict[str, list[Start]]:
    """Have each checkout start cold in turn, and return its starts by the names given."""
    starts: dict[str, list[Start]] = {name: [] for name in checkouts}
    for turn in range(turns):
        for name in list(checkouts) if turn % 2 == 0 else list(reversed(checkouts)):
            starts[name].append(cold_start(checkouts[name], extra))
            last = starts[name][-1]
            print(
                f"turn {turn + 1} of {turns}, {name}: {last.seconds:.1f} s, processors {last.processor:.1f} s",
                file=sys.stderr,
                flush=True,
            )
    return starts


def ratio(starts: dict[str, list[Start]], this: str, other: str, what: str) -> Summary:
    """Return how many times the other's time this one takes, turn by turn; ``what`` is ``seconds`` or ``processor``."""
    values = [[getattr(start, what) for start in starts[name]] for name in (this, other)]
    return summarise(pairwise_ratios(*values))


def revision(checkout: Path) -> str:
    """Return the commit of a checkout, or its folder's name if it is none."""
    command = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    found = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False)
    return found.stdout.strip() or checkout.name


def main(against: Path | None, quick: bool, extra: tuple[str, ...] = ()) -> int:
    """Measure and print; return 1 if this checkout takes more than half of the other's time, by the clock."""
    checkouts = {f"this, {revision(ROOT)}": ROOT}
    if against is not None:
        if not (against / "scratchnet" / "__init__.py").exists():
            print(f"--against expected a checkout of scratchnet, got {against}.", file=sys.stderr)
            return 2
        checkouts[f"against, {revision(against)}"] = against.resolve()
    try:
        starts = measure(checkouts, 1 if quick else 5, extra)
    except (ValueError, subprocess.TimeoutExpired) as error:
        print(error, file=sys.stderr)
        return 2
    table = Table("checkout", "first step after", "middle half", "processors busy", title="Cold start")
    for name, its in starts.items():
        clock, busy = (summarise([getattr(start, what) for start in its]) for what in ("seconds", "processor"))
        table.add_row(name, seconds(clock.median), f"{clock.low:.1f}–{clock.high:.1f} s", seconds(busy.median))
    console = Console()
    console.print(table)
    m = machine.describe()
    console.print(f"{m['processor']}, {m['cores']} cores, {m['date']}, {m['busy_cores']:.1f} of them busy at the end")
    if against is None:
        return 0
    this, other = checkouts
    by_clock, by_processor = (ratio(starts, this, other, what) for what in ("seconds", "processor"))
    for what, found in (("clock", by_clock), ("processors", by_processor)):
        console.print(f"By the {what}: {three_digits(found.median)} of the other ({found.low:.2f}–{found.high:.2f})")
    met = by_clock.median <= HALF
    console.print(f"At most {HALF:g} of the other, by the clock: {'met' if met else 'not met'}.")
    return int(not met)
