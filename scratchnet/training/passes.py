"""Passes that learn nothing: evaluate and predict, and the same for one batch. ``loop.py`` has ``fit``."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import numpy as np

from scratchnet.callbacks import CallbackList
from scratchnet.training.distribution import Distribution
from scratchnet.training.making import make_source
from scratchnet.training.means import RunningMeans
from scratchnet.training.outputs import Outputs
from scratchnet.training.progress import Logs, Progress, resolve_verbose
from scratchnet.training.refusals import unbuilt_if_refused
from scratchnet.training.samples import Samples, check_samples, unlabelled
from scratchnet.training.shares import length
from scratchnet.training.sources import DEFAULT_BATCH_SIZE, Arrays, Source
from scratchnet.training.step import Compiled, compiled_parts
from scratchnet.typing import Array
from scratchnet.utils.screen import screen

if TYPE_CHECKING:
    from scratchnet.graph.network import Network
    from scratchnet.graph.plan import Plan

_ALONE = Distribution()
_SAMPLES_AT_ONCE = 1024  # evaluation and prediction compute this many together, whatever the batch size displayed


def evaluate(
    model: Network,
    x: Any,
    y: Any,
    batch_size: int | None,
    verbose: int | str,
    sample_weight: Any,
    steps: int | None,
    callbacks: Any,
) -> Logs:
    """Measure loss and metrics; see ``Model.evaluate``."""
    verbose = resolve_verbose(verbose)
    with ExitStack() as stack:
        with unbuilt_if_refused(model):
            source = make_source("evaluate", model, x, y, sample_weight, batch_size, steps)
            stack.callback(source.close)
            listeners = CallbackList(callbacks, model, {"verbose": verbose, "epochs": 1, "steps": source.steps})
            _begin(source)
        progress = Progress(source.steps, verbose, stack.enter_context(screen()))
        parts = compiled_parts(model, "test")
        with parts.plan.running():
            logs = evaluate_pass(parts, source, listeners, progress)
        progress.finish(logs)
    return logs


def predict(
    model: Network, x: Any, batch_size: int | None, verbose: int | str, steps: int | None, callbacks: Any
) -> list[Array]:
    """Compute the outputs for all samples; see ``Model.predict``."""
    verbose = resolve_verbose(verbose)
    if not verbose and callbacks is batch_size is steps is None and _is_one_batch(x):  # which nobody watches
        return call(model, x, False, "predict")
    with ExitStack() as stack:
        with unbuilt_if_refused(model):
            source = make_source("predict", model, x, batch_size=batch_size, steps=steps)
            stack.callback(source.close)
            listeners = CallbackList(callbacks, model, {"verbose": verbose, "epochs": 1, "steps": source.steps})
            _begin(source)
        plan, outputs, progress = (
            model.run_plan("predict"),
            Outputs(model, source.count),
            Progress(source.steps, verbose, stack.enter_context(screen())),
        )

        def compute(samples: Samples, rows: Any) -> None:
            outputs.add(plan.forward(samples.take(plan, rows).x))

        def logs() -> dict[str, Any]:
            newest = [block.copy() for block in outputs.newest]
            return {"outputs": model.as_results(newest)}

        with plan.running_forward(source.count or _SAMPLES_AT_ONCE):
            listeners.on_predict_begin()
            _run_pass(plan, compute, source, listeners, "predict", progress, logs, Logs, plan.always_trains)
            listeners.on_predict_end()
        progress.finish({})
    return outputs.all()


def test_on_batch(model: Network, x: Any, y: Any, sample_weight: Any) -> Logs:
    """Measure one batch; see ``Model.test_on_batch``."""
    samples = check_samples(model, x, y, sample_weight, None, "test_on_batch")
    source, parts = Arrays("test_on_batch", samples, len(samples), None), compiled_parts(model, "test")
    _begin(source)
    with parts.plan.running():
        return evaluate_pass(parts, source, CallbackList(), Progress(1, 0))


def call(model: Network, x: Any, training: bool | None, where: str) -> list[Array]:
    """Run one batch forward; see ``Model.__call__``."""
    samples = unlabelled(model, x, where)
    plan = model.run_plan("predict")
    with plan.running_forward(len(samples)), plan.lock:
        return [output.copy() for output in plan.forward(samples.take(plan, slice(None)).x, training)]


def evaluate_pass(
    parts: Compiled,
    source: Source,
    callbacks: CallbackList,
    progress: Progress,
    ranks: Distribution = _ALONE,
) -> Logs:
    """Measure loss and metrics over a pass that has begun, which ranks may divide among them."""

    def measure(samples: Samples, rows: Any) -> None:
        batch = samples.take(parts.plan, rows)
        outputs, size = parts.plan.forward(batch.x), source.batch_size
        if parts.plan.losses and size is not None and len(batch.x[0]) > size:
            source.take_at_once(1)  # what layers add to the loss may depend on how many samples come together
            for start in range(rows.start, rows.stop, size):
                measure(samples, slice(start, min(start + size, rows.stop)))
            return
        loss = parts.objective.forward(batch.y, outputs, batch.weight) + parts.added_losses()
        parts.objective.measure(batch.y, batch.weight)
        means.add(loss, len(batch.x[0]))

    def measure_share(samples: Samples, rows: Any) -> None:
        if length(rows := ranks.share(rows)):
            measure(samples, rows)

    means = RunningMeans(parts.objective)
    callbacks.on_test_begin()
    batch_by_batch = parts.objective.depends_on_batch or parts.plan.always_trains
    watched = any(callbacks.needs_batch_logs(hook) for hook in ("on_test_batch_begin", "on_test_batch_end"))
    divided = ranks.shares_pass(parts, ranks.any(watched))
    run = measure_share if divided else measure
    _run_pass(parts.plan, run, source, callbacks, "test", progress, means.logs, None, batch_by_batch)
    if divided:
        ranks.add_up(means)
    logs = means.logs()
    callbacks.on_test_end(logs)
    return logs


def _run_pass(
    plan: Plan,
    run: Callable[[Samples, Any], None],
    source: Source,
    callbacks: CallbackList,
    kind: str,
    progress: Progress,
    logs: Callable[[], dict[str, Any]],
    shown: Callable[[], Logs] | None = None,
    batch_by_batch: bool = False,
) -> None:
    """Run a pass in large blocks, if the source has them; batch by batch if asked, or if a callback listens to each.

    ``logs`` makes what callbacks get, ``shown`` what the bar shows, if that is something else.
    """
    begin, end = f"on_{kind}_batch_begin", f"on_{kind}_batch_end"
    watched = callbacks.needs_batch_logs(begin) or callbacks.needs_batch_logs(end)
    source.take_at_once(1 if watched or batch_by_batch else _SAMPLES_AT_ONCE)
    for step, samples, rows in source.epoch():
        getattr(callbacks, begin)(step)
        with plan.lock:
            run(samples, rows)
        if watched:
            source.wait()
            getattr(callbacks, end)(step, logs())
        progress.update(source.taken, shown or logs)
    source.end_epoch()


def _begin(source: Source) -> None:
    if not source.begin_epoch():
        raise ValueError(f"{source.where} expected at least one batch, got none: an iterator can be used up only once.")


def _is_one_batch(x: Any) -> bool:
    return isinstance(x, np.ndarray) and x.size > 0 and x.ndim > 0 and len(x) <= DEFAULT_BATCH_SIZE
