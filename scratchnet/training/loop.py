"""The loops round the step: fit, evaluate and predict."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from scratchnet.callbacks import Callback, CallbackList, History
from scratchnet.training.interrupts import Interruption, deferred_interrupt
from scratchnet.training.progress import Logs, Progress, print_epoch, resolve_verbose
from scratchnet.training.refusals import unbuilt_if_refused
from scratchnet.training.samples import Samples, batch_slices, check_inputs, check_samples
from scratchnet.training.step import Compiled, compiled_parts, prepare_optimizer, train_step
from scratchnet.typing import Array, Shape
from scratchnet.utils.numbers import true_or_false, whole_number
from scratchnet.utils.random import new_generator

if TYPE_CHECKING:
    from scratchnet.graph.network import Network
    from scratchnet.graph.plan import Plan
    from scratchnet.metrics import Metric

_SAMPLES_AT_ONCE = 1024  # evaluation and prediction compute this many together, whatever the batch size displayed


@dataclass
class FitOptions:
    """The arguments of ``Model.fit``, which documents them."""

    batch_size: int
    epochs: int
    verbose: int | str
    callbacks: Sequence[Callback] | Callback | None
    validation_split: float
    validation_data: tuple[Any, ...] | None
    shuffle: bool
    class_weight: dict[int, float] | None
    sample_weight: Any
    initial_epoch: int
    validation_batch_size: int | None

    def __post_init__(self) -> None:
        self.batch_size = whole_number("batch_size", self.batch_size, 1)
        self.epochs = whole_number("epochs", self.epochs, 1)
        self.initial_epoch = whole_number("initial_epoch", self.initial_epoch, 0)
        self.shuffle = true_or_false("shuffle", self.shuffle)
        if self.validation_batch_size is not None:
            self.validation_batch_size = whole_number("validation_batch_size", self.validation_batch_size, 1)


class RunningMeans:
    """The means of loss and metrics over the samples of a pass so far, as displayed."""

    def __init__(self, metrics: Sequence[Metric]) -> None:
        self.metrics = metrics
        self.loss_sum, self.count = 0.0, 0
        for metric in metrics:
            metric.reset()

    def add(self, loss: float, samples: int) -> None:
        """Take a batch's mean loss in, weighted by its size."""
        self.loss_sum += loss * samples
        self.count += samples

    def logs(self) -> Logs:
        """Return the means by name, in alphabetical order, as Keras shows them."""
        means = {metric.name: metric.result() for metric in self.metrics}
        means["loss"] = self.loss_sum / max(self.count, 1)
        return dict(sorted(means.items()))


def fit(model: Network, x: Any, y: Any, options: FitOptions) -> History:
    """Train; see ``Model.fit``."""
    verbose, history = resolve_verbose(options.verbose), History()
    with unbuilt_if_refused(model):
        training = check_samples(model, x, y, options.sample_weight, options.class_weight, "fit")
        training, validation = _hold_back(model, training, options)
        steps = math.ceil(len(training) / options.batch_size)
        params = {"verbose": verbose, "epochs": options.epochs, "steps": steps}
        callbacks = CallbackList([*CallbackList(options.callbacks).callbacks, history], model, params)
        callbacks._check_fit()
        prepare_optimizer(model)
        parts = compiled_parts(model, "train")
        testing = compiled_parts(model, "test") if validation is not None else None
    generator = new_generator()  # now that nothing can be refused any more
    model.stop_training = False
    logs: Logs = {}

    with ExitStack() as stack:
        stack.enter_context(parts.plan.running())
        stack.enter_context(np.errstate(over="ignore", invalid="ignore"))  # a loss of NaN gets an error of its own
        interruption = stack.enter_context(deferred_interrupt())
        callbacks.on_train_begin()
        stack.callback(lambda: callbacks.on_train_end(logs))  # also after an error: log files get closed
        for epoch in range(options.initial_epoch, options.epochs):
            print_epoch(epoch, options.epochs, verbose)
            callbacks.on_epoch_begin(epoch)
            order = generator.permutation(len(training)) if options.shuffle else np.arange(len(training))
            progress = Progress(steps, verbose)
            try:
                means = _train_epoch(
                    model, parts, training, order, options.batch_size, callbacks, progress, interruption
                )
            except BaseException:
                progress.abandon()
                raise
            logs = means.logs()
            if validation is not None and testing is not None and not interruption.requested:
                size = options.validation_batch_size or options.batch_size
                scores = _evaluate_pass(testing, validation, size, callbacks, Progress(1, 0))
                logs |= {f"val_{name}": value for name, value in scores.items()}
            if interruption.requested:
                progress.abandon()
                break
            callbacks.on_epoch_end(epoch, logs)  # may add to what is shown, such as the learning rate
            progress.finish(logs)
            if model.stop_training:
                break
        if not interruption.requested:
            parts.optimizer.finalize(parts.segments)
    if interruption.requested:
        raise KeyboardInterrupt("Training was stopped by Ctrl-C; the model and model.history hold what was reached.")
    return history


