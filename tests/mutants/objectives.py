"""Several outputs trained and displayed with one mistake each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from scratchnet.graph.plan import Plan
from scratchnet.training.means import RunningMeans
from scratchnet.training.objective import Objective, gradient_of
from scratchnet.training.samples import Batch, Samples
from tests.mutants.catalogue import objective

Array = Any


@objective
class WeightForgottenInTheTotal(Objective):
    """The total adds the losses up as they are, while the gradients have their weights."""

    def forward(self, y: Any, outputs: Any, weights: Any) -> float:
        super().forward(y, outputs, weights)
        return sum(self.values.values())


@objective
class WeightForgottenInTheGradient(Objective):
    """The total has the weights, the gradients have not."""

    def backward(self) -> list[Array | None]:
        dys: list[Array | None] = [None] * len(self._outputs)
        for o, loss, _ in self._terms:
            dys[o] = gradient_of(loss, self._outputs[o])
        return dys


@objective
class WeightTwiceInTheGradient(Objective):
    """The gradients are multiplied by their weights twice."""

    def backward(self) -> list[Array | None]:
        dys = super().backward()
        for o, _, weight in self._terms:
            dys[o] = weight * dys[o]
        return dys


@objective
class WeightTwice(WeightTwiceInTheGradient):
    """Total and gradients have the squares of the weights."""

    def forward(self, y: Any, outputs: Any, weights: Any) -> float:
        super().forward(y, outputs, weights)
        return sum(weight * weight * self.values[o] for o, _, weight in self._terms)


@objective
class WeightShownToo(Objective):
    """The losses of the outputs are shown with their weights."""

    def forward(self, y: Any, outputs: Any, weights: Any) -> float:
        total = super().forward(y, outputs, weights)
        for o, _, weight in self._terms:
            self.values[o] *= weight
        return total


@objective
class WeightsNextDoor(Objective):
    """Each output has the weight of the next."""

    def __init__(self, targets: Any, losses: Any) -> None:
        super().__init__(targets, losses)
        weights = [weight for _, _, weight in self._terms]
        self._terms = [(o, loss, weights[i - 2]) for i, (o, loss, _) in enumerate(self._terms)]


@objective
class MeanOverOutputs(Objective):
    """The total is the mean over the outputs, not the sum, and so are the gradients."""

    def forward(self, y: Any, outputs: Any, weights: Any) -> float:
        return super().forward(y, outputs, weights) / len(self._terms)

    def backward(self) -> list[Array | None]:
        return [None if dy is None else dy / len(self._terms) for dy in super().backward()]


@objective
class MeanByWeights(Objective):
    """The total is divided by the sum of the weights, and so are the gradients."""

    def forward(self, y: Any, outputs: Any, weights: Any) -> float:
        return super().forward(y, outputs, weights) / sum(weight for _, _, weight in self._terms)

    def backward(self) -> list[Array | None]:
        whole = sum(weight for _, _, weight in self._terms)
        return [None if dy is None else dy / whole for dy in super().backward()]


@objective
class LastLossOnly(Objective):
    """The total is the loss of the last output, not the sum."""

    def forward(self, y: Any, outputs: Any, weights: Any) -> float:
        super().forward(y, outputs, weights)
        o, _, weight = self._terms[-1]
        return weight * self.values[o]


@objective
class GradientsSwapped(Objective):
    """The first two outputs get each other's gradients, which have the same shape."""

    def backward(self) -> list[Array | None]:
        first, second, *rest = super().backward()
        return [second, first, *rest]


@objective
class GradientOfTheFirstOnly(Objective):
    """Only the first output gets a gradient."""

    def backward(self) -> list[Array | None]:
        first, *rest = super().backward()
        return [first, *[None] * len(rest)]


@objective
class PullsTheOutputWithoutALoss(Objective):
    """An output without a loss gets the gradient of another one."""

    def backward(self) -> list[Array | None]:
        dys = super().backward()
        return [dys[0] if dy is None else dy for dy in dys]


@objective
class LabelsOfTheFirst(Objective):
    """The second output is held against the labels of the first."""

    def forward(self, y: Any, outputs: Any, weights: Any) -> float:
        return super().forward([y[0], y[0], *y[2:]], outputs, weights)


@objective
class SampleWeightsOfTheFirst(Objective):
    """The sample weights of the first output count for all."""

    def forward(self, y: Any, outputs: Any, weights: Any) -> float:
        return super().forward(y, outputs, [weights[0]] * len(weights))


@objective
class SampleWeightsForgotten(Objective):
    """The sample weights of outputs are accepted and ignored."""

    def forward(self, y: Any, outputs: Any, weights: Any) -> float:
        return super().forward(y, outputs, [None] * len(weights))


@objective
class MetricOfAnotherOutput(Objective):
    """The metrics of the first two outputs look at each other's predictions."""

    def _predictions(self, o: int) -> Array:
        return super()._predictions({0: 1, 1: 0}.get(o, o))


