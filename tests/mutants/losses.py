"""Losses with one mistake each; most of the cross-entropies' are those of the library's catalogue."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.losses import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    Huber,
    KLDivergence,
    MeanAbsoluteError,
    MeanSquaredError,
    SparseCategoricalCrossentropy,
)
from tests.mutants.catalogue import adopt, loss

Array = Any

adopt("loss", "losses", "softmax_cross_entropy", "categorical_crossentropy")


@loss(from_logits=True, ignore_class=1)
class IgnoredPlacesAreCounted(SparseCategoricalCrossentropy):
    """Ignored places have no loss and no slope, but are counted in the mean."""

    def _leave_out(self, labels: Array) -> Array:
        self._scale *= labels != self.ignore_class
        return labels


@loss(from_logits=True, ignore_class=1)
class IgnoredPlacesHaveASlope(SparseCategoricalCrossentropy):
    """The loss of ignored places is left out, but not their slope."""

    def _leave_out(self, labels: Array) -> Array:
        self._kept = self._scale * len(labels) / max((labels != self.ignore_class).sum(), 1)
        return super()._leave_out(labels)

    def backward(self) -> Array:
        self._scale = self._kept
        return super().backward()


@loss(ignore_class=1)
class TheOtherPlacesAreIgnored(SparseCategoricalCrossentropy):
    """All places are left out but those that should be."""

    def _leave_out(self, labels: Array) -> Array:
        counts = labels == self.ignore_class
        self._scale *= counts * len(counts) / max(counts.sum(), 1)
        return labels


@loss()
class LogitsGradientForProbabilities(SparseCategoricalCrossentropy):
    """The loss takes probabilities, its gradient is p - t, which is the one for logits."""

    def backward(self) -> Array:
        dy = self.predictions.copy()
        dy[self._right] -= 1
        return dy * self._scale[:, None]


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


@loss()
class SquareWithoutTwo(MeanSquaredError):
    """The 2 of the square's derivative is missing."""

    def backward(self) -> Array:
        return super().backward() / 2


@loss()
class AbsoluteGradient(MeanSquaredError):
    """The gradient is that of the absolute error, the sign of the difference."""

    def backward(self) -> Array:
        return self._slope_of_mean(np.sign(self._error))


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


@loss()
class SquareForAbsolute(MeanAbsoluteError):
    """The gradient is that of half the squared error: the error in place of its sign."""

    def backward(self) -> Array:
        return self._slope_of_mean(self._error)


@loss()
class AbsoluteSlopeIsOne(MeanAbsoluteError):
    """The gradient forgets the sign: every prediction is pushed down."""

    def backward(self) -> Array:
        return self._slope_of_mean(np.ones_like(self._error))


@loss()
class MedianForgotten(MeanAbsoluteError):
    """The loss is the mean over the outputs, the gradient that of their sum."""

    def backward(self) -> Array:
        return self._scaled(np.sign(self._error))


@loss(delta=0.5)
class HuberNotCut(Huber):
    """The gradient is the error, also where the loss is a line."""

    def backward(self) -> Array:
        return self._slope_of_mean(self._error)


@loss(delta=0.5)
class HuberLineWithoutDelta(Huber):
    """On the line the gradient is the sign, without the factor delta."""

    def backward(self) -> Array:
        e = self._error
        return self._slope_of_mean(np.where(np.abs(e) <= self.delta, e, np.sign(e)))


@loss(delta=0.5)
class HuberWithoutHalf(Huber):
    """The square has no 1/2 in the loss, while the gradient is that of half the square."""

    def forward(self, y_true: Array, y_pred: Array, sample_weight: Array | None = None) -> float:
        self._error = e = self._errors(y_true, y_pred, sample_weight)
        line = self.delta * np.abs(e) - self.delta**2 / 2
        return self._mean(np.where(np.abs(e) <= self.delta, e**2, line))


@loss()
class BinaryLogitsGradientForProbabilities(BinaryCrossentropy):
    """The loss takes probabilities, its gradient is p - t, which is the one for logits."""

    def backward(self) -> Array:
        return self._scaled((self._p - self._t) / self._p.shape[1])


