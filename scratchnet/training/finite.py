"""Whether a gradient may move the weights: not if a number of it is NaN or infinite.

Weights that a single NaN has reached are lost, and so is everything that was learnt. Therefore all gradients are looked
at before the optimizer moves anything: by the steps that write them, where these do so, and here otherwise.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from scratchnet.graph.network import Network
from scratchnet.graph.parameters import segments
from scratchnet.graph.plan import Plan
from scratchnet.layers.variables import Keeper


class GradientWatch:
    """Looks at the gradients of all weights that are trained.

    Args:
        model: the model.
        plan: the plan whose ``backward`` fills the gradients.
        idle: layers that get none.
        final: whether the gradients stay as the steps write them: nothing is added to them afterwards.

    Attributes:
        steps: the steps that look at what they write.
        rest: the gradients that no step looks at, as few long runs.
    """

    def __init__(self, model: Network, plan: Plan, idle: Collection[Keeper], final: bool) -> None:
        leaves = [leaf for layer in model.layers for leaf in layer.leaves(trainable=model.trainable)]
        trained = {leaf for _, leaf, learns in leaves if learns} - set(idle)
        looking = {layer: step for layer, step in plan.looking().items() if layer in trained} if final else {}
        rest = segments(model.graph.layers, model.trainable, {*idle, *looking})
        self._is_finite = plan.is_finite
        self.steps: list[Any] = list(looking.values())
        self.rest = [segment.gradients for segment in rest]

    def all_finite(self) -> bool:
        """Whether the last ``backward`` has left no NaN and no infinity."""
        for step in self.steps:
            if not step.finite:
                return False
        return all(map(self._is_finite, self.rest))
