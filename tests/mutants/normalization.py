"""Normalizations with one mistake each: BatchNormalization's are those of the library's catalogue.

The backward passes are put together from parts, so that each mutant shows its mistake and nothing else.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.layers import LayerNormalization
from scratchnet.learn.mistakes.batch_normalization import AT_REST as AT_REST
from scratchnet.learn.mistakes.batch_normalization import BATCH as BATCH
from scratchnet.learn.mistakes.batch_normalization import IMAGE as IMAGE
from scratchnet.learn.mistakes.batch_normalization import INFERENCE as INFERENCE
from scratchnet.learn.mistakes.batch_normalization import BatchParts as BatchParts
from tests.mutants.catalogue import adopt, layer

Array = Any

adopt("layer", "normalization", "batch_normalization")


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