@loss(from_logits=True)
class BinaryProbabilityGradientForLogits(BinaryCrossentropy):
    """The loss takes logits, its gradient is the one for probabilities."""

    def backward(self) -> Array:
        p = self._p
        return self._scaled((p - self._t) / (p * (1 - p)) / p.shape[1])


@loss()
class NoForgotten(BinaryCrossentropy):
    """The gradient knows the yes only, -t/p; the term of the no, (1-t)/(1-p), is missing."""

    def backward(self) -> Array:
        return self._scaled(-self._t / self._p / self._p.shape[1])


@loss()
class NoHasWrongSign(BinaryCrossentropy):
    """The minus of log(1 - p)'s inner derivative is forgotten."""

    def backward(self) -> Array:
        p, t = self._p, self._t
        return self._scaled((-t / p - (1 - t) / (1 - p)) / p.shape[1])


@loss(from_logits=True)
class BinaryOverflows(BinaryCrossentropy):
    """log(1 + e^-z) is worked out as it is written: logits far below zero overflow."""

    def forward(self, y_true: Array, y_pred: Array, sample_weight: Array | None = None) -> float:
        super().forward(y_true, y_pred, sample_weight)
        return self._total((np.log(1 + np.exp(-y_pred)) + (1 - self._t) * y_pred).mean(axis=1))


@loss(from_logits=True)
class QuestionsSummed(BinaryCrossentropy):
    """The loss is the mean over the questions, the gradient that of their sum."""

    def backward(self) -> Array:
        return self._scaled(self._p - self._t)


@loss(from_logits=True, label_smoothing=0.3)
class BinarySmoothingInLossOnly(BinaryCrossentropy):
    """The labels are smoothed in the loss, not in its gradient."""

    def forward(self, y_true: Array, y_pred: Array, sample_weight: Array | None = None) -> float:
        value = super().forward(y_true, y_pred, sample_weight)
        self._t = y_true.astype(y_pred.dtype)
        return value


@loss(from_logits=True, label_smoothing=0.3)
class SmoothingInLossOnly(CategoricalCrossentropy):
    """The labels are smoothed in the loss, not in its gradient."""

    def forward(self, y_true: Array, y_pred: Array, sample_weight: Array | None = None) -> float:
        value = super().forward(y_true, y_pred, sample_weight)
        self._t = y_true.astype(y_pred.dtype)
        return value


@loss()
class DivergenceWithLogarithm(KLDivergence):
    """The gradient is that with respect to the truth: log(t/p) + 1."""

    def backward(self) -> Array:
        return self._scaled(np.log(self._t / self._p) + 1)


@loss()
class DivergenceSignTurned(KLDivergence):
    """The gradient is t/p: the minus of log p is lost."""

    def backward(self) -> Array:
        return self._scaled(self._t / self._p)


@loss()
class DivergenceForgetsTheTruth(KLDivergence):
    """The gradient is -1/p for every class, however likely it truly is."""

    def backward(self) -> Array:
        return self._scaled(-1 / self._p)


@loss(reduction="sum")
class SumWithGradientOfTheMean(MeanSquaredError):
    """The loss is a sum over the batch, its gradient that of the mean."""

    def backward(self) -> Array:
        return super().backward() / len(self.predictions)


@loss(reduction="mean_with_sample_weight")
class WeightedMeanWithGradientOverSamples(MeanSquaredError):
    """The loss is divided by the sum of the weights, its gradient by the number of samples."""

    def backward(self) -> Array:
        return super().backward() * self._weights / len(self.predictions)

    def forward(self, y_true: Array, y_pred: Array, sample_weight: Array | None = None) -> float:
        self._weights = len(y_pred) if sample_weight is None else np.sum(sample_weight)
        return super().forward(y_true, y_pred, sample_weight)


@loss(reduction="mean_with_sample_weight")
class WeightedMeanOverSamples(SparseCategoricalCrossentropy):
    """Weights multiply the losses, but the sum is divided by the number of samples."""

    def forward(self, y_true: Array, y_pred: Array, sample_weight: Array | None = None) -> float:
        value = super().forward(y_true, y_pred, sample_weight)
        share = 1.0 if sample_weight is None else float(np.mean(sample_weight))
        self._scale *= share
        return value * share
