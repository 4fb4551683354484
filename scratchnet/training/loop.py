"""The loop of ``fit`` round the step, and ``train_on_batch``, which is one step of it.

What does not learn, evaluation and prediction, is in ``passes.py``; ``sources.py`` says where batches come from.
"""

from __future__ import annotations

import math
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import numpy as np

from scratchnet.callbacks import BackupAndRestore, CallbackList, History
from scratchnet.errors import NonFiniteError
from scratchnet.training import distribution
from scratchnet.training.compiling import compile_kernels
from scratchnet.training.interrupts import Interruption, deferred_interrupt
from scratchnet.training.means import RunningMeans
from scratchnet.training.options import FitOptions, fit_sources
from scratchnet.training.passes import evaluate_pass
from scratchnet.training.progress import Logs, Progress, print_epoch, resolve_verbose
from scratchnet.training.refusals import unbuilt_if_refused
from scratchnet.training.run import Run
from scratchnet.training.samples import check_samples
from scratchnet.training.step import compiled_parts, prepare_optimizer, train_step
from scratchnet.utils.random import given_back_on_error
from scratchnet.utils.screen import screen

if TYPE_CHECKING:
    from scratchnet.graph.network import Network


def fit(model: Network, x: Any, y: Any, options: FitOptions) -> History:
    """Train; see ``Model.fit``."""
    verbose, history, logs = resolve_verbose(options.verbose), History(), Logs()
    ranks = distribution.current()
    verbose = verbose if ranks.writes else 0
    with ExitStack() as stack:
        stack.enter_context(ranks.together())
        with unbuilt_if_refused(model), given_back_on_error():
            run = ranks.prepared(lambda: _prepare(model, x, y, options, verbose, history, stack))
            ranks.begin(run)
        model.stop_training = False  # now that nothing can be refused any more
        shown_on = stack.enter_context(screen())
        if ranks.writes:
            compile_kernels(run.parts, run.training, shown_on if verbose else None, run.passes)
        stack.enter_context(run.parts.plan.running())
        stack.enter_context(_non_finite_is_told())
        interruption = stack.enter_context(deferred_interrupt())

        def announce() -> None:
            print_epoch(run.epoch, options.epochs, verbose)
            run.callbacks.on_epoch_begin(run.epoch)
            run.means = RunningMeans(run.parts.objective)

        run.callbacks.on_train_begin()
        stack.callback(lambda: run.callbacks.on_train_end(logs))  # also after an error: log files get closed
        announced = run.go_on(announce)
        ranks.go_on(run, interruption)
        while run.epoch < options.epochs and (announced or not run.stopped) and not interruption.requested:
            if not (run.training.begun or run.trained) and not run.training.begin_epoch():
                run.training.at_end()
                break
            if not announced:
                announce()
            announced = False
            progress = Progress(run.training.steps, verbose, shown_on)
            logs = _run_epoch(run, options, progress, interruption) or logs
            ranks.end_epoch(model, interruption)
        if not interruption.requested:
            with run.parts.plan.lock:
                run.parts.optimizer.finalize(run.parts.segments)
            run.finished = True
    if interruption.requested:
        raise interruption.error()
    return history


def _non_finite_is_told() -> np.errstate:
    """Return the context of training steps, which NumPy need not warn in: a loss of NaN gets an error of its own."""
    return np.errstate(over="ignore", invalid="ignore")


def _run_epoch(run: Run, options: FitOptions, progress: Progress, interruption: Interruption) -> Logs | None:
    """Run what is left of an epoch and return its figures; None if it was interrupted before its last step."""
    try:
        if not run.trained:
            if not run.stopped:  # a run that goes on may have been stopped in the middle of this epoch
                _train_epoch(run, progress, interruption)
            if interruption.requested and not run.training.through:
                progress.abandon()
                with interruption.shield:
                    run.keep(at_step=True)
                return None
            run.end_steps()
        means = run.means.logs()
        validated = _validate(run.model, run) if options.validates_after(run.epoch) else {}
        logs = dict(sorted((means | validated).items()))
        run.end_epoch(logs)
    except BaseException:
        progress.abandon()
        if interruption.requested:
            with interruption.shield:
                run.keep()
        raise
    progress.finish(logs, first=means)
    return logs