def _train_epoch(
    model: Network,
    parts: Compiled,
    training: Samples,
    order: Array,
    batch_size: int,
    callbacks: CallbackList,
    progress: Progress,
    interruption: Interruption,
) -> RunningMeans:
    means = RunningMeans(parts.metrics)
    watched = callbacks.needs_batch_logs("on_train_batch_end")
    for step, part in enumerate(batch_slices(len(order), batch_size)):
        callbacks.on_train_batch_begin(step)
        with parts.plan.lock:
            batch = training.take(parts.plan, order[part])
            loss = train_step(model, parts, batch, number=step + 1)
        means.add(loss, len(batch.y))
        if watched:
            callbacks.on_train_batch_end(step, means.logs())
        progress.update(step + 1, means.logs)
        if model.stop_training or interruption.requested:
            break
    return means


def train_on_batch(model: Network, x: Any, y: Any, sample_weight: Any) -> Logs:
    """Take one step on one batch; see ``Model.train_on_batch``."""
    samples = check_samples(model, x, y, sample_weight, None, "train_on_batch")
    prepare_optimizer(model)
    parts = compiled_parts(model, "train")
    means = RunningMeans(parts.metrics)
    with parts.plan.running(), parts.plan.lock:
        means.add(train_step(model, parts, samples.take(parts.plan, slice(None)), number=1), len(samples))
    return means.logs()


def evaluate(
    model: Network, x: Any, y: Any, batch_size: int, verbose: int | str, sample_weight: Any, callbacks: Any
) -> Logs:
    """Measure loss and metrics; see ``Model.evaluate``."""
    batch_size, verbose = whole_number("batch_size", batch_size, 1), resolve_verbose(verbose)
    with unbuilt_if_refused(model):
        samples = check_samples(model, x, y, sample_weight, None, "evaluate")
        steps = math.ceil(len(samples) / batch_size)
        listeners = CallbackList(callbacks, model, {"verbose": verbose, "epochs": 1, "steps": steps})
    progress = Progress(steps, verbose)
    parts = compiled_parts(model, "test")
    with parts.plan.running():
        logs = _evaluate_pass(parts, samples, batch_size, listeners, progress)
    progress.finish(logs)
    return logs


def _evaluate_pass(
    parts: Compiled, samples: Samples, batch_size: int, callbacks: CallbackList, progress: Progress
) -> Logs:
    at_once = max(len(samples), 1)

    def measure(part: slice) -> None:
        nonlocal at_once
        if part.stop - part.start > at_once:
            for start in range(part.start, part.stop, at_once):
                measure(slice(start, min(start + at_once, part.stop)))
            return
        batch = samples.take(parts.plan, part)
        (y_pred,) = parts.plan.forward(batch.x)
        if parts.plan.losses and part.stop - part.start > batch_size:  # they may depend on how many come together
            at_once = batch_size
            return measure(part)
        loss = parts.loss.forward(batch.y, y_pred, batch.weight) + parts.added_losses()
        for metric in parts.metrics:
            metric.update(batch.y, parts.loss.predictions)
        means.add(loss, len(batch.y))

    means = RunningMeans(parts.metrics)
    callbacks.on_test_begin()
    batch_by_batch = parts.loss.depends_on_batch or parts.plan.always_trains
    _run_blocks(
        parts.plan, measure, len(samples), batch_size, callbacks, "test", progress, means.logs, None, batch_by_batch
    )
    logs = means.logs()
    callbacks.on_test_end(logs)
    return logs


