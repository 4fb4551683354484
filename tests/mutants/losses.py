"""Losses with one mistake each."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.losses import CategoricalCrossentropy, MeanSquaredError, SparseCategoricalCrossentropy
from tests.mutants.catalogue import loss

Array = Any


@loss(from_logits=True)
class GradientOfTheSum(SparseCategoricalCrossentropy):
    """The gradient has no 1/N, though the loss is a mean."""

    def backward(self) -> Array:
        return super().backward() * len(self.predictions)


@loss(from_logits=True)
class GradientOfTheMeanTwice(SparseCategoricalCrossentropy):
    """The gradient has 1/N twice."""

    def backward(self) -> Array:
        return super().backward() / len(self.predictions)


@loss(from_logits=True)
class SumInsteadOfMean(SparseCategoricalCrossentropy):
    """Loss and gradient are sums over the batch: they agree with each other, but a batch counts by its size."""

    def forward(self, y_true: Array, y_pred: Array, sample_weight: Array | None = None) -> float:
        return len(y_pred) * super().forward(y_true, y_pred, sample_weight)

    def backward(self) -> Array:
        return super().backward() * len(self.predictions)


@loss(from_logits=True)
class MeanTwice(CategoricalCrossentropy):
    """Loss and gradient are divided by N twice: they agree with each other."""

    def forward(self, y_true: Array, y_pred: Array, sample_weight: Array | None = None) -> float:
        return super().forward(y_true, y_pred, sample_weight) / len(y_pred)

    def backward(self) -> Array:
        return super().backward() / len(self.predictions)


@loss()
class LogitsGradientForProbabilities(SparseCategoricalCrossentropy):
    """The loss takes probabilities, its gradient is p - t, which is the one for logits."""

    def backward(self) -> Array:
        dy = self.predictions.copy()
        dy[self._right] -= 1
        return dy * self._scale[:, None]


@loss(from_logits=True)
class ProbabilityGradientForLogits(CategoricalCrossentropy):
    """The loss takes logits, its gradient is -t/p, which is the one for probabilities."""

    def backward(self) -> Array:
        return -self._t / self.predictions * self._scale[:, None]


@loss(from_logits=True)
class LabelsOffByOne(SparseCategoricalCrossentropy):
    """The gradient takes the labels for 1…C."""

    def backward(self) -> Array:
        rows, labels = self._right
        dy = self.predictions.copy()
        dy[rows, labels - 1] -= 1
        return dy * self._scale[:, None]


@loss(from_logits=True)
class SoftmaxWithoutShift(SparseCategoricalCrossentropy):
    """log softmax is worked out without taking the maximum off: extreme logits overflow."""

    def forward(self, y_true: Array, y_pred: Array, sample_weight: Array | None = None) -> float:
        super().forward(y_true, y_pred, sample_weight)
        e = np.exp(y_pred)
        self.predictions = e / e.sum(axis=1, keepdims=True)
        return float(-(np.log(self.predictions[self._right]) * self._scale).sum())


@loss(from_logits=True)
class TruthForgotten(CategoricalCrossentropy):
    """The gradient is p in place of p - t."""

    def backward(self) -> Array:
        return self.predictions * self._scale[:, None]


@loss(from_logits=True)
class SignTurned(CategoricalCrossentropy):
    """The gradient is t - p."""

    def backward(self) -> Array:
        return -super().backward()


@loss()
class SumOfProbabilitiesForgotten(SparseCategoricalCrossentropy):
    """The loss divides the probabilities by their sum, the gradient does not know."""

    def backward(self) -> Array:
        dy = np.zeros_like(self._q)
        dy[self._right] = -1 / self._q[self._right]
        return dy * self._scale[:, None]


@loss()
class NormalisationForgotten(CategoricalCrossentropy):
    """The gradient stops at r = p / Σ p and does not go on through the division."""

    def backward(self) -> Array:
        return -self._t / self._r * self._scale[:, None]


@loss(from_logits=True)
class WeightsIgnoredInGradient(SparseCategoricalCrossentropy):
    """Sample weights count in the loss, not in its gradient."""

    def backward(self) -> Array:
        self._scale = np.full_like(self._scale, 1 / len(self._scale))
        return super().backward()


@loss(from_logits=True)
class WeightsIgnored(CategoricalCrossentropy):
    """Sample weights are accepted and ignored."""

    def forward(self, y_true: Array, y_pred: Array, sample_weight: Array | None = None) -> float:
        return super().forward(y_true, y_pred, None)


@loss(from_logits=True)
class DividesByTheWeights(SparseCategoricalCrossentropy):
    """The mean divides by the sum of the weights in place of N."""

    def forward(self, y_true: Array, y_pred: Array, sample_weight: Array | None = None) -> float:
        if sample_weight is not None:
            sample_weight = sample_weight * len(y_pred) / sample_weight.sum()
        return super().forward(y_true, y_pred, sample_weight)


@loss(from_logits=True)
class LabelsRememberedThemselves(SparseCategoricalCrossentropy):
    """The loss remembers the caller's labels, which may change before backward."""

    def forward(self, y_true: Array, y_pred: Array, sample_weight: Array | None = None) -> float:
        value = super().forward(y_true, y_pred, sample_weight)
        self._right = self._right[0], y_true
        return value


@loss(from_logits=True)
class LabelsChanged(CategoricalCrossentropy):
    """Label smoothing is written into the caller's labels."""

    def forward(self, y_true: Array, y_pred: Array, sample_weight: Array | None = None) -> float:
        y_true *= 0.9
        y_true += 0.1 / y_true.shape[1]
        return super().forward(y_true, y_pred, sample_weight)


@loss(from_logits=True)
class GradientGrows(SparseCategoricalCrossentropy):
    """Every call of backward adds to the gradient of the one before."""

    def backward(self) -> Array:
        self._sum = getattr(self, "_sum", 0) + super().backward()
        return self._sum


@loss(from_logits=True)
class AlwaysFloat64(SparseCategoricalCrossentropy):
    """The gradient comes out as float64, whatever the predictions are."""

    def backward(self) -> Array:
        return super().backward().astype(np.float64)


@loss(from_logits=True)
class OneNumberForEachSample(SparseCategoricalCrossentropy):
    """forward returns the array of samples' losses, not their mean."""

    def forward(self, y_true: Array, y_pred: Array, sample_weight: Array | None = None) -> Any:
        super().forward(y_true, y_pred, sample_weight)
        return -np.log(self.predictions[self._right]) * self._scale


@loss()
class SquareWithoutTwo(MeanSquaredError):
    """The 2 of the square's derivative is missing."""

    def backward(self) -> Array:
        return super().backward() / 2


@loss()
class AbsoluteGradient(MeanSquaredError):
    """The gradient is that of the absolute error, the sign of the difference."""

    def backward(self) -> Array:
        return np.sign(self._error) * self._scale


@loss()
class MeanOverBatchOnly(MeanSquaredError):
    """The loss is the mean over batch and outputs, the gradient divides by the batch only."""

    def backward(self) -> Array:
        return super().backward() * self._error.shape[1]


@loss()
class DifferenceTurned(MeanSquaredError):
    """The gradient is for y_true in place of y_pred: its sign is turned."""

    def backward(self) -> Array:
        return -super().backward()
