"""One training step: the whole of deep learning in a dozen lines.

gather the batch → each layer's forward → loss → each layer's backward, in reverse → optimizer
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scratchnet.errors import NonFiniteError
from scratchnet.graph.network import Network
from scratchnet.graph.parameters import Segment
from scratchnet.graph.plan import Plan
from scratchnet.training.samples import Batch

if TYPE_CHECKING:
    from scratchnet.losses import Loss
    from scratchnet.metrics import Metric
    from scratchnet.optimizers import Optimizer, UpdateRule


@dataclass
class Compiled:
    """What runs a compiled model's batches on the current backend."""

    plan: Plan
    loss: Loss
    optimizer: Optimizer
    update_rule: UpdateRule
    segments: list[Segment]
    metrics: list[Metric]


def compiled_parts(model: Network) -> Compiled:
    """Collect what a step needs. A final softmax and its loss become one: the plan then ends in the logits."""
    assert model.loss is not None
    assert model.optimizer is not None
    logits = model.trains_through_logits()
    plan = model.run_plan(logits)
    loss = plan.loss(model.loss)
    model.optimizer.build(model.count_params(), model.dtype)
    return Compiled(plan, loss, model.optimizer, plan.update_rule(model.optimizer), model.segments, model.metrics)


def train_step(model: Network, parts: Compiled, batch: Batch, number: int = 0) -> float:
    """Learn from one batch and return its loss.

    Args:
        model: the model, compiled.
        parts: the plan, loss, optimizer and metrics that run it.
        batch: the gathered samples.
        number: which step this is, for the error message.

    Raises:
        NonFiniteError: if the loss is NaN or infinite; the parameters are untouched then.
    """
    (y_pred,) = parts.plan.forward(batch.x, training=True)
    loss = parts.loss.forward(batch.y, y_pred, batch.weight)
    if not math.isfinite(loss):
        raise NonFiniteError(explain_non_finite(model, batch, loss, number))
    parts.plan.backward([parts.loss.backward()])
    parts.optimizer.step(parts.segments, parts.update_rule)
    for metric in parts.metrics:
        metric.update(batch.y, parts.loss.predictions)
    return loss


def explain_non_finite(model: Network, batch: Batch, loss: float, number: int) -> str:
    """Say at which step the loss became NaN or infinite, and which layer held the first such number."""
    from scratchnet.graph.plan import Plan

    beginning = f"The loss became {loss} at step {number}"
    advice = "try a smaller learning rate, and look for extreme values in the data and the initial weights"
    for layer in model.layers:
        for name, param in layer.params.items():
            if not np.isfinite(param).all():
                return f"{beginning}: parameter {name!r} of layer {layer.name!r} held a non-finite number; {advice}."
    plan = Plan(model.graph, "numpy", logits=model.trains_through_logits())
    with np.errstate(all="ignore"):
        plan.forward(batch.x)
    for tensor in model.graph.tensors:
        if not np.isfinite(plan.values[tensor]).all():
            return f"{beginning}: the output of layer {tensor.layer.name!r} held the first non-finite number; {advice}."
    return f"{beginning}, although every layer's output was finite: the loss itself overflowed; {advice}."
