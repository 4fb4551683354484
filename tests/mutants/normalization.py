"""BatchNormalization and LayerNormalization with one mistake each.

The backward passes here are put together from parts, so that each mutant shows its mistake and nothing else.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.layers import BatchNormalization, LayerNormalization
from tests.mutants.catalogue import layer

Array = Any

IMAGE = (3, 4, 5, 2)
BATCH = {"independent_samples": False}
INFERENCE = {"training": False}
AT_REST = {"epsilon": 0.5, "moving_mean_initializer": "he_normal"}  # σ = √1.5, not 1, which would hide a missing σ


class BatchParts(BatchNormalization):
    """The right backward pass, in parts to replace."""

    def backward(self, dy: Array) -> Array:
        self._dy = dy
        if self.center:
            self.grads["beta"][...] = self.dbeta(dy)
        if self.scale:
            self.grads["gamma"][...] = self.dgamma(dy)
        dx = self.gamma() * dy / self.sigma()
        if self._by_batch:
            dx = dx + self.through_variance(dy) + self.through_mean(dy)
        return dx

    def gamma(self) -> Array:
        return self.gamma_and_beta()[0]

    def sigma(self) -> Array:
        return self._sigma

    def M(self, dy: Array) -> int:
        return dy.size // self._sigma.size

    def dbeta(self, dy: Array) -> Array:
        return dy.sum(self._shared)

    def dgamma(self, dy: Array) -> Array:
        return (dy * self._x_hat).sum(self._shared)

    def through_variance(self, dy: Array) -> Array:
        total = (dy * self._x_hat).sum(self._shared, keepdims=True)
        return -self.gamma() * total * self._x_hat / (self.sigma() * self.M(dy))

    def through_mean(self, dy: Array) -> Array:
        return -self.gamma() * dy.sum(self._shared, keepdims=True) / (self.sigma() * self.M(dy))


@layer(IMAGE, checking=BATCH)
class MeanIsAConstant(BatchParts):
    """The way through the batch's mean is forgotten."""

    def through_mean(self, dy: Array) -> Array:
        return 0.0


@layer(IMAGE, checking=BATCH)
class VarianceIsAConstant(BatchParts):
    """The way through the batch's variance is forgotten."""

    def through_variance(self, dy: Array) -> Array:
        return 0.0


@layer((6, 3), checking=BATCH)
class StatisticsAreConstants(BatchParts):
    """Mean and variance are taken for constants in training: dx is γ dy / σ."""

    def backward(self, dy: Array) -> Array:
        self._by_batch = False
        return super().backward(dy)


@layer(IMAGE, checking=BATCH)
class VarianceWithTheWrongSign(BatchParts):
    """The slope of 1/σ is taken as positive."""

    def through_variance(self, dy: Array) -> Array:
        return -super().through_variance(dy)


@layer(IMAGE, checking=BATCH)
class VarianceWithoutTheHalf(BatchParts):
    """The exponent -1/2 of the variance is not brought in front."""

    def through_variance(self, dy: Array) -> Array:
        return 2 * super().through_variance(dy)


@layer(IMAGE, checking=BATCH)
class VarianceTimesX(BatchParts):
    """The way through the variance pays by x̂² of a number in place of its x̂."""

    def through_variance(self, dy: Array) -> Array:
        return super().through_variance(dy) * self._x_hat


@layer(IMAGE, checking=BATCH)
class CountsTheBatchOnly(BatchParts):
    """M is N, not N·H·W, in the ways through mean and variance."""

    def M(self, dy: Array) -> int:
        return len(dy)


@layer((6, 3), checking=BATCH)
class CountsOneLess(BatchParts):
    """The gradient is that of an unbiased variance, divided by M - 1, though forward divided by M."""

    def through_variance(self, dy: Array) -> Array:
        return super().through_variance(dy) * self.M(dy) / (self.M(dy) - 1)


@layer(IMAGE, checking=BATCH)
class GammaForgotten(BatchParts):
    """dx is handed on without γ."""

    def gamma(self) -> Array:
        return 1.0


@layer(IMAGE, checking=BATCH)
class EpsilonForgotten(BatchParts):
    """backward divides by √var, forward divided by √(var + ε)."""

    def sigma(self) -> Array:
        return np.sqrt(self._sigma**2 - self.epsilon)


@layer(IMAGE, epsilon=0.5, checking=BATCH)
class DividesByTheVariance(BatchParts):
    """dx is divided by var + ε, not by its root."""

    def sigma(self) -> Array:
        return self._sigma**2


@layer(IMAGE, checking=BATCH)
class GammaGetsTheSumOfDy(BatchParts):
    """dγ is the sum of dy, without x̂."""

    def dgamma(self, dy: Array) -> Array:
        return dy.sum(self._shared)


@layer(IMAGE, epsilon=0.5, checking=BATCH)
class GammaGetsTheCentredInput(BatchParts):
    """dγ is summed with x - mean in place of x̂: not yet divided by σ."""

    def dgamma(self, dy: Array) -> Array:
        return (dy * self._x_hat * self._sigma).sum(self._shared)


