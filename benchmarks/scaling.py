"""Data-parallel training beyond this machine, on paper: what the step and the network cost, in; the speed-up, out.

A step of a batch of B samples on p nodes is each node's share, and the Allreduce:

    T(B, p) = step(B/p) + allreduce(p)        step(n) = a + b n        allreduce(p) = 2 ⌈log₂ p⌉ α + 2 (p-1)/p M/β

``a`` and ``b`` are fitted to steps measured here: what a step costs with no sample in it, the optimizer above all, and
what each sample adds. The Allreduce is what MPICH does with long vectors (a reduce-scatter by halving, an allgather by
doubling; Thakur, Rabenseifner and Gropp, 2005): α is the network's latency, β its bandwidth, M the vector's bytes. A
network that is congested and nodes that wait for the slowest are not in it: it is a bound from above.

It pays, as that is understood here, where the speed-up is at least half the number of nodes: T(B, p) ≤ 2/p T(B, 1).
"""

from __future__ import annotations

import argparse
import math
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

NODES = (2, 4, 8, 16, 32, 64)
SIZES = (8, 16, 32, 64, 128, 256)  # batches whose steps are measured
BATCHES = (64, 256, 1024, 4096)


@dataclass(frozen=True)
class Network:
    """What connects the nodes: seconds that a message takes at least, and bytes a second of one node's link."""

    name: str
    latency: float
    bandwidth: float

    def allreduce(self, nodes: int, size: float) -> float:
        """Return the seconds of an Allreduce of ``size`` bytes."""
        rounds = 2 * math.ceil(math.log2(nodes))
        return rounds * self.latency + 2 * (nodes - 1) / nodes * size / self.bandwidth


NETWORKS = (
    Network("1 Gbit/s Ethernet", 50e-6, 0.118e9),
    Network("25 Gbit/s Ethernet", 10e-6, 2.9e9),
    Network("100 Gbit/s InfiniBand", 2e-6, 12e9),
)


@dataclass(frozen=True)
class Step:
    """What a step costs: seconds with no sample in it, seconds of each sample, and the bytes that are added up."""

    fixed: float
    sample: float
    size: int

    def seconds(self, samples: float) -> float:
        """Return the seconds of a step of so many samples."""
        return self.fixed + self.sample * samples

    def speed_up(self, network: Network, nodes: int, batch: int) -> float:
        """Return how many times as fast a batch is on so many nodes as on one."""
        share = math.ceil(batch / nodes)  # all wait for the largest
        return self.seconds(batch) / (self.seconds(share) + network.allreduce(nodes, self.size))

    def pays_from(self, network: Network, nodes: int) -> float:
        """Return from which batch on the speed-up is at least half the number of nodes."""
        # a + b B/p + A ≤ 2/p (a + b B)   ⟺   B ≥ p (a + A - 2a/p) / b
        waiting = self.fixed + network.allreduce(nodes, self.size) - 2 * self.fixed / nodes
        return max(float(nodes), nodes * waiting / self.sample)


def fitted(samples: Sequence[float], seconds: Sequence[float], size: int) -> Step:
    """Return the step whose line comes nearest to measured ones, each by its relative error.

    Raises:
        ValueError: if they are fewer than two, or no line of costs goes through them.
    """
    import numpy as np

    n, t = np.asarray(samples, float), np.asarray(seconds, float)
    if len(n) != len(t) or len(set(n.tolist())) < 2:
        raise ValueError(f"A step expected times of at least two batch sizes, got {len(set(n.tolist()))}.")
    (fixed, sample), *_ = np.linalg.lstsq(np.stack([1 / t, n / t], axis=1), np.ones_like(t), rcond=None)
    if not sample > 0:
        raise ValueError(f"A step expected to take longer with more samples, got {sample:.2g} s for each.")
    return Step(max(float(fixed), 0.0), float(sample), size)


def measure(network: str, quick: bool) -> tuple[list[float], int]:
    """Return the median seconds of a step here, for each of ``SIZES`` in turn, and the bytes of the gradients."""
    import numpy as np

    from scratchnet.architectures import ARCHITECTURES

    model = ARCHITECTURES[network]()
    model.compile("adam", "sparse_categorical_crossentropy", ["accuracy"])
    rng = np.random.default_rng(0)
    shape = [n for n in model.inputs[0].shape[1:] if n is not None]
    x, y = rng.random((max(SIZES), *shape), np.float32), rng.integers(0, 10, max(SIZES))
    times: dict[int, list[float]] = {size: [] for size in SIZES}
    for turn in range(4 if quick else 31):
        for size in SIZES:
            begin = time.perf_counter()
            model.train_on_batch(x[:size], y[:size])
            if turn:  # the first compiles
                times[size].append(time.perf_counter() - begin)
    size = sum(segment.gradients.nbytes for segment in model.segments)
    return [statistics.median(times[n]) for n in SIZES], size


def table(step: Step, networks: Sequence[Network]) -> list[list[str]]:
    """Return for each network and batch the speed-ups on all numbers of nodes, and where it pays."""
    rows = []
    for network in networks:
        for batch in BATCHES:
            ups = [step.speed_up(network, nodes, batch) if batch >= nodes else math.nan for nodes in NODES]
            rows.append([network.name, f"{batch:,}", *("–" if math.isnan(up) else f"{up:.1f}" for up in ups)])
        pays = [math.ceil(step.pays_from(network, nodes)) for nodes in NODES]
        rows.append([network.name, "pays from", *(f"{batch:,}" for batch in pays)])
    return rows


def markdown(step: Step, networks: Sequence[Network]) -> str:
    """Return the tables as a page has them."""
    head = ["network", "batch", *(f"{nodes} nodes" for nodes in NODES)]
    lines = [
        f"A step takes {1e3 * step.fixed:.3f} ms, and {1e6 * step.sample:.1f} µs for each sample; an Allreduce adds up "
        f"{step.size / 1e6:.2f} MB.",
        "",
        "| " + " | ".join(head) + " |",
        "|---|" + "---:|" * (len(head) - 1),
    ]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in table(step, networks))])


def main(options: argparse.Namespace) -> int:
    """Print the tables of a network; of steps that were measured elsewhere, if they are given."""
    sizes: Sequence[float]
    seconds: Sequence[float]
    if options.steps:
        sizes, seconds = zip(*((float(n), float(t) / 1e3) for n, t in (pair.split(":") for pair in options.steps)))
        size = int(options.megabytes * 1e6)
    else:
        sizes, (seconds, size) = SIZES, measure(options.network, options.quick)
        measured = ", ".join(f"{n}: {1e3 * t:.2f}" for n, t in zip(sizes, seconds))
        print(f"{options.network}, milliseconds of a step by batch size, measured here: {measured}.")
    networks: Sequence[Network] = NETWORKS
    if options.latency is not None or options.bandwidth is not None:
        given = Network("as given", (options.latency or 10) * 1e-6, (options.bandwidth or 1) * 1e9)
        networks = (given,)
    print(markdown(fitted(sizes, seconds, size), networks))
    return 0


def add_options(parser: Any) -> None:
    """Add what this command alone takes."""
    parser.add_argument("--network", default="cnn", choices=("cnn", "mlp"), help="scaling: whose steps to measure")
    parser.add_argument("--steps", nargs="+", metavar="SAMPLES:MS", help="scaling: steps that were measured elsewhere")
    parser.add_argument("--megabytes", type=float, default=1.21, help="scaling: of the gradients, with --steps")
    parser.add_argument("--latency", type=float, help="scaling: of the network, microseconds")
    parser.add_argument("--bandwidth", type=float, help="scaling: of the network, gigabytes a second")
