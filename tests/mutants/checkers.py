"""The checker, and weaker ones to compare it with. Each says whether it *catches* a mutant.

The weaker ones are not straw men: an upstream gradient of ones, a step of 1e-5 and a tolerance of 1e-2 are what
textbooks teach, at every entry, and what gradient checks in public from-scratch libraries do, some of them at one
random index.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

import numpy as np

from scratchnet.gradient_check import Report, check_layer, check_loss
from scratchnet.gradient_check.check_layers import _shapes
from scratchnet.gradient_check.runner import Runner
from scratchnet.gradient_check.subject import runner_subject
from scratchnet.gradient_check.twins import layer_graph
from scratchnet.utils.random import seeded
from tests.mutants.catalogue import Mutant
from tests.oracles.checking_objectives import check_objective
from tests.oracles.checking_updates import STEPS, check_optimizer, check_schedule
from tests.oracles.nested import check_nested
from tests.oracles.penalized_steps import check_constraint, check_penalties, trained
from tests.oracles.plateau import check_plateau
from tests.oracles.runs import check_run

Caught = bool | None
"""None: this checker has nothing to say about such an object."""

OF_NO_GRADIENT = ("schedule", "constraint", "penalties", "nested", "objective", "callback", "run")
"""Kinds that a gradient check has nothing to say about."""


@lru_cache(2)
def report_on(mutant: Mutant, dy: str) -> Report:
    """Return the gradient checker's report on a layer or loss; of each mutant two checkers ask for the same two."""
    if mutant.kind == "loss":
        return check_loss(mutant.make(), backend="numpy")
    upstream = None
    if dy == "ones":
        runner = Runner(layer_graph(mutant.make(), _shapes(mutant.shape), "float64"), "numpy", _training(mutant))
        upstream = np.ones_like(runner.forward([np.zeros(shape) for shape in _shapes(mutant.shape)]))
    return check_layer(mutant.make(), mutant.shape, dy=upstream, backend="numpy", **mutant.checking)


def _training(mutant: Mutant) -> bool:
    return bool(mutant.checking.get("training", True))


def gradients(dy: str = "random") -> Any:
    """Return gradients for an optimizer, (100, 7)."""
    return np.random.default_rng(0).standard_normal((STEPS, 7)) if dy == "random" else np.ones((STEPS, 7))


def full(mutant: Mutant) -> Caught:
    """All of it: random dy, every entry, the contract, conventions at kinks; optimizers over 100 steps; nesting."""
    if mutant.kind == "optimizer":
        return bool(check_optimizer(mutant.make(), mutant.settings or {}, gradients()))
    if mutant.kind == "penalties":
        return bool(check_penalties(mutant.make()))
    if mutant.kind == "constraint":
        return bool(check_constraint(mutant.make(), mutant.shape, mutant.settings or {}))
    if mutant.kind == "schedule":
        return bool(check_schedule(mutant.make(), mutant.settings or {}))
    if mutant.kind == "nested":
        with mutant.make():
            return bool(check_nested())
    if mutant.kind == "objective":
        return bool(check_objective(mutant.make()))
    if mutant.kind == "callback":
        return bool(check_plateau(mutant.make(), mutant.settings or {}))
    if mutant.kind == "run":
        return bool(check_run(mutant.make()))
    return not report_on(mutant, "random").passed


def upstream_of_ones(mutant: Mutant) -> Caught:
    """The same checker, with dy all ones everywhere (and so without the promise of linearity, which needs others)."""
    if mutant.kind == "optimizer":
        return bool(check_optimizer(mutant.make(), mutant.settings or {}, gradients("ones")))
    if mutant.kind in OF_NO_GRADIENT:
        return None
    report = report_on(mutant, "ones")
    promises = [f for f in report.contract if f.promise != "backward is linear in dy"]
    kinks = report.kinks is None or report.kinks.passed
    return not (all(t.passed for t in report.tensors) and all(f.passed for f in promises) and kinks)


def gradients_only(mutant: Mutant) -> Caught:
    """Random dy and every entry, but neither the contract nor kinks."""
    if mutant.kind == "objective":
        return bool(check_objective(mutant.make(), by_itself=True))
    if mutant.kind in ("optimizer", *OF_NO_GRADIENT):
        return None
    return not all(t.passed for t in report_on(mutant, "random").tensors)


