"""What callbacks may change while ``fit`` runs, for the next step to take as it is: layers, losses, optimizer.

A plan is made from the layers as they were: a kernel may hold a dropout's rate, the runs of parameters leave out what
is frozen, and are cut up at each variable for some of the optimizer's options. So it is looked whether the plan still
says what the layers say, as every call does: before the first step of an epoch, and before each one where a callback
hears of steps.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from scratchnet.training.step import Compiled, compiled_parts, kept_for, prepare_optimizer

if TYPE_CHECKING:
    from scratchnet.graph.network import Network


def renewed(model: Network, parts: Compiled) -> Compiled:
    """Return what runs the next batch of a pass that has begun; what has been counted in it stays.

    Raises:
        ValueError: if the model is another one by now: compiled again, or with more or fewer layers.
    """
    optimizer = parts.optimizer
    for changed, how in (
        (not model.built or model.graph is not parts.plan.made_for, "its layers are others now"),
        (model.optimizer is not optimizer or model.targets is not parts.targets, "it has been compiled anew"),
        (optimizer.owner is not model.identity, "its optimizer has been compiled into another model"),
    ):
        if changed:
            raise ValueError(
                f"fit expected model {model.name!r} to stay the one that it began with, but {how}: change that between "
                f"two calls of fit, and not in a callback."
            )
    prepare_optimizer(model)
    if parts.plan.is_current() and parts.plan.kept[0] == kept_for(model, parts.plan):
        return parts
    new = compiled_parts(model, "train", parts.plan.backend)
    parts.objective.go_on_with(new.objective.losses)
    return replace(new, objective=parts.objective)
