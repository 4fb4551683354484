"""What gets differentiated: a function of named tensors, made of a graph's runner."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from scratchnet.gradient_check.runner import Runner, input_names
from scratchnet.typing import Array


@dataclass
class Subject:
    """A function of named tensors, with a backward pass: what gets differentiated.

    Attributes:
        tensors: every array that the output depends on. Changed in place, they count at the next ``forward``.
        forward: returns the output, a new array.
        forward_from: the same after a change of the named parameter alone; it may be quicker.
        backward: given dy, returns the gradient of Σ dy·y for every tensor by name. Runs after ``forward``.
        batched: the names of the tensors whose first axis is the batch, if every sample's output depends on that
            sample alone; many changed samples can then be run as one batch.
        forward_batch: given those tensors for any number of samples, returns the outputs, one for each sample.
        without_gradient: the names of the tensors for which ``backward`` gives None.
    """

    tensors: dict[str, Array]
    forward: Callable[[], Array]
    forward_from: Callable[[str], Array]
    backward: Callable[[Array], dict[str, Array]]
    batched: tuple[str, ...] = ()
    forward_batch: Callable[[list[Array]], Array] | None = None
    without_gradient: tuple[str, ...] = ()


def runner_subject(runner: Runner, xs: list[Array]) -> Subject:
    """Return a graph's runner as a function of its inputs and parameters."""
    names = input_names(len(xs))

    def backward(dy: Array) -> dict[str, Array]:
        runner.clear_gradients()
        dxs = runner.backward(dy)
        return {**dict(zip(names, dxs)), **runner.grads}

    return Subject(
        tensors={**dict(zip(names, xs)), **runner.params},
        forward=lambda: runner.forward_copies(xs),
        forward_from=lambda name: (
            runner.forward_copies(xs) if name in names or runner.held_still else np.array(runner.forward_from(name))
        ),
        backward=backward,
        batched=tuple(names) if not runner.random and samples_are_independent(runner, xs) else (),
        forward_batch=runner.forward_copies,
        without_gradient=tuple(names[i] for i in runner.without_gradient),
    )


def with_added_losses(subject: Subject, runner: Runner, dy: Array) -> tuple[Subject, Array]:
    """Return what is differentiated, and its dy: Σ dy·y, plus what is added to the loss if there is such a thing.

    A layer that adds a loss has its slope in what ``backward`` returns, so the function must have the loss in it.
    """
    if not runner.adds_losses:
        return subject, dy

    def value() -> Array:
        y = subject.forward()
        return np.array([(dy * y).sum() + runner.added_losses()])

    def backward(one: Array) -> dict[str, Array]:
        gradients = subject.backward(dy * one)
        runner.penalties.add_slopes()
        return gradients

    whole = Subject(subject.tensors, value, lambda name: value(), backward, without_gradient=subject.without_gradient)
    return whole, np.ones(1)


def samples_are_independent(runner: Runner, xs: list[Array]) -> bool:
    """Whether each sample alone gives what it gives among the others."""
    whole = runner.forward_copies(xs)
    for n in range(len(xs[0])):
        try:
            alone = runner.forward([x[n : n + 1].copy() for x in xs])
        except Exception:
            return False
        if alone.shape != whole[n : n + 1].shape or not np.allclose(alone[0], whole[n], rtol=1e-12, atol=1e-12):
            return False
    return True
