"""The targets that scratchnet set itself, and whether a report meets them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.report import NETWORKS, OURS, Report
from benchmarks.statistics import Summary, pairwise_ratios, summarise, three_digits

NAMED_MODES_OF_KERAS = ("keras", "keras-jit")
"""The modes that the targets were set against; ``steps_per_execution`` came in later and is judged apart."""


@dataclass(frozen=True)
class Measured:
    """A ratio to the best mode of a framework: scratchnet takes one ``ratio``-th of it."""

    ratio: Summary
    against: str


@dataclass(frozen=True)
class Verdict:
    """One target.

    Attributes:
        target: in words.
        needed: the ratio that meets it.
        measured: the ratio, or None if something was not measured.
        binding: False for what is only reported beside the targets.
    """

    target: str
    needed: float
    measured: Measured | None
    binding: bool = True

    @property
    def met(self) -> bool | None:
        """Whether it is met; None if not measured."""
        return None if self.measured is None else self.measured.ratio.median >= self.needed

    def words(self) -> str:
        """Return "met", "not met" or "not measured"."""
        return {True: "met", False: "not met", None: "not measured"}[self.met]

    def figure(self) -> str:
        """Return the ratio with its spread, and against whom."""
        if self.measured is None:
            return "–"
        r = self.measured.ratio
        spread = f" ({three_digits(r.low)}–{three_digits(r.high)})" if r.count > 1 else ""
        return f"{three_digits(r.median)}×{spread} against {self.measured.against}"


def against_best(report: Report, row_key: str, modes: Sequence[str]) -> Measured | None:
    """Return the ratio to the fastest (or smallest) of these modes in a row."""
    row = report.rows.get(row_key)
    best = row.best(modes) if row else None
    ratio = row.ratio(best) if row and best else None
    return Measured(ratio, report.label(best)) if ratio and best else None


def least(measurements: Sequence[Measured | None]) -> Measured | None:
    """Return the smallest of several ratios, for a target that all must meet; None if one is missing."""
    if any(m is None for m in measurements):
        return None
    return min((m for m in measurements if m is not None), key=lambda m: m.ratio.median)


def thread_speedup(report: Report) -> Measured | None:
    """Return how much faster two threads train the CNN than one."""
    one, two = (report.rows.get(f"threads/cnn/{count}") for count in (1, 2))
    if one is None or two is None or not one.values.get(OURS) or not two.values.get(OURS):
        return None
    return Measured(summarise(pairwise_ratios(one.values[OURS], two.values[OURS])), "one thread")


def uint8_against_notebook(report: Report, network: str, modes: Sequence[str]) -> Measured | None:
    """Return how much more memory Keras takes with the notebook's arrays than scratchnet with uint8 images."""
    notebook, ours = report.rows.get(f"memory/{network}/float64"), report.rows.get(f"memory/{network}/uint8")
    best = notebook.best(modes) if notebook else None
    if notebook is None or ours is None or best is None or not ours.values.get(OURS):
        return None
    ratios = pairwise_ratios(notebook.values[best], ours.values[OURS])
    return Measured(summarise(ratios), f"{report.label(best)}, float64")


def judge(report: Report) -> list[Verdict]:
    """Return all verdicts, computed from the measurements."""
    keras = [key for key in report.family("keras") if key in NAMED_MODES_OF_KERAS]
    all_keras, torch = report.family("keras"), report.family("torch")

    def best(row: str, modes: Sequence[str]) -> Measured | None:
        return against_best(report, row, modes)

    def worst_network(row: Callable[[str], str], modes: Sequence[str]) -> Measured | None:
        return least([best(row(network), modes) for network in NETWORKS])

    return [
        Verdict("1. CNN training step: 3.0× as fast as Keras's best mode", 3.0, best("step/cnn/64", keras)),
        Verdict("1. CNN training step: 5× as fast as PyTorch's best mode", 5.0, best("step/cnn/64", torch)),
        Verdict("2. MLP training step: 4× as fast as Keras's best mode", 4.0, best("step/mlp/64", keras)),
        Verdict("2. MLP training step: 1.7× as fast as PyTorch's best mode", 1.7, best("step/mlp/64", torch)),
        Verdict(
            "3. evaluate 10,000 images: 4× as fast as Keras (both networks, default arguments)",
            4.0,
            worst_network(lambda n: f"evaluate/{n}/default", keras),
        ),
        Verdict(
            "3. predict one image: 20× as fast as Keras's predict (both networks)",
            20.0,
            worst_network(lambda n: f"predict/{n}", all_keras),
        ),
        Verdict("3. start-up to first step: 5× as fast as Keras", 5.0, best("startup/cnn", all_keras)),
        Verdict(
            "3. peak memory, notebook's float64 arrays: half of Keras's (both networks)",
            2.0,
            worst_network(lambda n: f"memory/{n}/float64", all_keras),
        ),
        Verdict(
            "3. peak memory, uint8 images: a fifth of Keras's with float64 arrays (both networks)",
            5.0,
            least([uint8_against_notebook(report, network, all_keras) for network in NETWORKS]),
        ),
        Verdict("4. two threads: 1.8× as fast as one on the CNN", 1.8, thread_speedup(report)),
        Verdict(
            "beside 1: CNN, Keras with steps_per_execution=16 included", 3.0, best("step/cnn/64", all_keras), False
        ),
        Verdict(
            "beside 2: MLP, Keras with steps_per_execution=16 included", 4.0, best("step/mlp/64", all_keras), False
        ),
        Verdict(
            "beside 3: evaluate, all in batches of 1,000, Keras with steps_per_execution=16 included",
            4.0,
            worst_network(lambda n: f"evaluate/{n}/1000", all_keras),
            False,
        ),
        Verdict(
            "beside 3: peak memory, uint8 images on both sides: a fifth of Keras's",
            5.0,
            worst_network(lambda n: f"memory/{n}/uint8", all_keras),
            False,
        ),
    ]
