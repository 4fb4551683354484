"""The figures of a pass so far."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from scratchnet.training.progress import Logs

if TYPE_CHECKING:
    from scratchnet.metrics import Metric
    from scratchnet.training.objective import Objective


class RunningMeans:
    """The means of losses and metrics over the samples of a pass so far, as displayed."""

    def __init__(self, objective: Objective) -> None:
        self.objective = objective
        self.loss_sum, self.count = 0.0, 0
        self.sums = dict.fromkeys(objective.losses_shown, 0.0)
        for metric in objective.metrics.values():
            metric.reset()

    def add(self, loss: float, samples: int) -> None:
        """Take a batch's mean loss in, weighted by its size, and those of the outputs, which the objective has."""
        self.loss_sum += loss * samples
        self.count += samples
        for name in self.sums:
            self.sums[name] += self.objective.values[self.objective.losses_shown[name]] * samples

    def logs(self) -> Logs:
        """Return the means by name, in alphabetical order, as Keras shows them."""
        means = {name: metric.result() for name, metric in self.objective.metrics.items()}
        means |= {name: total / max(self.count, 1) for name, total in self.sums.items()}
        means["loss"] = self.loss_sum / max(self.count, 1)
        return dict(sorted(means.items()))

    def get_state(self) -> dict[str, Any]:
        """Return what the means are made of so far."""
        counted = [_counted(metric) for metric in self.objective.metrics.values()]
        return {"loss_sum": self.loss_sum, "count": self.count, "sums": dict(self.sums), "metrics": counted}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Go on from what ``get_state`` returned."""
        self.loss_sum, self.count, self.sums = state["loss_sum"], state["count"], dict(state["sums"])
        for metric, counted in zip(self.objective.metrics.values(), state["metrics"]):
            vars(metric).update(counted)


def _counted(metric: Metric) -> dict[str, Any]:
    """Return a metric's attributes, what it has counted among them, but for functions that it was made of."""
    return {name: value for name, value in vars(metric).items() if not callable(value)}
