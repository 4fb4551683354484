"""Nine networks side by side: a training step of scratchnet against the best mode of each other framework.

Everybody has the same number of threads and cores. What is measured is kept after every row, a network at a batch
size, so that a run that was cut off, or that asked for a part, goes on where it is.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from benchmarks import contenders
from benchmarks.networks import NETWORKS
from benchmarks.processes import WorkerError
from benchmarks.report import OURS, Report, Row
from benchmarks.run import FULL, Bench, Say, SlowThreads
from benchmarks.statistics import Summary, seconds, three_digits
from benchmarks.tables import footnotes

BATCH_SIZES = (16, 64, 256)
THREADS = 2
JUDGED = (64, 256)
"""Batch sizes at which the targets are set."""
EVERYWHERE, MOSTLY, MOST = 1.5, 2.0, 7
"""At the judged sizes, how many times as fast as Keras and PyTorch on all networks, and on so many of them."""
NOTHING = "–"


@dataclass(frozen=True)
class Choice:
    """What is measured, and how long.

    Attributes:
        networks, batch_sizes: which rows.
        frameworks: who takes part beside scratchnet; everybody, if empty.
        turns, seconds: how often each is measured, and for how long each time.
        again: whether rows that are there already are measured anew.
    """

    networks: Sequence[str] = tuple(NETWORKS)
    batch_sizes: Sequence[int] = BATCH_SIZES
    frameworks: Sequence[str] = ()
    turns: int = 9
    seconds: float = 0.4
    again: bool = False


def key_of(network: str, batch_size: int) -> str:
    """Return the name of a row."""
    return f"step/{network}/{batch_size}"


def measure(choice: Choice, path: Path, say: Say, allow_slow: bool = False) -> Report:
    """Measure the rows that are missing, write them to ``path`` one by one, and return all.

    Raises:
        SlowThreads: if scratchnet finds neither OpenMP nor TBB.
        ValueError: if a framework is not known.
    """
    bench = Bench(contenders.select(choice.frameworks), FULL, say, allow_slow, THREADS)
    bench.report.settings = {"threads": THREADS, "turns": choice.turns, "seconds": choice.seconds}
    earlier = _earlier(path, bench.report)
    bench.report.rows = {} if earlier is None else earlier.rows
    wanted = [(network, size) for network in choice.networks for size in choice.batch_sizes]
    missing = [row for row in wanted if choice.again or key_of(*row) not in bench.report.rows]
    if not missing and earlier is not None:
        return earlier
    with ExitStack() as stack:
        bench.start(stack)
        if earlier is not None:
            bench.report.contenders = earlier.contenders | bench.report.contenders
        for network in choice.networks:
            sizes = [size for name, size in missing if name == network]
            for size in sizes:
                bench.report.rows.pop(key_of(network, size), None)
                measure_row(bench, network, size, choice)
                bench.ask_for_libraries()
                bench.report.write(path)
            if sizes:
                _forget(bench, network)
    return bench.report


def _earlier(path: Path, new: Report) -> Report | None:
    """Return the report that is to be gone on with: of this machine, and of as many threads."""
    try:
        found = Report.read(path)
    except FileNotFoundError:
        return None
    same = found.machine["processor"] == new.machine["processor"] and found.settings["threads"] == THREADS
    return found if same else None


def measure_row(bench: Bench, network: str, batch_size: int, choice: Choice) -> Row:
    """Have everybody build, compile and show the number of parameters, then train in turns."""
    bench.say(f"{NETWORKS[network].title}, batches of {batch_size}")
    row = bench.report.row(key_of(network, batch_size), f"{NETWORKS[network].title}, {batch_size}")
    bench.prepare(bench.workers, network, batch_size)
    expected = bench.workers[OURS].ask("parameters", network=network)["parameters"]
    same = {}
    for key, worker in bench.workers.items():
        try:
            count = worker.ask("parameters", network=network)["parameters"]
        except WorkerError as error:
            row.notes[key] = f"failed: {error}"
            continue
        if count == expected:
            same[key] = worker
        else:
            row.notes[key] = f"not the same network: {count:,} parameters instead of {expected:,}"
    arguments = {"network": network, "batch_size": batch_size, "seconds": choice.seconds}
    bench.alternate(row, choice.turns, "train", same, **arguments)
    return row


def _forget(bench: Bench, network: str) -> None:
    for worker in bench.workers.values():
        try:
            worker.ask("forget", network=network)
        except WorkerError as error:
            bench.say(f"{worker.contender.label}: {error}")


@dataclass(frozen=True)
class Standing:
    """How scratchnet stands in one row against one framework: its best mode there, and the ratio pair by pair."""

    mode: str
    ratio: Summary


def standing(report: Report, row: Row, family: str) -> Standing | None:
    """Return how many times as long the best mode of a framework takes, or None if none was measured."""
    best = row.best(report.family(family))
    ratio = row.ratio(best) if best else None
    return Standing(best, ratio) if best and ratio else None


def lead(report: Report, row: Row) -> Standing | None:
    """Return how scratchnet stands against the faster of Keras and PyTorch."""
    found = [s for family in ("keras", "torch") if (s := standing(report, row, family)) is not None]
    return min(found, key=lambda s: s.ratio.median, default=None)


HEADINGS = ("network", "batch", "scratchnet", "Keras's best", "PyTorch's best", "JAX", "lead")
EXPLAINED = (
    "A training step in the middle of an epoch of each framework's ordinary loop; every framework is held to the same "
    f"{THREADS} threads and measured in turns. `2.00×` means that it takes twice as long as scratchnet, the median of "
    "the ratios turn by turn, in brackets the middle half; the best mode of a framework is the fastest in that row. "
    "The lead is that over the faster of Keras and PyTorch. Networks of 28×28 pixels train on Fashion-MNIST, those of "
    "32×32×3 on random numbers."
)


def cells(report: Report, network: str, batch_size: int) -> list[str]:
    """Return what a table says of one row."""
    row = report.rows[key_of(network, batch_size)]
    ours = row.summary(OURS)
    told = [NETWORKS[network].title, str(batch_size), seconds(ours.median) if ours else row.notes.get(OURS, NOTHING)]
    for family in ("keras", "torch", "jax"):
        found = standing(report, row, family)
        if found is None:
            told.append(next((row.notes[key] for key in report.family(family) if key in row.notes), NOTHING))
            continue
        mode = found.mode.removeprefix(family).lstrip("-")
        r = found.ratio
        spread = f"({three_digits(r.low)}–{three_digits(r.high)})"
        told.append(" ".join(filter(None, [f"{three_digits(r.median)}×", spread, mode])))
    first = lead(report, row)
    return [*told, f"{three_digits(first.ratio.median)}×" if first else NOTHING]


def rows_of(report: Report) -> list[tuple[str, int]]:
    """Return the rows that are there, in the order of the networks."""
    found = [(key.split("/")[1], int(key.split("/")[2])) for key in report.rows]
    return sorted(found, key=lambda row: (list(NETWORKS).index(row[0]), row[1]))


def verdicts(report: Report) -> list[str]:
    """Return a sentence for each target: met, or on which networks it is not."""
    leads = {}
    for network in NETWORKS:
        rows = [report.rows.get(key_of(network, size)) for size in JUDGED]
        found = [first.ratio.median for row in rows if row and (first := lead(report, row)) is not None]
        if len(found) == len(JUDGED):
            leads[network] = min(found)
    sizes = " and ".join(map(str, JUDGED))
    if len(leads) < len(NETWORKS):
        return [f"Not judged: {len(leads)} of {len(NETWORKS)} networks are measured at batch sizes {sizes}."]
    behind = [f"{NETWORKS[n].title} {three_digits(r)}×" for n, r in leads.items() if r < EVERYWHERE]
    ahead = sum(r >= MOSTLY for r in leads.values())
    met = "met" if not behind else f"not met ({', '.join(behind)})"
    return [
        f"At least {EVERYWHERE}× the better of Keras and PyTorch on every network, batch sizes {sizes}: {met}.",
        f"At least {MOSTLY:g}× on {MOST} of them: {'met' if ahead >= MOST else 'not met'} ({ahead}).",
    ]


def markdown(report: Report) -> str:
    """Return the table as Markdown, with verdicts and footnotes."""
    lines = ["| " + " | ".join(HEADINGS) + " |", "|---|---:|---:|---|---|---|---:|"]
    lines += ["| " + " | ".join(cells(report, *row)) + " |" for row in rows_of(report)]
    lines += ["", *(f"- {verdict}" for verdict in verdicts(report)), "", EXPLAINED, "", "  \n".join(footnotes(report))]
    return "\n".join(lines) + "\n"


def show(report: Report, console: Console) -> None:
    """Print the same in the terminal."""
    table = Table(*HEADINGS, title="Nine networks", title_justify="left")
    for row in rows_of(report):
        table.add_row(*map(escape, cells(report, *row)))
    console.print(table)
    console.print(escape("\n".join([*verdicts(report), *footnotes(report)])))


def main(folder: Path, choice: Choice, allow_slow: bool = False) -> int:
    """Measure, print, and write ``networks.json`` and ``networks.md``."""
    begin = time.perf_counter()

    def say(what: str) -> None:
        print(f"{time.perf_counter() - begin:5.0f} s  {what}", file=sys.stderr, flush=True)

    try:
        report = measure(choice, folder / "networks.json", say, allow_slow)
    except (SlowThreads, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Interrupted: finished rows are kept; the same command goes on with the others.", file=sys.stderr)
        return 130
    show(report, Console())
    (folder / "networks.md").write_text(markdown(report), encoding="utf-8")
    print(f"Written: networks.json and networks.md in {folder}")
    return 0
