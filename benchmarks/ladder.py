"""The story of the speed: the same training step of the CNN, from plain loops to fused kernels, rung by rung."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from benchmarks import machine
from benchmarks.contenders import Contender
from benchmarks.pictures import logarithmic
from benchmarks.processes import WorkerProcess
from benchmarks.report import Report, write_json
from benchmarks.statistics import seconds, summarise, three_digits
from scratchnet.utils.matplotlib_import import import_matplotlib

BATCH_SIZE = 64


@dataclass
class RungReport:
    """One rung.

    Attributes:
        key, title: its names.
        why: one sentence on what makes it faster than the rung below.
        where: the code that does it, ``path:line``.
        seconds: of one training step at batch size 64, turn by turn.
        extrapolated: whether they were worked out from smaller batches.
    """

    key: str
    title: str
    why: str
    where: list[str]
    seconds: list[float] = field(default_factory=list)
    extrapolated: bool = False


def rungs() -> list[RungReport]:
    """Return the rungs from the lowest to the highest, without times; where they are written is looked up now."""
    from benchmarks.plain_loops import PlainCnn, conv2d_forward
    from benchmarks.rungs import location, step_of
    from scratchnet.graph.kernel_steps import kernel_step
    from scratchnet.kernels.loops import pooled_convolution_winograd, pooled_kernel_gradient_winograd
    from scratchnet.kernels.loops.nonzero_product import add_nonzero_product, mark_nonzeros
    from scratchnet.kernels.machine import runtime
    from scratchnet.layers import Conv2D
    from scratchnet.layers.windows import im2col

    cores = machine.usable_cores()
    told: list[tuple[str, str, str, list[Callable[..., Any]]]] = [
        (
            "loops",
            "Plain Python loops",
            "Each multiplication is an interpreted statement on boxed numbers, about a hundred times its own cost.",
            [PlainCnn.train_step, conv2d_forward],
        ),
        (
            "numpy",
            "NumPy, im2col",
            "Every window becomes a row of a matrix, so that a convolution is one BLAS product, at the price of a "
            "copy of the whole batch's windows.",
            [Conv2D.forward, im2col],
        ),
        (
            "kernels",
            "Numba kernels, one thread",
            "Compiled loops build the windows of one image at a time, so they never leave the cache and no "
            "batch-sized array is written between the operations of a layer.",
            [type(step_of("Conv_2", fuse=False)).forward],
        ),
        (
            "threads",
            f"… with threads inside ({cores})",
            "The images of a batch are divided into fixed blocks among the cores, inside the kernel, where starting "
            "costs microseconds; fixed blocks keep the bits the same for any number of threads.",
            [runtime.kernel],
        ),
        (
            "fusion",
            "… and layers fused",
            "Convolution, bias, ReLU and pooling run as one kernel: what lies between is never written to memory, and "
            "the backward pass multiplies only for the winners of each window.",
            [kernel_step, type(step_of("Conv_2", fuse=True)).forward],
        ),
        (
            "zeros",
            "… and zeros passed over",
            "Behind a ReLU many numbers and gradients are 0, more of them as training goes on (these are its first "
            "steps); dense layers go from one of the others to the next, along bits that say where they are.",
            [mark_nonzeros, add_nonzero_product],
        ),
        (
            "products",
            "… and fewer products",
            "The four sums of a pooling window share products: 9 instead of 16 for a 2x2 kernel (Winograd's way), in "
            "the second convolution and in the gradient of the first one's kernel.",
            [pooled_convolution_winograd.forward, pooled_kernel_gradient_winograd.by_points],
        ),
    ]
    return [RungReport(key, title, why, [location(thing) for thing in where]) for key, title, why, where in told]


def time_loops(images: Any, labels: Any, repetitions: int) -> list[float]:
    """Return what a step of plain loops takes at batch size 64, worked out from batches of one and three images.

    The time is a line: a part that does not depend on the batch (Adam) and a part for each image.
    """
    from benchmarks.plain_loops import PlainCnn
    from scratchnet.architectures import cnn

    plain = PlainCnn(cnn().get_weights())

    def step(n: int) -> float:
        x, y = images[:n].tolist(), labels[:n].tolist()
        start = time.perf_counter()
        plain.train_step(x, y)
        return time.perf_counter() - start

    results = []
    for _ in range(repetitions):
        one, three = step(1), step(3)
        results.append(one + (BATCH_SIZE - 1) * (three - one) / 2)
    return results


def measure(quick: bool) -> list[RungReport]:
    """Time all rungs, in turns, each in a process of its own; the loops first."""
    from benchmarks import data

    told = rungs()
    images = data.as_float32(data.load())
    told[0].seconds = time_loops(images.x_train[..., None], images.y_train, 1 if quick else 3)
    told[0].extrapolated = True
    with ExitStack() as stack:
        workers = {}
        for rung in told[1:]:
            contender = Contender(rung.key, "scratchnet", "benchmarks.rungs", rung.key, rung.title, (), ())
            workers[rung.key] = stack.enter_context(WorkerProcess(contender))
            workers[rung.key].ask("prepare", network="cnn", batch_size=BATCH_SIZE)
        for _ in range(3 if quick else 11):
            for rung in told[1:]:
                answer = workers[rung.key].ask("train", network="cnn", batch_size=BATCH_SIZE, seconds=0.2)
                rung.seconds.append(answer["seconds"])
    return told


def gains(told: list[RungReport]) -> list[float]:
    """Return how many times as fast each rung is as the one below it; 1 for the lowest."""
    medians = [summarise(rung.seconds).median for rung in told]
    return [1.0, *(below / this for below, this in itertools.pairwise(medians))]


def figure_of(rung: RungReport) -> str:
    """Write what a step takes: the median and the middle half, or that it was extrapolated."""
    s = summarise(rung.seconds)
    if rung.extrapolated:
        return f"≈ {seconds(s.median)} (extrapolated)"
    return f"{seconds(s.median)} ({seconds(s.low)}–{seconds(s.high)})"


def gain_of(gain: float) -> str:
    """Write a gain; nothing for the lowest rung."""
    return "" if gain == 1 else f"{three_digits(gain)}×"


def show(told: list[RungReport], console: Console) -> None:
    """Print the times as a table, and below it what each rung does and where."""
    table = Table("rung", "a training step", "gain", title="The ladder", title_justify="left")
    for rung, gain in zip(told, gains(told)):
        table.add_row(escape(rung.title), figure_of(rung), gain_of(gain))
    console.print(table)
    for rung in told:
        console.print(f"[bold]{escape(rung.title)}.[/] {escape(rung.why)} [dim]{escape(', '.join(rung.where))}[/]")


def markdown(told: list[RungReport], about: str) -> str:
    """Return the ladder as a Markdown table, with links to the code."""
    lines = ["| rung | a training step | gain | why | where |", "|---|---|---|---|---|"]
    for rung, gain in zip(told, gains(told)):
        links = "<br>".join(f"[`{where}`]({where.replace(':', '#L')})" for where in rung.where)
        lines.append(f"| {rung.title} | {figure_of(rung)} | {gain_of(gain)} | {rung.why} | {links} |")
    return "\n".join([*lines, "", f"The CNN at batch size {BATCH_SIZE}, the same step throughout. {about}."]) + "\n"


def draw(told: list[RungReport], about: str, keras: float | None, path: Path) -> None:
    """Draw the rungs as bars on a logarithmic scale, with a line for Keras if it was measured."""
    import_matplotlib()
    from matplotlib import colormaps
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 3.4), layout="constrained")
    axis = figure.subplots()
    medians = [summarise(rung.seconds).median for rung in told]
    colours = colormaps["YlOrRd"]([0.25 + 0.75 * i / max(1, len(told) - 1) for i in range(len(told))])
    axis.barh(range(len(told)), [m * 1e3 for m in medians], color=colours)
    for number, (rung, median, gain) in enumerate(zip(told, medians, gains(told))):
        text = f" ≈ {seconds(median)}, extrapolated" if rung.extrapolated else f" {seconds(median)}"
        axis.text(median * 1.08e3, number, f"{text}   {gain_of(gain)}", va="center")
    longest = max([*medians, *([keras] if keras else [])]) * 1e3
    first = logarithmic(axis, [*medians, *([keras] if keras else [])], longest)
    if keras is not None:  # only along bars that are longer, and below them all: it crosses no words
        shorter = sum(median > keras / 1.2 for median in medians) - 0.5
        axis.plot([keras * 1e3] * 2, [-0.5, shorter], color="#30638e", linestyle="--")
        axis.text(keras * 1e3, -0.55, f"Keras, {seconds(keras)}", color="#30638e", va="bottom", ha="center")
    axis.set_yticks(range(len(told)), [rung.title for rung in told])
    axis.set_xlim(first, longest * 60)  # room for the words behind the longest bar
    axis.set_ylim(len(told) - 0.4, -1.1)
    axis.set_xlabel(f"ms a training step of the CNN, batch size {BATCH_SIZE} (logarithmic)\n{about}")
    axis.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=130)


def best_keras(folder: Path) -> float | None:
    """Return the best median of Keras's CNN step in ``benchmark.json`` beside the ladder, or None without it."""
    try:
        report = Report.read(folder / "benchmark.json")
    except FileNotFoundError:
        return None
    row = report.rows.get(f"step/cnn/{BATCH_SIZE}")
    best = row.best(report.family("keras")) if row else None
    summary = row.summary(best) if row and best else None
    return summary.median if summary else None


def main(folder: Path, quick: bool) -> int:
    """Measure, print, and write ``ladder.json``, ``ladder.md`` and ``ladder.png``."""
    told = measure(quick)
    described = machine.describe()
    about = f"{described['processor']}, {described['cores']} cores, {described['date'][:10]}"
    show(told, Console())
    write_json(folder / "ladder.json", {"machine": described, "quick": quick, "rungs": [asdict(r) for r in told]})
    (folder / "ladder.md").write_text(markdown(told, about), encoding="utf-8")
    draw(told, about, best_keras(folder), folder / "ladder.png")
    print(f"Written: ladder.json, ladder.md and ladder.png in {folder}")
    return 0
