"""What a plan costs: a table of its steps, with operations, bytes and measured time."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from scratchnet import config
from scratchnet.graph.plan import Plan
from scratchnet.graph.steps import LayerStep, Step
from scratchnet.losses import Loss, SparseCategoricalCrossentropy
from scratchnet.typing import Array
from scratchnet.utils.tables import fitting
from scratchnet.utils.terminal import make_console

if TYPE_CHECKING:
    from rich.table import Table

_REPETITIONS = 7


class StepCost(NamedTuple):
    """What one step of a plan costs for a batch of a given size, each as (forward, backward).

    ``flops`` and ``bytes`` are None for a step that does not know them: a layer's own definition.
    """

    layers: list[str]
    runs_by: str
    flops: tuple[int, int] | None
    bytes: tuple[int, int] | None
    milliseconds: tuple[float, float]


class _TimedStep:
    """A step with a stopwatch."""

    def __init__(self, step: Step) -> None:
        self.step, self.layers = step, step.layers
        self.seconds: dict[str, list[float]] = {"forward": [], "backward": []}

    def forward(self, x: Any, training: bool | None) -> Array:
        start = time.perf_counter()
        y = self.step.forward(x, training)
        self.seconds["forward"].append(time.perf_counter() - start)
        return y

    def backward(self, dy: Array) -> Any:
        start = time.perf_counter()
        dx = self.step.backward(dy)
        self.seconds["backward"].append(time.perf_counter() - start)
        return dx

    def milliseconds(self, way: str) -> float:
        """Return the median, without the first run, which may have compiled the kernel."""
        return float(np.median(self.seconds[way][1:])) * 1e3 if self.seconds[way] else 0.0


class _TimedLoss:
    """The loss of one output with a stopwatch, on random labels. It returns random gradients where there is no loss."""

    def __init__(self, loss: Loss | None, plan: Plan, place: int, generator: np.random.Generator) -> None:
        self.definition, self.place = loss, place
        self.sparse = isinstance(loss, SparseCategoricalCrossentropy)
        self.loss = plan.loss(loss, place) if loss is not None else None
        self.last = getattr(self.loss, "last", None)
        self.generator, self.seconds = generator, list[float]()

    def gradient(self, y_pred: Array) -> Array:
        """Run the loss, and return the gradient of the output."""
        if self.loss is None:
            return self.generator.normal(size=y_pred.shape).astype(y_pred.dtype)
        classes = self.generator.integers(0, y_pred.shape[-1], y_pred.shape[:-1])
        labels = classes if self.sparse else np.eye(y_pred.shape[-1], dtype=y_pred.dtype)[classes]
        start = time.perf_counter()
        self.loss.forward(labels, y_pred)
        self.seconds.append(time.perf_counter() - start)
        return self.loss.backward()


def measure(plan: Plan, batch_size: int, losses: Sequence[Loss | None] = ()) -> list[StepCost]:
    """Run random batches through a plan of one's own and return the cost of each step, by medians of seven runs.

    Args:
        plan: the plan.
        batch_size: samples in a batch.
        losses: what each output is trained with: further steps of the list, or part of one.
    """
    generator = np.random.default_rng(0)
    inputs = [_random(generator, batch_size, t.shape, t.dtype) for t in plan.graph.inputs]
    outputs = enumerate(losses or [None] * len(plan.graph.outputs))
    timed_losses = [_TimedLoss(loss, plan, place, generator) for place, loss in outputs]
    timed = [_TimedStep(step) for step in plan.steps]
    plan.wiring = [(step, sources, output) for step, (_, sources, output) in zip(timed, plan.wiring)]
    with plan.running(), plan.lock:
        for _ in range(1 + _REPETITIONS):
            outputs_now = plan.forward(inputs, training=True)
            plan.backward([loss.gradient(y_pred) for loss, y_pred in zip(timed_losses, outputs_now)])
    costs = [
        StepCost(
            [layer.name for layer in step.layers],
            "definition" if isinstance(step, LayerStep) else type(step).__name__,
            step.flops(batch_size) if hasattr(step, "flops") else None,
            step.bytes(batch_size) if hasattr(step, "bytes") else None,
            (stopwatch.milliseconds("forward"), stopwatch.milliseconds("backward")),
        )
        for step, stopwatch in zip(plan.steps, timed)
    ]
    for loss in timed_losses:
        _add_loss(costs, plan, loss)
    return costs


def _add_loss(costs: list[StepCost], plan: Plan, timed: _TimedLoss) -> None:
    """Add a loss, to the step that it runs together with, else as a step of its own."""
    if timed.definition is None:
        return
    took, name = float(np.median(timed.seconds[1:])) * 1e3, timed.definition.name
    if timed.last is None:
        kind = "definition" if type(timed.loss) is type(timed.definition) else type(timed.loss).__name__
        costs.append(StepCost([name], kind, None, None, (took, 0.0)))
        return
    number = plan.steps.index(timed.last)
    forward, backward = costs[number].milliseconds
    together = [*costs[number].layers, name]
    costs[number] = costs[number]._replace(layers=together, milliseconds=(forward + took, backward))


def print_plan(
    plan: Plan,
    batch_size: int,
    print_fn: Callable[[str], object] | None = None,
    losses: Sequence[Loss | None] = (),
) -> None:
    """Print which layers run together, by which kernel, and what each step costs."""
    import io

    file = io.StringIO() if print_fn else None
    console = make_console(file=file, width=None if file is None else 120)
    console.print(f"[bold]Backend {plan.backend}[/], batches of {batch_size}, times in ms, measured now")
    console.print(fitting(console, _table(measure(plan, batch_size, losses))))
    if print_fn and file:
        print_fn(file.getvalue())


def _table(costs: list[StepCost]) -> Table:
    from rich.table import Table

    table = Table("Layers", "Run by", caption="→ forward, ← backward; operations and bytes where a kernel knows them")
    for title in ("ms →", "ms ←", "MFLOP →", "MFLOP ←", "MB →", "MB ←"):
        table.add_column(title, justify="right")
    for cost in costs:
        table.add_row(
            "\n".join(cost.layers),
            cost.runs_by,
            *(f"{ms:.3f}" for ms in cost.milliseconds),
            *_millions(cost.flops),
            *_millions(cost.bytes),
        )
    total = (f"{sum(cost.milliseconds[way] for cost in costs):.3f}" for way in (0, 1))
    table.add_section()
    table.add_row("[bold]all[/]", "", *total)
    return table


def _millions(pair: tuple[int, int] | None) -> tuple[str, str]:
    return ("", "") if pair is None else (f"{pair[0] / 1e6:.1f}", f"{pair[1] / 1e6:.1f}")


def _random(generator: np.random.Generator, n: int, shape: tuple[int | None, ...], dtype: str) -> Array:
    if dtype in config.INTEGERS:
        return np.zeros([n, *(s for s in shape[1:] if s is not None)], dtype)
    return generator.normal(size=[n, *(s for s in shape[1:] if s is not None)]).astype(dtype)
