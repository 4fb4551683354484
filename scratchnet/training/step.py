"""One training step: the whole of deep learning in a dozen lines.

gather the batch → each layer's forward → loss → each layer's backward, in reverse → optimizer

Weights that pay a penalty or are constrained have their part in it: ``penalties.py``.

The loss is what ``objective.py`` makes of the losses of all outputs. An output that ends in a softmax and is trained by
a cross-entropy runs only up to its logits here, and its loss takes these; ``graph/logits.py`` says why, and decides it.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from scratchnet.errors import NonFiniteError
from scratchnet.graph.graph import walk
from scratchnet.graph.network import Network
from scratchnet.graph.parameters import Segment, count, count_trainable, segments, variable_segments
from scratchnet.graph.plan import Plan
from scratchnet.graph.targets import Target
from scratchnet.training.finite import GradientWatch
from scratchnet.training.objective import Objective
from scratchnet.training.penalties import Penalties
from scratchnet.training.samples import Batch
from scratchnet.typing import Array
from scratchnet.utils.arguments import argument_values

if TYPE_CHECKING:
    from scratchnet.layers.variables import Keeper
    from scratchnet.optimizers import Optimizer, UpdateRule


@dataclass
class Compiled:
    """What runs a compiled model's batches on the current backend, for one pass.

    ``targets`` are the model's own, ``variables`` those that ``forward`` moves, such as running means.
    """

    plan: Plan
    targets: Sequence[Target]
    objective: Objective
    optimizer: Optimizer
    update_rule: UpdateRule
    segments: list[Segment]
    variables: list[Array]
    penalties: Penalties
    gradients: GradientWatch

    def added_losses(self) -> float:
        """Return what the batch that ``plan`` ran last, and the weights, add to the loss of the outputs."""
        if self.plan.losses or self.penalties.regularized:
            return math.fsum([*self.plan.losses, *self.penalties.values()])
        return 0.0


def compiled_parts(model: Network, use: str, backend: str | None = None) -> Compiled:
    """Collect what the steps of one pass need.

    Args:
        model: the model, compiled.
        use: "train" or "test". Each has a plan of its own, and an evaluation losses of its own, so that one may come
            in the middle of the other. Metrics add up over a pass, so each pass has copies of them.
        backend: the current one if not given.
    """
    assert model.optimizer is not None
    plan = model.run_plan(use, backend)
    losses = [target.loss if use == "train" else copy.copy(target.loss) for target in model.targets]
    computed = [None if loss is None else plan.loss(loss, place) for place, loss in enumerate(losses)]
    objective = Objective(model.targets, computed, plan.counting)
    made_for = kept_for(model, plan)
    if plan.kept is None or plan.kept[0] != made_for or model.optimizer.by_variable:
        variables = list(model.non_trainable.values()) if use == "train" else []
        penalties = Penalties(model.layers, model.trainable)
        watch = GradientWatch(model, plan, _idle(model), final=not penalties.regularized)
        plan.kept = made_for, optimizer_segments(model), variables, penalties, watch
    _, *kept = plan.kept
    return Compiled(plan, model.targets, objective, model.optimizer, plan.update_rule(model.optimizer), *kept)


def kept_for(model: Network, plan: Plan) -> tuple[Any, ...]:
    """Return what decides, beside the plan, how losses are computed and how the optimizer steps."""
    assert model.optimizer is not None
    optimizer, losses = model.optimizer, [target.loss and argument_values(target.loss) for target in model.targets]
    return losses, optimizer.by_variable, optimizer.vector_names, list(plan.steps)


def optimizer_segments(model: Network) -> list[Segment]:
    """Return the parameters to train as the optimizer wants them: as long runs, or one variable at a time.

    Layers that lead to no output with a loss are not among them: the loss does not depend on them, so there is nothing
    to follow, and the optimizer leaves them alone altogether, its weight decay included, as in Keras.
    """
    assert model.optimizer is not None
    idle = _idle(model)
    if not model.optimizer.by_variable:
        return segments(model.graph.layers, model.trainable, idle)
    variables = variable_segments(model.graph.layers, model.trainable, idle)
    model.optimizer.name_spared(model.params)
    model.optimizer.place_spared({name: segment.place for name, segment in variables.items()})
    return list(variables.values())


def _idle(model: Network) -> frozenset[Keeper]:
    """Return the layers that lead to no output with a loss and pay no penalty, and all layers inside them."""
    graph = model.graph.flat
    trained = [output for output, target in zip(graph.outputs, model.targets) if target.loss is not None]
    idle = model.graph.idle
    if len(trained) < len(graph.outputs):
        whole, at_work = (
            {leaf for layer in layers for _, leaf, _ in layer.leaves()}
            for layers in (model.graph.layers, walk(trained, graph.given)[1])
        )
        idle = frozenset(whole - at_work)
    return frozenset(leaf for leaf in idle if not leaf.regularizers) if idle else idle


def prepare_optimizer(model: Network) -> None:
    """Make the optimizer's vectors.

    Raises:
        RuntimeError: if it has been compiled into another model since.
    """
    assert model.optimizer is not None
    if model.optimizer.owner is not model.identity:
        raise RuntimeError(
            f"The optimizer of model {model.name!r} serves another model now, and has forgotten this one: compile "
            f"{model.name!r} again, with an optimizer of its own."
        )
    model.optimizer.build(count(model.layers), model.dtype)
    if model.optimizer.moves is None:
        model.optimizer.moves = count_trainable(model.layers, model.trainable)


def train_step(model: Network, parts: Compiled, batch: Batch, number: int = 0) -> float:
    """Learn from one batch and return its loss.

    Args:
        model: the model, compiled.
        parts: the plan, objective and optimizer that run it.
        batch: the gathered samples.
        number: which step this is, for the error message.

    Raises:
        NonFiniteError: if the loss or a gradient is NaN or infinite; parameters and running means are untouched then.
    """
    before = [variable.copy() for variable in parts.variables]
    try:
        return _step(model, parts, batch, number)
    except NonFiniteError:
        for variable, value in zip(parts.variables, before):
            variable[...] = value
        raise


def _step(model: Network, parts: Compiled, batch: Batch, number: int) -> float:
    outputs = parts.plan.forward(batch.x, training=True)
    loss = parts.objective.forward(batch.y, outputs, batch.weight) + parts.added_losses()
    if not math.isfinite(loss):
        raise NonFiniteError(explain_non_finite(model, batch, loss, number, parts.objective.which_is_not_finite()))
    parts.plan.backward(parts.objective.backward())
    if parts.penalties.regularized:
        parts.penalties.add_slopes()
    if not parts.gradients.all_finite():
        raise NonFiniteError(explain_non_finite_gradient(model, number))
    parts.optimizer.step(parts.segments, parts.update_rule)
    if parts.penalties.constrained:
        parts.penalties.constrain()
    parts.objective.measure(batch.y, batch.weight)
    return loss


ADVICE = "try a smaller learning rate, and look for extreme values in the data and the initial weights"


def explain_non_finite(model: Network, batch: Batch, loss: float, number: int, whose: str = "") -> str:
    """Say at which step the loss became NaN or infinite, and which layer held the first such number.

    ``whose`` names the output whose loss it is, where there are several.
    """
    beginning = f"The loss{whose} became {loss} at step {number}"
    for layer in model.layers:
        for name, array in layer.named_weights.items():
            if not np.isfinite(array).all():
                kind = "parameter" if name in layer.params else "variable"
                return f"{beginning}: {kind} {name!r} of layer {layer.name!r} held a non-finite number; {ADVICE}."
    plan = Plan(model.graph, "numpy", logits=model.through_logits())
    with np.errstate(all="ignore"):
        plan.forward(batch.x)
    for tensor in plan.graph.tensors:
        if not np.isfinite(plan.values[tensor]).all():
            name = plan.graph.paths[tensor.layer]
            return f"{beginning}: the output of layer {name!r} held the first non-finite number; {ADVICE}."
    for what, values in (
        ("what layers add to it", plan.losses),
        ("the penalty of a weight", Penalties(model.layers, model.trainable).values()),
    ):
        if not all(map(math.isfinite, values)):
            return f"{beginning}, although every layer's output was finite: {what} was not; {ADVICE}."
    return f"{beginning}, although every layer's output was finite: the loss itself overflowed; {ADVICE}."


def explain_non_finite_gradient(model: Network, number: int) -> str:
    """Say at which step a gradient became NaN or infinite, and whose it was: of the last such layer, where it began."""
    for layer in reversed(model.layers):
        for name, gradient in layer.grads.items():
            if not np.isfinite(gradient).all():
                return (
                    f"The gradient of {name!r} in layer {layer.name!r} became {gradient[~np.isfinite(gradient)][0]} at "
                    f"step {number}, although the loss was finite; {ADVICE}."
                )
    return f"A gradient became NaN or infinite at step {number}, although the loss was finite; {ADVICE}."
