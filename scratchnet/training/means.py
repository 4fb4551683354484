"""The figures of a pass so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from scratchnet.training.progress import Logs

if TYPE_CHECKING:
    from scratchnet.metrics import Metric


class RunningMeans:
    """The means of loss and metrics over the samples of a pass so far, as displayed."""

    def __init__(self, metrics: Sequence[Metric]) -> None:
        self.metrics = metrics
        self.loss_sum, self.count = 0.0, 0
        for metric in metrics:
            metric.reset()

    def add(self, loss: float, samples: int) -> None:
        """Take a batch's mean loss in, weighted by its size."""
        self.loss_sum += loss * samples
        self.count += samples

    def logs(self) -> Logs:
        """Return the means by name, in alphabetical order, as Keras shows them."""
        means = {metric.name: metric.result() for metric in self.metrics}
        means["loss"] = self.loss_sum / max(self.count, 1)
        return dict(sorted(means.items()))

    def get_state(self) -> dict[str, Any]:
        """Return what the means are made of so far."""
        return {"loss_sum": self.loss_sum, "count": self.count, "metrics": [_counted(m) for m in self.metrics]}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Go on from what ``get_state`` returned."""
        self.loss_sum, self.count = state["loss_sum"], state["count"]
        for metric, counted in zip(self.metrics, state["metrics"]):
            vars(metric).update(counted)


def _counted(metric: Metric) -> dict[str, Any]:
    """Return a metric's attributes, what it has counted among them, but for functions that it was made of."""
    return {name: value for name, value in vars(metric).items() if not callable(value)}