def _prepare(
    model: Network, x: Any, y: Any, options: FitOptions, verbose: int, history: History, stack: ExitStack
) -> Run:
    """Check everything that can be refused, the first batch of a source of batches included, and set up the run."""
    training, validation = fit_sources(model, x, y, options)
    stack.callback(training.close)
    if validation is not None:
        stack.callback(validation.close)
    given = CallbackList(options.callbacks).callbacks
    backups = [callback for callback in given if isinstance(callback, BackupAndRestore)]
    ranks = distribution.current()
    others = [callback for callback in given if not isinstance(callback, BackupAndRestore)]
    params: dict[str, Any] = {"verbose": verbose, "epochs": options.epochs, "steps": training.steps}
    params["validates"] = validation is not None
    # Backups see what all others have done.
    callbacks = CallbackList([*others, history, *backups], model, params, writes=ranks.writes)
    if len(backups) > 1:
        raise ValueError(f"fit expected at most one BackupAndRestore among its callbacks, got {len(backups)}.")
    saved, backups = bool(backups), backups if ranks.writes else []
    for backup in backups:
        stack.callback(backup.let_go)
        backup.take()
    callbacks._check_fit()
    training.shuffle(options.shuffle)
    goes_on = any(backup.exists() for backup in backups)
    if not goes_on and not training.begin_epoch():
        raise ValueError("fit expected at least one batch, got none: an iterator can be used up only once.")
    if not model.built:
        raise ValueError(
            f"fit expected a model that is built, to go on from a backup, but {model.name!r} waits for its first data: "
            f"begin it with Input(shape), or call build((None, …))."
        )
    prepare_optimizer(model)
    parts = compiled_parts(model, "train")
    if validation is not None:
        compiled_parts(model, "test")  # refuses now what it refuses
    settings = options.settings()
    run = Run(model, parts, training, validation, callbacks, settings, options.initial_epoch, backups, ranks.size)
    for backup in backups:
        backup.follow(run)
        if goes_on:
            run.find(backup.path)
    if validation is not None and options.validation_data is not x and options.validates:
        validation.look(saved=saved)
    return run


def _train_epoch(run: Run, progress: Progress, interruption: Interruption) -> None:
    model, means, callbacks = run.model, run.means, run.callbacks
    ranks = distribution.current()
    watched = ranks.any(callbacks.needs_batch_logs("on_train_batch_end"))
    heard = watched or callbacks.needs_batch_logs("on_train_batch_begin")
    timed = [backup for backup in run.backups if backup.minutes is not None]
    run.renew()
    for step, samples, rows in run.training.epoch():
        if heard:
            callbacks.on_train_batch_begin(step)
            run.renew()
        with interruption.shield:
            with run.parts.plan.lock:
                try:
                    loss, size = ranks.step(run, samples, rows, step + 1, interruption)
                except NonFiniteError as error:
                    if not callbacks._ends_at(error, step):
                        raise
                    loss, size = math.nan, 0  # nothing has been learnt from this batch
            means.add(loss, size)
        if watched:
            run.training.wait()  # before a callback may draw random numbers, too
            callbacks.on_train_batch_end(step, means.logs())
            model.stop_training = ranks.any(model.stop_training)
        for backup in timed:
            backup.after_step()
        progress.update(step + 1, means.logs)
        if model.stop_training or interruption.requested:
            break


def _validate(model: Network, run: Run) -> Logs:
    """Return the figures of the validation data, if there are any."""
    if run.validation is None:
        return {}
    run.renew()  # refuses what a pass of another model would be
    if not run.validation.begin_epoch(anew=True):
        run.validation.at_end()
        return {}
    parts, ranks = compiled_parts(model, "test"), distribution.current()
    scores = evaluate_pass(parts, run.validation, run.callbacks, Progress(1, 0), ranks)
    return {f"val_{name}": value for name, value in scores.items()}


def train_on_batch(model: Network, x: Any, y: Any, sample_weight: Any, class_weight: Any = None) -> Logs:
    """Take one step on one batch; see ``Model.train_on_batch``."""
    distribution.current().refuse_single_batch("train_on_batch")
    samples = check_samples(model, x, y, sample_weight, class_weight, "train_on_batch")
    prepare_optimizer(model)
    parts = compiled_parts(model, "train")
    means = RunningMeans(parts.objective)
    with parts.plan.running(), parts.plan.lock, _non_finite_is_told():
        means.add(train_step(model, parts, samples.take(parts.plan, slice(None)), number=1), len(samples))
    return means.logs()