@layer(IMAGE, checking=BATCH)
class GradientsAreMeans(BatchParts):
    """dβ and dγ are means over the batch; but 1/N is in the loss."""

    def dbeta(self, dy: Array) -> Array:
        return dy.mean(self._shared)

    def dgamma(self, dy: Array) -> Array:
        return (dy * self._x_hat).mean(self._shared)


@layer(IMAGE, checking=BATCH)
class BetaGetsTheFirstSample(BatchParts):
    """dβ is summed over the pixels, but of the first sample only."""

    def dbeta(self, dy: Array) -> Array:
        return dy[0].sum((0, 1))


@layer(IMAGE, **AT_REST, checking=INFERENCE)
class InferencePassesThroughTheBatch(BatchParts):
    """At inference backward goes through mean and variance as in training, though they are constants there."""

    def forward(self, x: Array, training: bool = False) -> Array:
        y = super().forward(x, training)
        self._by_batch = True
        return y


@layer(IMAGE, trainable=False, **AT_REST)
class FrozenPassesThroughTheBatch(BatchParts):
    """A frozen layer in training computes by the running mean, but passes gradients as if by the batch's."""

    def forward(self, x: Array, training: bool = False) -> Array:
        y = super().forward(x, training)
        self._by_batch = training
        return y


@layer(IMAGE, **AT_REST, checking=INFERENCE)
class InferenceForgetsSigma(BatchParts):
    """At inference dx is γ dy, not divided by the running deviation."""

    def sigma(self) -> Array:
        return 1.0


@layer(IMAGE, **AT_REST, checking=INFERENCE)
class InferenceMovesTheMean(BatchNormalization):
    """The running mean moves at inference as well: asked twice, the layer gives two answers."""

    def forward(self, x: Array, training: bool = False) -> Array:
        y = super().forward(x, training)
        self.non_trainable["moving_mean"] += 0.1 * x.mean(self._shared)
        return y


@layer(IMAGE, checking=BATCH)
class BatchInPlace(BatchNormalization):
    """forward takes the mean off x itself, to save a copy."""

    def forward(self, x: Array, training: bool = False) -> Array:
        y = super().forward(x, training)
        x -= x.mean((0, 1, 2))
        return y


# Layer normalization ----------------------------------------------------------------------------------------------


class RowParts(LayerNormalization):
    """The right backward pass, in parts to replace."""

    def backward(self, dy: Array) -> Array:
        self.grads["beta"][...] = dy.sum(self._shared)
        self.grads["gamma"][...] = self.dgamma(dy)
        dx_hat = dy * self.gamma_and_beta()[0]
        return (dx_hat - self.common(dx_hat) - self._x_hat * self.along(dx_hat)) / self._sigma

    def dgamma(self, dy: Array) -> Array:
        return (dy * self._x_hat).sum(self._shared)

    def common(self, dx_hat: Array) -> Array:
        return dx_hat.mean(self._row, keepdims=True)

    def along(self, dx_hat: Array) -> Array:
        return (dx_hat * self._x_hat).mean(self._row, keepdims=True)


@layer((4, 6))
class RowMeanIsAConstant(RowParts):
    """The way through the row's mean is forgotten."""

    def common(self, dx_hat: Array) -> Array:
        return 0.0


@layer((4, 6))
class RowVarianceIsAConstant(RowParts):
    """The way through the row's variance is forgotten."""

    def along(self, dx_hat: Array) -> Array:
        return 0.0


@layer((4, 6))
class MeansOverTheBatch(RowParts):
    """The two means of backward run over the samples, as in a batch normalization."""

    def common(self, dx_hat: Array) -> Array:
        return dx_hat.mean(0)

    def along(self, dx_hat: Array) -> Array:
        return (dx_hat * self._x_hat).mean(0)


@layer((4, 6), gamma_initializer="he_normal")
class GammaDrawnOutOfTheSums(LayerNormalization):
    """γ is put in front of the sums, as in a batch normalization, where it is one number for all of them."""

    def backward(self, dy: Array) -> Array:
        super().backward(dy)
        common = dy.mean(self._row, keepdims=True)
        along = (dy * self._x_hat).mean(self._row, keepdims=True)
        return self.gamma_and_beta()[0] * (dy - common - self._x_hat * along) / self._sigma


@layer((4, 6))
class SumsInPlaceOfMeans(RowParts):
    """The part along x̂ is not divided by the number of features."""

    def along(self, dx_hat: Array) -> Array:
        return (dx_hat * self._x_hat).sum(self._row, keepdims=True)


@layer((4, 6))
class RowGammaIsAMean(RowParts):
    """dγ is the mean over the batch; but 1/N is in the loss."""

    def dgamma(self, dy: Array) -> Array:
        return (dy * self._x_hat).mean(self._shared)


@layer((3, 4, 5))
class NormalizesTheWholeSample(LayerNormalization):
    """forward takes mean and deviation of the whole sample, backward those of a row."""

    def forward(self, x: Array, training: bool = False) -> Array:
        super().forward(x, training)
        gamma, beta = self.gamma_and_beta()
        mean, variance = x.mean((1, 2), keepdims=True), x.var((1, 2), keepdims=True)
        return gamma * (x - mean) / np.sqrt(variance + self.epsilon) + beta