def predict(model: Network, x: Any, batch_size: int, verbose: int | str, callbacks: Any) -> list[Array]:
    """Compute the outputs for all samples; see ``Model.predict``."""
    batch_size, verbose = whole_number("batch_size", batch_size, 1), resolve_verbose(verbose)
    with unbuilt_if_refused(model):
        samples = Samples(check_inputs(model, x, "predict"), None, None)
        steps = math.ceil(len(samples) / batch_size)
        listeners = CallbackList(callbacks, model, {"verbose": verbose, "epochs": 1, "steps": steps})
    plan = model.run_plan("predict")
    outputs = [np.empty((len(samples), *_sizes(t.shape)), model.dtype) for t in model.outputs]
    last = slice(0)

    def compute(part: slice) -> None:
        nonlocal last
        last = part
        for whole, block in zip(outputs, plan.forward(samples.take(plan, part).x)):
            whole[part] = block

    def logs() -> dict[str, Any]:
        newest = [whole[last].copy() for whole in outputs]
        return {"outputs": newest[0] if model._single_output else newest}

    progress = Progress(steps, verbose)
    with plan.running_forward(len(samples)):
        listeners.on_predict_begin()
        _run_blocks(
            plan, compute, len(samples), batch_size, listeners, "predict", progress, logs, dict, plan.always_trains
        )
        listeners.on_predict_end()
    progress.finish({})
    return outputs


def call(model: Network, x: Any, training: bool) -> list[Array]:
    """Run one batch forward; see ``Model.__call__``."""
    samples = Samples(check_inputs(model, x, "The model"), None, None)
    plan = model.run_plan("predict")
    with plan.running_forward(len(samples)), plan.lock:
        return [output.copy() for output in plan.forward(samples.take(plan, slice(None)).x, training)]


def _run_blocks(
    plan: Plan,
    run: Callable[[slice], None],
    count: int,
    batch_size: int,
    callbacks: CallbackList,
    kind: str,
    progress: Progress,
    logs: Callable[[], dict[str, Any]],
    shown: Callable[[], Logs] | None = None,
    batch_by_batch: bool = False,
) -> None:
    """Run ``count`` samples in large blocks; batch by batch only if asked, or if a callback listens to every batch.

    ``logs`` makes what callbacks get, ``shown`` what the bar shows, if that is something else.
    """
    begin, end = f"on_{kind}_batch_begin", f"on_{kind}_batch_end"
    watched = callbacks.needs_batch_logs(begin) or callbacks.needs_batch_logs(end)
    batches = 1 if watched or batch_by_batch else max(1, _SAMPLES_AT_ONCE // batch_size)
    for number, part in enumerate(batch_slices(count, batches * batch_size)):
        getattr(callbacks, begin)(number)
        with plan.lock:
            run(part)
        if watched:
            getattr(callbacks, end)(number, logs())
        progress.update(math.ceil(part.stop / batch_size), shown or logs)


def _hold_back(model: Network, training: Samples, options: FitOptions) -> tuple[Samples, Samples | None]:
    """Return the samples to train on and those to validate on."""
    if options.validation_data is not None:
        given = options.validation_data
        if not isinstance(given, (tuple, list)) or len(given) not in (2, 3):
            raise ValueError("fit expected validation_data as (x, y) or (x, y, sample_weight), got something else.")
        weight = given[2] if len(given) == 3 else None
        return training, check_samples(model, given[0], given[1], weight, None, "fit(validation_data)")
    if options.validation_split:
        return training.split(options.validation_split)
    return training, None


def _sizes(shape: Shape) -> tuple[int, ...]:
    return tuple(n for n in shape[1:] if n is not None)
