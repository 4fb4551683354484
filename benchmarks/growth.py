"""How time and memory of a training step grow with batch and width of layers: `python -m benchmarks sweep`.

The points of a curve are measured in turns, all of them in each, so that a neighbour's burst of work falls on one turn
and not on one point. scratchnet is measured at half octaves, whose odd numbers fit no vector; the others at powers of
two. Finished curves are kept, and a run that was cut off goes on with the next one.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks import contenders
from benchmarks.attempt import attempt
from benchmarks.processes import WorkerProcess
from benchmarks.report import OURS, Report, to_go_on_with
from benchmarks.side_by_side import Say, SideBySide

THREADS = 2
OTHERS = 3
"""Turns in which the others take part: their curves are to be seen beside ours, and cost most of the time."""


def half_octaves(first: int, last: int) -> tuple[int, ...]:
    """Return the powers of two from first to last, and between them the whole numbers next to their middles."""
    found = [first]
    while found[-1] < last:
        found += [round(found[-1] * 2**0.5), found[-1] * 2]
    return tuple(sorted(set(found)))


def is_octave(size: int) -> bool:
    """Whether a number is a power of two."""
    return size & (size - 1) == 0


@dataclass(frozen=True)
class Curve:
    """One thing that grows.

    Attributes:
        title: its name in tables and pictures.
        axis: what grows.
        network: one of the ``NETWORKS`` if the batch grows, else one of those ``GROWING``.
        sizes: at how many it is measured.
        batch_size: samples in a batch; None if it is the batch that grows.
    """

    title: str
    axis: str
    network: str
    sizes: tuple[int, ...]
    batch_size: int | None = None

    def at(self, size: int) -> tuple[str, int]:
        """Return network and batch size at a point."""
        return (self.network, size) if self.batch_size is None else (f"{self.network}-{size}", self.batch_size)

    def samples(self, size: int) -> int:
        """Return the samples in a batch at a point."""
        return self.at(size)[1]

    def work(self, size: int) -> int:
        """Return what the work of a step is proportional to, where it is large: samples, or weights."""
        return size if self.batch_size is None else size**2


CURVES: dict[str, Curve] = {
    "batch-mlp": Curve("the notebook's MLP", "batch size", "mlp", half_octaves(1, 4096)),
    "batch-cnn": Curve("the notebook's CNN", "batch size", "cnn", half_octaves(1, 4096)),
    "batch-cifar": Curve("CIFAR-shaped, three valid 3×3", "batch size", "cifar", half_octaves(1, 4096)),
    "units": Curve("two dense layers, batch 64", "units", "dense", half_octaves(64, 4096), 64),
    "channels": Curve("two 3×3 convolutions, 8×8, batch 32", "channels", "conv", half_octaves(16, 512), 32),
    "pooled": Curve("two pooled 3×3 convolutions, 14×14, batch 32", "channels", "pool", half_octaves(16, 512), 32),
}
"""By name, in the order of tables and pictures."""


@dataclass(frozen=True)
class Choice:
    """What is measured, and how long.

    Attributes:
        curves: which.
        frameworks: who takes part beside scratchnet.
        turns, seconds: how often each point is measured, and for how long each time.
        octaves_only: whether scratchnet, too, is measured at powers of two alone.
        again: whether curves that are there already are measured anew.
    """

    curves: Sequence[str] = tuple(CURVES)
    frameworks: Sequence[str] = ("keras", "torch")
    turns: int = 7
    seconds: float = 0.15
    octaves_only: bool = False
    again: bool = False

    def sizes(self, curve: str) -> list[int]:
        """Return the points of a curve."""
        return [size for size in CURVES[curve].sizes if is_octave(size) or not self.octaves_only]


def measure(choice: Choice, path: Path, say: Say, allow_slow: bool = False) -> Report:
    """Measure the curves that are missing, write them to ``path`` one by one, and return all.

    Raises:
        SlowThreads: if scratchnet finds neither OpenMP nor TBB.
        ValueError: if a framework is not known.
    """
    names = [OURS, *choice.frameworks]
    chosen = [contender for contender in contenders.select(names) if contender.key in names]  # one mode, not a family
    settings = {"threads": THREADS, "turns": choice.turns, "seconds": choice.seconds}
    bench = SideBySide(chosen, settings, say, allow_slow, THREADS)
    earlier = to_go_on_with(path, bench.report, say)
    there = [] if earlier is None or choice.again else [n for n in choice.curves if _is_there(earlier, n, choice)]
    missing = [name for name in choice.curves if name not in there]
    if not missing and earlier is not None:
        return earlier
    with ExitStack() as stack:
        bench.start(stack)
        if earlier is not None:
            bench.report.go_on(earlier)
        for name in missing:
            bench.revive(stack)
            measure_curve(bench, stack, name, choice)
            bench.ask_for_libraries()
            bench.report.write(path)
    return bench.report


def _is_there(report: Report, name: str, choice: Choice) -> bool:
    return all(key_of("memory", name, size) in report.rows for size in choice.sizes(name))


def key_of(kind: str, curve: str, size: int) -> str:
    """Return the name of a row: of kind ``time`` (of a step) or ``memory``."""
    return f"{kind}/{curve}/{size}"


def measure_curve(bench: SideBySide, stack: ExitStack, name: str, choice: Choice) -> None:
    """Time all points of a curve in turns; then, in fresh processes, find the memory of each, from small to large."""
    curve, sizes = CURVES[name], choice.sizes(name)
    bench.say(f"{curve.title}: {sizes[0]} to {sizes[-1]} {curve.axis}, {len(sizes)} points")
    for key in [key for key in bench.report.rows if key.split("/")[1] == name]:
        del bench.report.rows[key]
    for turn in range(choice.turns + 1):  # the first one builds and compiles
        bench.say(f"  turn {turn} of {choice.turns}" if turn else "  builds and compiles")
        for size in sizes:
            _ask(bench, name, size, choice, turn)
    bench.say("  memory")
    bench.renew(stack)
    for size in sizes:
        network, batch_size = curve.at(size)
        row = bench.report.row(key_of("memory", name, size), f"{curve.title}, {size}", "bytes")
        bench.alternate(row, 1, "memory", _who(bench, size), network=network, batch_size=batch_size)
        bench.forget(network)


def _who(bench: SideBySide, size: int, turn: int = 0) -> dict[str, WorkerProcess]:
    others = is_octave(size) and turn <= OTHERS
    return {key: worker for key, worker in bench.workers.items() if key == OURS or others}


def _ask(bench: SideBySide, name: str, size: int, choice: Choice, turn: int) -> None:
    network, batch_size = CURVES[name].at(size)
    row = bench.report.row(key_of("time", name, size), f"{CURVES[name].title}, {size}")
    who = {key: worker for key, worker in _who(bench, size, turn).items() if key not in row.notes}
    if turn == 0:
        bench.prepare(who, network, batch_size)
        return
    arguments = {"network": network, "batch_size": batch_size, "seconds": choice.seconds}
    bench.alternate(row, 1, "train", who, **arguments)


def main(folder: Path, choice: Choice, allow_slow: bool = False) -> int:
    """Measure, print where there are cliffs, and write ``growth.json``, ``growth.md`` and ``growth.png``."""
    from benchmarks import growth_report

    path = folder / "growth.json"
    report = attempt(
        lambda say: measure(choice, path, say, allow_slow),
        "finished curves are kept; the same command goes on with the others",
    )
    if isinstance(report, int):
        return report
    (folder / "growth.md").write_text(growth_report.markdown(report), encoding="utf-8")
    growth_report.draw(report, folder / "growth.png")
    print("\n".join(growth_report.cliff_lines(report)))
    print(f"Written: growth.json, growth.md and growth.png in {folder}")
    return 0