def ones_and_gradients_only(mutant: Mutant) -> Caught:
    """Both at once: every entry of every gradient, at dy of ones, and nothing else."""
    if mutant.kind in ("optimizer", *OF_NO_GRADIENT):
        return None
    return not all(t.passed for t in report_on(mutant, "ones").tensors)


def textbook(mutant: Mutant) -> Caught:
    """What textbooks do: dy of ones, every entry, one step of 1e-5, errors up to 1e-2; does the loss go down?"""
    return _one_step(mutant, lambda size, generator: range(size))


def one_random_entry(mutant: Mutant) -> Caught:
    """The same with one random entry of each gradient, as libraries do that run the check at every test."""
    return _one_step(mutant, lambda size, generator: [int(generator.integers(size))])


Choose = Callable[[int, np.random.Generator], Iterable[int]]


def _one_step(mutant: Mutant, choose: Choose) -> Caught:
    if mutant.kind == "optimizer":
        return not _goes_down(mutant)
    if mutant.kind == "penalties":
        losses, _ = trained(mutant.make())
        return not losses[-1] < losses[0]
    if mutant.kind in OF_NO_GRADIENT:
        return None
    generator = np.random.default_rng(0)
    if mutant.kind == "loss":
        return _one_step_of_a_loss(mutant.make(), choose, generator)
    shapes = _shapes(mutant.shape)
    with seeded(0):  # the same initial weights, and so the same verdict, at every run
        runner = Runner(layer_graph(mutant.make(), shapes, "float64"), "numpy", _training(mutant))
    runner.hold_still()  # as whoever checks a random layer finds out to do
    xs = [generator.standard_normal(shape) for shape in shapes]
    subject = runner_subject(runner, xs)
    dy = np.ones_like(runner.forward(xs))  # xs itself, as textbooks have it, not copies
    gradients = subject.backward(dy)
    runner.penalties.add_slopes()  # to the same arrays
    analytic = {name: np.array(g) for name, g in gradients.items()}

    def value() -> float:
        return float(runner.forward(xs).sum() + runner.added_losses())

    return any(
        _disagree(tensor, choose(tensor.size, generator), value, analytic[name])
        for name, tensor in subject.tensors.items()
    )


def _one_step_of_a_loss(loss: Any, choose: Choose, generator: np.random.Generator) -> bool:
    y_pred = generator.dirichlet(np.ones(5), 6)
    y_true = generator.integers(0, 5, 6)
    if "Sparse" not in type(loss).__mro__[1].__name__:
        y_true = np.eye(5)[y_true]
    loss.forward(y_true.copy(), y_pred)
    analytic = np.array(loss.backward())
    entries = choose(y_pred.size, generator)
    return _disagree(y_pred, entries, lambda: float(np.sum(loss.forward(y_true.copy(), y_pred))), analytic)


def _disagree(tensor: Any, entries: Iterable[int], value: Callable[[], float], analytic: Any) -> bool:
    if analytic.shape != tensor.shape:
        return True
    for entry in entries:
        h, before = 1e-5, tensor.flat[entry]
        tensor.flat[entry] = before + h
        right = value()
        tensor.flat[entry] = before - h
        left = value()
        tensor.flat[entry] = before
        a, n = float(analytic.flat[entry]), (right - left) / (2 * h)
        if abs(a - n) / max(abs(a) + abs(n), 1e-8) > 1e-2:
            return True
    return False


def _goes_down(mutant: Mutant) -> bool:
    """Whether a hundred steps bring w²/2 down."""
    optimizer = mutant.make()
    w = np.linspace(-1, 2, 7)
    before = float((w * w).sum())
    optimizer.build(len(w), w.dtype)
    for _ in range(STEPS):
        optimizer.step([(slice(0, len(w)), w, w.copy())])
    return float((w * w).sum()) < before


CHECKERS: dict[str, Callable[[Mutant], Caught]] = {
    "scratchnet": full,
    "dy = ones": upstream_of_ones,
    "gradients only": gradients_only,
    "ones, gradients only": ones_and_gradients_only,
    "textbook": textbook,
    "one random entry": one_random_entry,
}
