"""Each kernel against the limits of the machine: how many operations and bytes a second it moves, and could."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from benchmarks import machine
from benchmarks.limits import Limits, measure_limits
from benchmarks.networks import NETWORKS, network_named
from benchmarks.report import write_json
from benchmarks.statistics import three_digits
from scratchnet.utils.matplotlib_import import import_matplotlib

BATCH_SIZE = 64
ABOVE = (
    "\nAbove the roof: operations are those of the plain sums; a kernel that passes over zeros (dense layers), or "
    "shares products between places (Winograd), does fewer."
)


@dataclass
class KernelReport:
    """One kernel in one direction: its operations and least traffic for a batch, and its time.

    ``flops`` are those of the plain sums; with ``fewer`` it shares products between places (Winograd) and does fewer.
    """

    network: str
    layers: str
    kernel: str
    way: str
    flops: float
    bytes: float
    seconds: float
    fewer: bool = False

    def bound(self, limits: Limits) -> float:
        """Return the shortest possible time: the longer of computing at full speed and moving the bytes from cache."""
        return max(self.flops / limits.flops, self.bytes / limits.cached_copy)


def measure_steps(network: str, repetitions: int, batch_size: int = BATCH_SIZE) -> list[KernelReport]:
    """Run a network's plan on random batches and return the cost of every step, forward and backward.

    Operations and bytes are 0 where a step does not know them: a layer's own definition.
    """
    from benchmarks.frameworks.scratchnet import Scratchnet
    from scratchnet.graph.plan import Plan
    from scratchnet.graph.plan_table import measure

    model, logits = Scratchnet().model(network), network_named(network).task == "classes"
    plans = [Plan(model.graph, "numba", logits=logits) for _ in range(repetitions)]
    runs = [measure(plan, batch_size) for plan in plans]
    found = []
    for costs, step in zip(zip(*runs), plans[0].steps):
        flops, moved = costs[0].flops or (0, 0), costs[0].bytes or (0, 0)
        for direction, way in enumerate(("forward", "backward")):
            took = float(np.median([cost.milliseconds[direction] for cost in costs])) / 1e3
            layers = " + ".join(costs[0].layers)
            fewer = "winograd" in getattr(step, f"{way}_way", "")
            amounts = flops[direction], moved[direction], took, fewer
            found.append(KernelReport(network, layers, costs[0].runs_by, way, *amounts))
    return found


def measure_kernels(network: str, repetitions: int) -> list[KernelReport]:
    """Return the cost of those steps of a network that know their operations: its kernels."""
    return [step for step in measure_steps(network, repetitions) if step.flops and step.bytes]


HEADINGS = ("", "kernel", "", "time", "GFLOP/s", "of sgemm", "GB/s", "of cached copy", "of its bound")


def cells(kernel: KernelReport, limits: Limits) -> list[str]:
    """Return what a table says of one kernel."""
    return [
        f"{kernel.network.upper()} {kernel.layers}",
        f"{kernel.way}, Winograd" if kernel.fewer else kernel.way,
        f"{kernel.seconds * 1e6:.0f} µs",
        three_digits(kernel.flops / kernel.seconds / 1e9),
        f"{kernel.flops / kernel.seconds / limits.flops:.0%}",
        three_digits(kernel.bytes / kernel.seconds / 1e9),
        f"{kernel.bytes / kernel.seconds / limits.cached_copy:.0%}",
        f"{kernel.bound(limits) / kernel.seconds:.0%}",
    ]


def explanation(limits: Limits) -> str:
    """Return what the limits are and how to read the table."""
    return (
        f"Limits measured on this machine, all cores: sgemm {three_digits(limits.flops / 1e9)} GFLOP/s, copy "
        f"{three_digits(limits.copy / 1e9)} GB/s in memory and {three_digits(limits.cached_copy / 1e9)} GB/s in the "
        f"caches, bytes read and written. Batches of {BATCH_SIZE}. Operations are those of the sums that the kernel "
        f"has to form, bytes those that it must at least read and write; the bound is the longer of both at the "
        f"limits. Dense layers pass over zeros (on these random inputs half of the numbers behind a ReLU are 0) and "
        f"convolutions by Winograd's way share products between places, which leaves one in 1.8 to 4 of them; the "
        f"operations that are saved so are counted all the same, so that such a kernel may be above its bound."
    )


def markdown(kernels: list[KernelReport], limits: Limits, about: str) -> str:
    """Return the table as Markdown."""
    lines = ["| " + " | ".join(HEADINGS) + " |", "|---:|---|---|" + "---:|" * (len(HEADINGS) - 3)]
    lines += [f"| {n} | " + " | ".join(cells(kernel, limits)) + " |" for n, kernel in enumerate(kernels, 1)]
    return "\n".join([*lines, "", f"{explanation(limits)} {about}."]) + "\n"


def _close(a: tuple[float, float], b: tuple[float, float]) -> bool:
    return max(abs(np.log10(a[0] / b[0])), abs(np.log10(a[1] / b[1]))) < 0.08


def close_together(points: list[tuple[float, float]]) -> list[list[int]]:
    """Return the numbers of the points in groups: those whose labels would lie on each other on logarithmic axes."""
    groups: list[list[int]] = []
    for number, point in enumerate(points):
        near = [group for group in groups if any(_close(point, points[other]) for other in group)]
        groups = [group for group in groups if group not in near]
        groups.append(sorted([number, *(other for group in near for other in group)]))
    return groups


def draw(kernels: list[KernelReport], limits: Limits, about: str, path: Path) -> None:
    """Draw the roof and each kernel under it, a panel for each network: operations a second over operations a byte.

    The numbers are those of the table. A kernel may lie above the roof; the picture says why.
    """
    import_matplotlib()
    from matplotlib.figure import Figure

    networks = list(dict.fromkeys(kernel.network for kernel in kernels))
    columns = min(3, len(networks))
    rows = -(-len(networks) // columns)
    figure = Figure(figsize=(5 * columns, 4 * rows + 0.6), layout="constrained")
    panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    points = [(kernel.flops / kernel.bytes, kernel.flops / kernel.seconds / 1e9) for kernel in kernels]
    intensity = np.geomspace(min(x for x, _ in points) / 4, 4 * max(x for x, _ in points), 200)
    for axis, network in zip(panels, networks):
        for rate, label, style in ((limits.cached_copy, "caches", "-"), (limits.copy, "memory", "--")):
            roof = np.minimum(intensity * rate, limits.flops) / 1e9
            axis.plot(intensity, roof, style, color="gray", label=f"roof, data in {label}")
        own = [(number, points[number]) for number, kernel in enumerate(kernels) if kernel.network == network]
        _draw_kernels(axis, own, kernels)
        axis.set(xscale="log", yscale="log", title=NETWORKS[network].title if network in NETWORKS else network)
        highest = max(limits.flops / 1e9, *(y for _, y in points))
        axis.set_ylim(10 ** np.floor(np.log10(min(y for _, y in points))), 1.5 * highest)
        for each in (axis.xaxis, axis.yaxis):
            each.set_major_formatter("{x:g}")
            each.set_minor_formatter("")
        axis.grid(alpha=0.3)
    for axis in panels[len(networks) :]:
        axis.set_visible(False)
    above = any(y * 1e9 > min(x * limits.cached_copy, limits.flops) for x, y in points)
    figure.supxlabel(f"operations a byte\n{about}{ABOVE if above else ''}", fontsize=9)
    figure.supylabel("GFLOP/s", fontsize=10)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper left", ncols=6, frameon=False, fontsize=9)
    figure.savefig(path, dpi=130)


def _draw_kernels(axis: Any, own: list[tuple[int, tuple[float, float]]], kernels: list[KernelReport]) -> None:
    for way, marker, colour in (("forward", "o", "C0"), ("backward", "s", "C1")):
        for fewer in (False, True):
            those = [point for number, point in own if (kernels[number].way, kernels[number].fewer) == (way, fewer)]
            label, face = (f"{way}, Winograd", "white") if fewer else (way, colour)
            axis.plot(*(zip(*those) if those else ([], [])), marker, color=colour, markerfacecolor=face, label=label)
    for group in close_together([point for _, point in own]):
        highest = max((own[place][1] for place in group), key=lambda point: point[1])
        numbers = [str(own[place][0] + 1) for place in group]
        names = ", ".join(numbers if len(numbers) < 5 else [*numbers[:2], "…", numbers[-1]])
        axis.annotate(names, highest, textcoords="offset points", xytext=(5, 3), fontsize=7)


def main(folder: Path, quick: bool) -> int:
    """Measure, print, and write ``roofline.json``, ``roofline.md`` and ``roofline.png``."""
    described = machine.describe()
    limits = measure_limits(quick)
    kernels = [kernel for network in NETWORKS for kernel in measure_kernels(network, 3 if quick else 9)]
    about = f"{described['processor']}, {described['cores']} cores, {described['date'][:10]}"
    if busy := machine.busy(described):
        about += f". {busy.rstrip('.')}"
    table = Table(*HEADINGS, title="Roofline", title_justify="left")
    for number, kernel in enumerate(kernels, 1):
        table.add_row(str(number), *map(escape, cells(kernel, limits)))
    console = Console()
    console.print(table)
    console.print(escape(explanation(limits)))
    kept = {"machine": described, "quick": quick, "limits": asdict(limits), "kernels": [asdict(k) for k in kernels]}
    write_json(folder / "roofline.json", kept)
    (folder / "roofline.md").write_text(markdown(kernels, limits, about), encoding="utf-8")
    draw(kernels, limits, about, folder / "roofline.png")
    print(f"Written: roofline.json, roofline.md and roofline.png in {folder}")
    return 0
