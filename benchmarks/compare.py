"""Nine networks side by side: a training step of scratchnet against the best mode of each other framework.

Everybody has the same number of threads and cores. What is measured is kept after every row, a network at a batch
size, so that a run that was cut off, or that asked for a part, goes on where it is.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from benchmarks import contenders
from benchmarks.attempt import attempt
from benchmarks.networks import NETWORKS
from benchmarks.processes import WorkerError, WorkerProcess
from benchmarks.report import OURS, Report, Row, to_go_on_with
from benchmarks.side_by_side import Say, SideBySide
from benchmarks.statistics import three_digits

BATCH_SIZES = (64, 256, 16)
"""In the order in which they are measured: what was tried out at the first one spares others some modes."""
THREADS = 2
NEAR, FAR = 1.5, 2.5
"""A mode is measured if a step, tried out, takes at most NEAR times that of its framework's fastest mode; it is not
even tried out where it took more than FAR times that at another batch size of the network."""


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
    turns: int = 7
    seconds: float = 0.3
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
    settings = {"threads": THREADS, "turns": choice.turns, "seconds": choice.seconds}
    bench = SideBySide(contenders.select(choice.frameworks), settings, say, allow_slow, THREADS)
    earlier = to_go_on_with(path, bench.report, say)
    rows = earlier.rows if earlier is not None else {}
    wanted = [(network, size) for network in choice.networks for size in choice.batch_sizes]
    missing = [row for row in wanted if choice.again or not _is_there(rows.get(key_of(*row)), bench)]
    if not missing and earlier is not None:
        return earlier
    with ExitStack() as stack:
        bench.start(stack)
        if earlier is not None:
            bench.report.go_on(earlier)
        for number, (network, size) in enumerate(missing):
            say(f"row {number + 1} of {len(missing)}: {NETWORKS[network].title}, batches of {size}")
            bench.revive(stack)
            measure_row(bench, network, size, choice)
            bench.ask_for_libraries()
            bench.report.write(path)
            if any(later != network for later, _ in missing[number + 1 : number + 2]):
                bench.renew(stack)  # Keras keeps gigabytes of a network that it has let go of
    return bench.report


def _is_there(row: Row | None, bench: SideBySide) -> bool:
    """Whether everybody who takes part was measured in a row, or has a note there that says why not."""
    return row is not None and all(c.key in row.values or c.key in row.notes for c in bench.contenders)


def measure_row(bench: SideBySide, network: str, batch_size: int, choice: Choice) -> Row:
    """Have everybody try out the network, those in question train in turns, and scratchnet say what its steps cost."""
    bench.report.rows.pop(key_of(network, batch_size), None)
    row = bench.report.row(key_of(network, batch_size), f"{NETWORKS[network].title}, {batch_size}")
    workers = try_out(bench, row, network, batch_size)
    arguments = {"network": network, "batch_size": batch_size, "seconds": choice.seconds}
    bench.alternate(row, choice.turns, "train", workers, **arguments)
    if OURS in row.values:
        with suppress(WorkerError):  # then the row says nothing of what bounds it
            row.about |= bench.workers[OURS].ask("costs", network=network, batch_size=batch_size)
    return row


def try_out(bench: SideBySide, row: Row, network: str, batch_size: int) -> dict[str, WorkerProcess]:
    """Have everybody build, compile and take a few steps; return those that are worth measuring, and note the others.

    Those are, of each framework, the modes of which one may be the fastest, if it is the network that scratchnet has.
    """
    tried: dict[str, float] = {}
    expected: int | None = None
    for key, worker in bench.workers.items():
        if note := _is_far(bench.report, key, network):
            row.notes[key] = note
            continue
        try:
            taken = worker.ask("prepare", network=network, batch_size=batch_size)["seconds"]
            count = worker.ask("parameters", network=network)["parameters"]
        except WorkerError as error:
            row.notes[key] = f"failed: {error}"
            continue
        expected = count if key == OURS else expected
        if expected is None or count == expected:
            tried[key] = taken
        else:
            row.notes[key] = f"not the same network: {count:,} parameters instead of {expected:,}"
    row.about["tried"] = tried
    chosen = {}
    for key, taken in tried.items():
        ratio = taken / min(tried[other] for other in bench.report.family(_family(bench, key)) if other in tried)
        if ratio <= NEAR:
            chosen[key] = bench.workers[key]
        else:
            row.notes[key] = f"{three_digits(ratio)} times its fastest mode when tried out"
    return chosen


def _family(bench: SideBySide, key: str) -> str:
    return str(bench.report.contenders[key]["family"])


def _is_far(report: Report, key: str, network: str) -> str:
    """Return why a mode need not be tried out; nothing, if it must."""
    for batch_size in BATCH_SIZES:
        row = report.rows.get(key_of(network, batch_size))
        tried = row.about.get("tried", {}) if row else {}
        family = [tried[other] for other in report.family(report.contenders[key]["family"]) if other in tried]
        if key in tried and tried[key] > FAR * min(family):
            return f"{three_digits(tried[key] / min(family))} times its fastest mode at batch size {batch_size}"
    return ""


def main(folder: Path, choice: Choice, allow_slow: bool = False) -> int:
    """Measure, print, and write ``networks.json`` and ``networks.md``."""
    from benchmarks import compare_report

    path = folder / "networks.json"
    report = attempt(
        lambda say: measure(choice, path, say, allow_slow),
        "finished rows are kept; the same command goes on with the others",
    )
    if isinstance(report, int):
        return report
    published = compare_report.published(folder / "benchmark.json")
    console = Console(width=None if sys.stdout.isatty() else 150)  # in a file there is room
    compare_report.show(report, published, console)
    (folder / "networks.md").write_text(compare_report.markdown(report, published), encoding="utf-8")
    print(f"Written: networks.json and networks.md in {folder}")
    return 0
