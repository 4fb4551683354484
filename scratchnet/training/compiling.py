"""Kernels that a model needs, compiled before its first step, and said so: the first time takes a while."""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import numpy as np

from scratchnet.graph.plan import Plan
from scratchnet.graph.steps import LayerStep
from scratchnet.training.samples import Samples
from scratchnet.training.sources import Arrays, Source
from scratchnet.training.step import Compiled, compiled_parts
from scratchnet.typing import Array
from scratchnet.utils.screen import Screen
from scratchnet.utils.terminal import columns, folded

if TYPE_CHECKING:
    from scratchnet.graph.network import Network
    from scratchnet.kernels.machine.ahead import Call

_looked_at: WeakSet[Plan] = WeakSet()


def compile_kernels(
    parts: Compiled, source: Source, screen: Screen | None, passes: Callable[[], list[Plan]] = list
) -> None:
    """Compile what training would wait for, on all cores, and show how far it is.

    Where that cannot be told beforehand, nothing happens: kernels are compiled when they are first called.

    Args:
        parts: what runs the model.
        source: where its batches come from; only of arrays is it known what they look like.
        screen: where to draw; None to say it in one line, on standard error.
        passes: returns the plans of the passes that learn nothing, such as the validation.
    """
    if parts.plan.backend != "numba" or not isinstance(source, Arrays) or parts.plan in _looked_at:
        return
    _looked_at.add(parts.plan)
    from scratchnet.kernels.machine.ahead import compile_ahead, missing

    calls = missing([*calls_of_a_step(parts, source), *(call for plan in passes() for call in calls_of_a_pass(plan))])
    if not calls:
        return
    if screen is not None and screen.live:
        compile_ahead(calls, lambda done, total, left: screen.draw(line(done, total, left, screen.width)))
        screen.draw("")
        return
    _remark(f"scratchnet: compiling {len(calls)} kernels (once, then kept on disk) ...")
    compile_ahead(calls, lambda done, total, left: None)


def compile_for(model: Network, x: Array, y: Array, screen: Screen | None, predicting: Sequence[Network] = ()) -> None:
    """Do the same for a compiled model that is to be trained on samples such as these, and to be evaluated.

    Args:
        model: the model.
        x, y: samples (N, …) and labels (N,).
        screen: as for ``compile_kernels``.
        predicting: the models, it or others, whose ``predict`` is to find its kernels as well.
    """
    source = Arrays("fit", Samples([x], [y], [None]), len(x), None)

    def passes() -> list[Plan]:
        return [compiled_parts(model, "test").plan, *(each.run_plan("predict") for each in predicting)]

    compile_kernels(compiled_parts(model, "train"), source, screen, passes)


def _remark(text: str) -> None:
    print(folded(text, columns(sys.stderr)), file=sys.stderr, flush=True)


def line(done: int, total: int, left: float, width: int | None) -> str:
    """Return how far compiling is, in the most words that fit."""
    number = min(done + 1, total)
    time_left = f"about {max(1, round(left))} s left"
    for text in (
        f"Compiling kernel {number} of {total}, {time_left} (once, then kept on disk)",
        f"Compiling kernel {number} of {total}, {time_left}",
        f"Kernel {number} of {total}, {time_left}",
        f"Kernel {number}/{total}",
    ):
        if width is None or len(text) <= width:
            return text
    return f"{number}/{total}"[:width]


def calls_of_a_step(parts: Compiled, source: Arrays) -> list[Call]:
    """Return the kernels that a training step calls, with the types of their arguments; none of them runs.

    The definitions of layers do not run either. Gradients are left as rubbish, as before any first step.
    """
    from scratchnet.kernels.machine.runtime import rehearsal

    plan = parts.plan
    with plan.lock, _left_as_it_was(plan), rehearsal() as calls, np.errstate(all="ignore"):
        batch = source.samples.take(plan, np.arange(min(source.batch_size, len(source.samples))))
        n = len(batch.y[0])
        outputs = _rehearse_forward(plan, n, training=True)
        _rehearse_objective(parts, batch, outputs)
        for step, _, output in plan.wiring:
            if not isinstance(step, LayerStep):
                step.backward(_zeros(n, output.shape, step.layers[-1].dtype))
        for numbers in parts.gradients.rest:
            plan.is_finite(numbers)
        _rehearse_optimizer(parts)
    return calls


def calls_of_a_pass(plan: Plan) -> list[Call]:
    """Return the kernels that a forward pass calls which learns nothing."""
    from scratchnet.kernels.machine.runtime import rehearsal

    with plan.lock, _left_as_it_was(plan), rehearsal() as calls, np.errstate(all="ignore"):
        _rehearse_forward(plan, 1, training=False)
    return calls


@contextmanager
def _left_as_it_was(plan: Plan) -> Iterator[None]:
    """Put back what a forward pass moves in layers: running numbers, and how often they have drawn."""
    layers = [layer for step in plan.steps if not isinstance(step, LayerStep) for layer in step.layers]
    generators = (getattr(layer, "seed_generator", None) for layer in layers)
    states = [variable for layer in layers for variable in layer.non_trainable.values()]
    states += [generator.state for generator in generators if generator is not None]
    before = [state.copy() for state in states]
    try:
        yield
    finally:
        for state, value in zip(states, before):
            state[...] = value


def _rehearse_forward(plan: Plan, n: int, training: bool) -> dict[Any, Any]:
    """Let the steps that are kernels call them, each with zeros, and return inputs and outputs by tensor."""
    outputs = {tensor: _zeros(n, tensor.shape, tensor.dtype) for tensor in plan.graph.inputs}
    for step, sources, output in plan.wiring:
        outputs[output] = _zeros(n, output.shape, output.dtype)
        if not isinstance(step, LayerStep):
            x = [_zeros(n, source.shape, step.layers[0].dtype) for source in sources]
            outputs[output] = step.forward(x[0] if len(x) == 1 else x, plan.mode(output, training))
    return outputs


def _zeros(n: int, shape: Any, dtype: str) -> Array:
    """Return a batch of zeros of a tensor's shape."""
    return np.zeros((n, *shape[1:]), dtype)


def _rehearse_objective(parts: Compiled, batch: Any, outputs: Any) -> None:
    predictions = [outputs[tensor] for tensor in parts.plan.graph.outputs]
    for place, loss in enumerate(parts.objective.losses):
        if loss is not None and type(loss).__module__ == "scratchnet.graph.kernel_losses":
            loss.forward(batch.y[place], predictions[place], batch.weight[place])
    for place, target in enumerate(parts.targets):
        for metric in [*target.metrics, *(target.weighted_metrics if batch.weight[place] is None else ())]:
            count = parts.plan.counting(copy.copy(metric))
            if type(count).__module__ == "scratchnet.graph.kernel_metrics":
                count(batch.y[place], predictions[place])


def _rehearse_optimizer(parts: Compiled) -> None:
    if parts.update_rule == parts.optimizer.update:
        return
    optimizer = copy.copy(parts.optimizer)
    optimizer.iterations = 1  # before the first step there is no step size
    for _, weights, _ in parts.segments[:1]:
        w, g, *slots = (np.zeros(1, weights.dtype) for _ in range(2 + len(optimizer.slot_names)))
        parts.plan.update_rule(optimizer)(w, g, tuple(slots), 0.0)
