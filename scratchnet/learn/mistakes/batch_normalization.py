"""BatchNormalization with one mistake each.

``BatchParts`` is the right layer, taken apart: a subclass that defines ``dgamma`` is a layer in which all the rest is
right.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.layers import BatchNormalization
from scratchnet.learn.mistakes.mistake import register
from scratchnet.learn.protocols.layers import Setting, layer_protocol

Array = Any

IMAGE = (3, 4, 5, 2)
BATCH = {"independent_samples": False}
INFERENCE = {"training": False}
AT_REST: dict[str, Any] = {
    "epsilon": 0.5,
    "moving_mean_initializer": "he_normal",
}  # σ = √1.5, not 1, which would hide a missing σ


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


SETTINGS = [
    Setting(IMAGE, options={"epsilon": 0.5}),
    Setting((6, 3), options={"epsilon": 0.25}),
    Setting(IMAGE, options={"epsilon": 0.5, "moving_mean_initializer": "ones"}, training=False),
    Setting(IMAGE, options={"epsilon": 0.5, "trainable": False, "moving_mean_initializer": "ones"}),
]

batch_normalization = register("batch_normalization", layer_protocol(SETTINGS), BatchParts)


@batch_normalization.mistake("mean-is-a-constant", IMAGE, checking=BATCH)
class MeanIsAConstant(BatchParts):
    """The way through the batch's mean is forgotten."""

    def through_mean(self, dy: Array) -> Array:
        return 0.0


@batch_normalization.mistake("variance-is-a-constant", IMAGE, checking=BATCH)
class VarianceIsAConstant(BatchParts):
    """The way through the batch's variance is forgotten."""

    def through_variance(self, dy: Array) -> Array:
        return 0.0


@batch_normalization.mistake("statistics-are-constants", (6, 3), checking=BATCH)
class StatisticsAreConstants(BatchParts):
    """Mean and variance are taken for constants in training: dx is γ dy / σ."""

    def backward(self, dy: Array) -> Array:
        self._by_batch = False
        return super().backward(dy)


@batch_normalization.mistake("variance-with-the-wrong-sign", IMAGE, checking=BATCH)
class VarianceWithTheWrongSign(BatchParts):
    """The slope of 1/σ is taken as positive."""

    def through_variance(self, dy: Array) -> Array:
        return -super().through_variance(dy)


@batch_normalization.mistake("variance-without-the-half", IMAGE, checking=BATCH)
class VarianceWithoutTheHalf(BatchParts):
    """The exponent -1/2 of the variance is not brought in front."""

    def through_variance(self, dy: Array) -> Array:
        return 2 * super().through_variance(dy)


@batch_normalization.mistake("variance-times-x", IMAGE, checking=BATCH)
class VarianceTimesX(BatchParts):
    """The way through the variance pays by x̂² of a number in place of its x̂."""

    def through_variance(self, dy: Array) -> Array:
        return super().through_variance(dy) * self._x_hat


@batch_normalization.mistake("counts-the-batch-only", IMAGE, checking=BATCH)
class CountsTheBatchOnly(BatchParts):
    """M is N, not N·H·W, in the ways through mean and variance."""

    def M(self, dy: Array) -> int:
        return len(dy)


@batch_normalization.mistake("counts-one-less", (6, 3), checking=BATCH)
class CountsOneLess(BatchParts):
    """The gradient is that of an unbiased variance, divided by M - 1, though forward divided by M."""

    def through_variance(self, dy: Array) -> Array:
        return super().through_variance(dy) * self.M(dy) / (self.M(dy) - 1)


@batch_normalization.mistake("gamma-forgotten", IMAGE, checking=BATCH)
class GammaForgotten(BatchParts):
    """dx is handed on without γ."""

    def gamma(self) -> Array:
        return 1.0


@batch_normalization.mistake("epsilon-forgotten", IMAGE, checking=BATCH)
class EpsilonForgotten(BatchParts):
    """backward divides by √var, forward divided by √(var + ε)."""

    def sigma(self) -> Array:
        return np.sqrt(self._sigma**2 - self.epsilon)


@batch_normalization.mistake("divides-by-the-variance", IMAGE, epsilon=0.5, checking=BATCH)
class DividesByTheVariance(BatchParts):
    """dx is divided by var + ε, not by its root."""

    def sigma(self) -> Array:
        return self._sigma**2


@batch_normalization.mistake("gamma-gets-the-sum-of-dy", IMAGE, checking=BATCH)
class GammaGetsTheSumOfDy(BatchParts):
    """dγ is the sum of dy, without x̂."""

    def dgamma(self, dy: Array) -> Array:
        return dy.sum(self._shared)


@batch_normalization.mistake("gamma-gets-the-centred-input", IMAGE, epsilon=0.5, checking=BATCH)
class GammaGetsTheCentredInput(BatchParts):
    """dγ is summed with x - mean in place of x̂: not yet divided by σ."""

    def dgamma(self, dy: Array) -> Array:
        return (dy * self._x_hat * self._sigma).sum(self._shared)


@batch_normalization.mistake("gradients-are-means", IMAGE, checking=BATCH)
class GradientsAreMeans(BatchParts):
    """dβ and dγ are means over the batch; but 1/N is in the loss."""

    def dbeta(self, dy: Array) -> Array:
        return dy.mean(self._shared)

    def dgamma(self, dy: Array) -> Array:
        return (dy * self._x_hat).mean(self._shared)


@batch_normalization.mistake("beta-gets-the-first-sample", IMAGE, checking=BATCH)
class BetaGetsTheFirstSample(BatchParts):
    """dβ is summed over the pixels, but of the first sample only."""

    def dbeta(self, dy: Array) -> Array:
        return dy[0].sum((0, 1))


@batch_normalization.mistake("inference-passes-through-the-batch", IMAGE, **AT_REST, checking=INFERENCE)
class InferencePassesThroughTheBatch(BatchParts):
    """At inference backward goes through mean and variance as in training, though they are constants there."""

    def forward(self, x: Array, training: bool = False) -> Array:
        y = super().forward(x, training)
        self._by_batch = True
        return y


@batch_normalization.mistake("frozen-passes-through-the-batch", IMAGE, trainable=False, **AT_REST)
class FrozenPassesThroughTheBatch(BatchParts):
    """A frozen layer in training computes by the running mean, but passes gradients as if by the batch's."""

    def forward(self, x: Array, training: bool = False) -> Array:
        y = super().forward(x, training)
        self._by_batch = training
        return y


@batch_normalization.mistake("inference-forgets-sigma", IMAGE, **AT_REST, checking=INFERENCE)
class InferenceForgetsSigma(BatchParts):
    """At inference dx is γ dy, not divided by the running deviation."""

    def sigma(self) -> Array:
        return 1.0


@batch_normalization.mistake("inference-moves-the-mean", IMAGE, **AT_REST, checking=INFERENCE)
class InferenceMovesTheMean(BatchNormalization):
    """The running mean moves at inference as well: asked twice, the layer gives two answers."""

    def forward(self, x: Array, training: bool = False) -> Array:
        y = super().forward(x, training)
        self.non_trainable["moving_mean"] += 0.1 * x.mean(self._shared)
        return y


@batch_normalization.mistake("batch-in-place", IMAGE, checking=BATCH)
class BatchInPlace(BatchNormalization):
    """forward takes the mean off x itself, to save a copy."""

    def forward(self, x: Array, training: bool = False) -> Array:
        y = super().forward(x, training)
        x -= x.mean(self._shared, keepdims=True)
        return y
