"""A model that can be compiled: its optimizer, its losses and metrics, and the plans by which it runs."""

from __future__ import annotations

import threading
import warnings
from typing import Any

from scratchnet import config, optimizers
from scratchnet.graph import logits
from scratchnet.graph.plan import Plan
from scratchnet.graph.targets import Target, named_metrics, shown_names
from scratchnet.metrics import Metric
from scratchnet.models.compiling import Outputs, make_targets
from scratchnet.models.wired import Wired
from scratchnet.utils.arguments import arguments_by_name

_planning = threading.RLock()  # threads that ask for the same plan get the same one


class Compilable(Wired):
    """What ``compile`` decides, and what follows from it for how the model runs."""

    identity: object
    optimizer: optimizers.Optimizer | None
    targets: list[Target]

    @arguments_by_name
    def compile(
        self,
        optimizer: str | optimizers.Optimizer = "adam",
        loss: Any = None,
        metrics: Any = None,
        *,  # Keras has loss_weights in third place: a list of numbers must not slip into metrics
        loss_weights: Any = None,
        weighted_metrics: Any = None,
    ) -> None:
        """Choose how the model learns. The parameters stay as they are; the optimizer starts afresh.

        An optimizer that has served another model serves this one from now on. The number that training makes smaller
        is the sum of the outputs' losses, each times its weight.

        Args:
            optimizer: a name (adam, sgd) or an ``Optimizer``.
            loss: a name, a ``Loss``, or a pair of functions (value, slope), see ``losses.FunctionLoss``. With several
                outputs also a list, or a dict by the outputs' names: None for an output that is not trained.
            metrics: a list of names, ``Metric`` objects or functions (y_true, y_pred) → a number for each sample, to
                report beside the loss. With several outputs a list with such a list for each, or a dict by names.
            loss_weights: a number; with several outputs a list of them or a dict by names. 1 if not given.
            weighted_metrics: as ``metrics``, for those in which a sample counts by its ``sample_weight``.

        Raises:
            ValueError: for an unknown name, with the nearest known one; for a missing loss, or one without reduction;
                for a metric of several numbers; for a list or dict that does not fit the outputs. Nothing has been
                changed then.
        """
        targets = make_targets(self._ends(), loss, metrics, loss_weights, weighted_metrics)
        chosen_optimizer = optimizers.get(optimizer)
        if chosen_optimizer is None:
            raise ValueError(f"compile expected an optimizer, one of {', '.join(optimizers.OPTIMIZERS)}, got None.")
        self._set_compiled(chosen_optimizer, targets)
        self._warn_of_ends()

    def _warn_of_ends(self) -> None:
        """Warn of each loss that surely takes its output for something else, now that layers and losses are known."""
        for target, tensor in zip(self.targets, self.graph.flat.outputs if self.targets and self.built else ()):
            whose = "the model" if len(self.targets) == 1 else f"output {target.output!r}"
            said = None if target.loss is None else logits.at_odds(tensor, target.loss, whose)
            if said is not None:
                warnings.warn(said, stacklevel=3)

    def _ends(self) -> Outputs:
        return Outputs(self.output_keys, self.outputs_by_name if self.built else None)

    def _set_compiled(self, optimizer: optimizers.Optimizer, targets: list[Target]) -> None:
        optimizer.start(self.identity)
        self.optimizer, self.targets = optimizer, targets

    @property
    def loss(self) -> Any:
        """The loss; for several outputs a list of them. None before ``compile``."""
        chosen = [target.loss for target in self.targets]
        return chosen if len(chosen) > 1 else chosen[0] if chosen else None

    @property
    def metrics(self) -> list[Metric]:
        """All metrics: those of each output, then those with weights."""
        return list(self.metrics_by_name.values())

    @property
    def metrics_by_name(self) -> dict[str, Metric]:
        """All metrics by their names in the logs."""
        return named_metrics(self.targets)

    @property
    def compiled(self) -> bool:
        """Whether the model knows how to learn: ``compile`` has been called."""
        return self.optimizer is not None

    @property
    def metrics_names(self) -> list[str]:
        """The names of what ``evaluate`` returns, in order."""
        return shown_names(self.targets)

    def through_logits(self) -> tuple[bool, ...]:
        """For each output whether its final softmax and its loss are computed as one stable step, from the logits."""
        return logits.through_logits(self.graph, [target.loss for target in self.targets] or [None] * len(self.outputs))

    def trains_through_logits(self) -> bool:
        """Whether this is so for any output."""
        return any(self.through_logits())

    def run_plan(self, use: str, backend: str | None = None) -> Plan:
        """Return the plan that runs the model now; "train", "test" and "predict" do not see each other's memory.

        It is made at the first need, and anew when the layers are no longer what it was made from.
        """
        key = backend or config.backend(), use, use != "predict" and self.through_logits()
        plan = self._plans.get(key)
        if plan is None or not plan.is_current():
            with _planning:
                plan = self._plans.get(key)
                if plan is None or not plan.is_current():
                    plan = self._plans[key] = Plan(self.graph, key[0], key[2], trainable=self.trainable)
        return plan
