"""The objective: the one number that training makes smaller, put together from the losses of all outputs.

    outputs y_o, labels t_o (N, …) → L_o for each output o → L, one number         backward: ∂L/∂y_o for each output

Each output has a loss of its own, and a weight that says how much it counts:

    L = Σ_o w_o L_o(t_o, y_o)                   (1)

Only L_o depends on y_o directly, so the other terms of the sum fall away, and the factor w_o stays:

    ∂L/∂y_o = w_o ∂L_o/∂y_o                     (2)

An output without a loss adds nothing to the sum and has no gradient. Where outputs share layers, or one output is made
of another, the gradients meet on their way back and add up: ``Plan.backward`` does that as everywhere in the graph.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from scratchnet.graph.targets import Target, loss_places, named_metrics
from scratchnet.typing import Array

if TYPE_CHECKING:
    from scratchnet.losses import Loss
    from scratchnet.metrics import Metric


class Objective:
    """Losses and metrics of all outputs, for one pass.

    Args:
        targets: what each output is held against; their metrics are copied.
        losses: what computes the loss of each output on the backend in use, None where there is none.
        counting: returns what takes a batch into a metric on the backend in use, as its ``update`` does.

    Attributes:
        values: the loss of each output in the last ``forward``, by the output's place, without its weight.
        losses_shown: the outputs' places by the names of their losses in the logs; empty where there is one loss.
        metrics: the metrics by their names in the logs.
    """

    def __init__(
        self,
        targets: Sequence[Target],
        losses: Sequence[Loss | None],
        counting: Callable[[Metric], Callable[..., None]] = lambda metric: metric.update,
    ) -> None:
        self.targets = [target.for_a_pass() for target in targets]
        self.values: dict[int, float] = {}
        self.losses_shown = loss_places(self.targets)
        self.metrics = named_metrics(self.targets)
        self._plain = [(o, counting(metric)) for o, t in enumerate(self.targets) for metric in t.metrics]
        self._weighted = [(o, counting(metric)) for o, t in enumerate(self.targets) for metric in t.weighted_metrics]
        self.go_on_with(losses)

    def go_on_with(self, losses: Sequence[Loss | None]) -> None:
        """Have other objects compute the losses from now on; what the metrics have counted stays."""
        self.losses = list(losses)
        self._terms = [(o, loss, t.weight) for o, (loss, t) in enumerate(zip(losses, self.targets)) if loss is not None]

    def forward(self, y: Sequence[Array], outputs: Sequence[Array], weights: Sequence[Array | None]) -> float:
        """Return the total loss of a batch.

        Args:
            y: the labels of each output.
            outputs: what the plan's ``forward`` returned.
            weights: for each output the factors of the samples' losses, or None for all 1.
        """
        self._outputs = outputs
        total = 0.0
        for o, loss, weight in self._terms:
            self.values[o] = value = loss.forward(y[o], outputs[o], weights[o])
            total += weight * value  # (1)
        return total

    def backward(self) -> list[Array | None]:
        """Return the gradient of the total for each output; None for an output without a loss.

        Raises:
            ValueError: if a loss returns a gradient that is not one for its output.
        """
        gradients: list[Array | None] = [None] * len(self._outputs)
        for o, loss, weight in self._terms:
            dy = gradient_of(loss, self._outputs[o])
            gradients[o] = dy if weight == 1 else weight * dy  # (2)
        return gradients

    def measure(self, y: Sequence[Array], weights: Sequence[Array | None]) -> None:
        """Let the metrics see the batch of the last ``forward``."""
        for o, update in self._plain:
            update(y[o], self._predictions(o))
        for o, update in self._weighted:
            weight = weights[o]
            update(y[o], self._predictions(o), *(() if weight is None else (weight,)))

    def _predictions(self, o: int) -> Array:
        """Return an output as metrics see it; where the plan stops at logits, its loss has made probabilities."""
        loss = self.losses[o]
        return self._outputs[o] if loss is None else loss.predictions

    @property
    def depends_on_batch(self) -> bool:
        """Whether some loss of a batch is not the mean of those of its samples."""
        return any(loss is not None and loss.depends_on_batch for loss in self.losses)

    def which_is_not_finite(self) -> str:
        """Return of which output the last loss was NaN or infinite, as a part of a sentence; "" if that is plain."""
        for o in self.losses_shown.values():
            if not np.isfinite(self.values[o]):
                return f" of output {self.targets[o].output!r}"
        return ""


def gradient_of(loss: Loss, y_pred: Array) -> Array:
    """Return the loss's gradient, once it is found to be one for ``y_pred``.

    Raises:
        ValueError: if it has another shape.
    """
    dy = np.asarray(loss.backward(), y_pred.dtype)
    if dy.shape != y_pred.shape:
        raise ValueError(
            f"The loss {loss.name} expected its backward to return a gradient of the predictions' shape "
            f"{y_pred.shape}, got {dy.shape}."
        )
    return dy