@objective
class MetricAgainstOtherLabels(Objective):
    """The metrics of the second output look at the labels of the first."""

    def measure(self, y: Any, weights: Any) -> None:
        super().measure([y[0], y[0], *y[2:]], weights)


@objective
class MetricsSeeLogits(Objective):
    """Where the plan stops at the logits, metrics see these and not the probabilities."""

    def _predictions(self, o: int) -> Array:
        return self._outputs[o]


@objective
class MetricsOfTrainedOutputsOnly(Objective):
    """The metrics of an output without a loss never see a batch."""

    def measure(self, y: Any, weights: Any) -> None:
        self._plain = [(o, update) for o, update in self._plain if self.losses[o] is not None]
        super().measure(y, weights)


@objective
class WeightedMetricsWithoutWeights(Objective):
    """Weighted metrics are measured as if there were no weights."""

    def measure(self, y: Any, weights: Any) -> None:
        super().measure(y, [None] * len(weights))


@objective
class AllMetricsWeighted(Objective):
    """The plain metrics get the sample weights too."""

    def measure(self, y: Any, weights: Any) -> None:
        for o, update in self._plain:
            update(y[o], self._predictions(o), weights[o])
        plain, self._plain = self._plain, []
        super().measure(y, weights)
        self._plain = plain


@objective
class MeansOfBatches(RunningMeans):
    """The losses of outputs are means over batches, however many samples each has."""

    def add(self, loss: float, samples: int) -> None:
        before = dict(self.sums)
        super().add(loss, samples)
        self.batches = getattr(self, "batches", 0) + 1
        self.sums = {name: before[name] + (total - before[name]) / samples for name, total in self.sums.items()}

    def logs(self) -> Any:
        count, self.count = self.count, self.batches
        logs = super().logs()
        self.count = count
        return logs | {"loss": self.loss_sum / count}


@objective
class MeansUnderOtherNames(RunningMeans):
    """The losses of the outputs are shown under each other's names."""

    def logs(self) -> Any:
        names = list(self.sums)
        sums, self.sums = self.sums, dict(zip(names, reversed(self.sums.values())))
        logs = super().logs()
        self.sums = sums
        return logs


@objective
class MeansGoOn(RunningMeans):
    """The metrics of a pass begin where those of the last pass ended."""

    def __init__(self, objective: Any) -> None:
        kept = [vars(metric).copy() for metric in objective.metrics.values()]
        super().__init__(objective)
        for metric, held in zip(objective.metrics.values(), kept):
            vars(metric).update(held)


@objective
class OutputThatGoesOnForgotten(Plan):
    """The gradient of a tensor that is an output and goes on is that of the output alone."""

    def backward(self, output_gradients: Sequence[Array | None]) -> None:
        gradients = {t: dy for t, dy in zip(self.graph.outputs, output_gradients) if dy is not None}
        for step, sources, output in reversed(self.wiring):
            if output in gradients and self._needs_gradient[output]:
                dx = step.backward(gradients[output])
                for source, d in zip(sources, dx if len(sources) > 1 else [dx]):
                    if d is not None:
                        gradients.setdefault(source, d)
        self.gradients = gradients


@objective
class OutputThatGoesOnOverwritten(Plan):
    """The gradient of a tensor that is an output and goes on is that which comes back last, not the sum."""

    def backward(self, output_gradients: Sequence[Array | None]) -> None:
        gradients = {t: dy for t, dy in zip(self.graph.outputs, output_gradients) if dy is not None}
        for step, sources, output in reversed(self.wiring):
            if output in gradients and self._needs_gradient[output]:
                dx = step.backward(gradients[output])
                for source, d in zip(sources, dx if len(sources) > 1 else [dx]):
                    if d is not None:
                        gradients[source] = d
        self.gradients = gradients


@objective
class LabelsInTheirOwnOrder(Samples):
    """Only the inputs are shuffled; labels come in the order they have."""

    def take(self, plan: Any, rows: Any) -> Batch:
        return super().take(plan, rows)._replace(y=[y[: len(rows)] for y in self.y])


@objective
class SampleWeightsInTheirOwnOrder(Samples):
    """Inputs and labels are shuffled; sample weights come in the order they have."""

    def take(self, plan: Any, rows: Any) -> Batch:
        weight = [None if w is None else w[: len(rows)] for w in self.weight]
        return super().take(plan, rows)._replace(weight=weight)


@objective
class SampleWeightsOfOneForAll(Samples):
    """Outputs without sample weights get those of the first that has some."""

    def take(self, plan: Any, rows: Any) -> Batch:
        batch = super().take(plan, rows)
        some = next(np.asarray(w) for w in batch.weight if w is not None)
        return batch._replace(weight=[some if w is None else w for w in batch.weight])
