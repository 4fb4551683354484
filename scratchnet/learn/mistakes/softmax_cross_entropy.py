"""Softmax and cross-entropy in one, of class numbers, with one mistake each."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.learn.mistakes.mistake import register
from scratchnet.learn.protocols.losses import loss_protocol
from scratchnet.losses import SparseCategoricalCrossentropy

Array = Any

softmax_cross_entropy = register(
    "softmax_cross_entropy", loss_protocol("numbers", from_logits=True), SparseCategoricalCrossentropy
)


@softmax_cross_entropy.mistake("gradient-of-the-sum", from_logits=True)
class GradientOfTheSum(SparseCategoricalCrossentropy):
    """The gradient has no 1/N, though the loss is a mean."""

    def backward(self) -> Array:
        return super().backward() * len(self.predictions)


@softmax_cross_entropy.mistake("gradient-of-the-mean-twice", from_logits=True)
class GradientOfTheMeanTwice(SparseCategoricalCrossentropy):
    """The gradient has 1/N twice."""

    def backward(self) -> Array:
        return super().backward() / len(self.predictions)


@softmax_cross_entropy.mistake("sum-instead-of-mean", from_logits=True)
class SumInsteadOfMean(SparseCategoricalCrossentropy):
    """Loss and gradient are sums over the batch: they agree with each other, but a batch counts by its size."""

    def forward(self, y_true: Array, y_pred: Array, sample_weight: Array | None = None) -> float:
        return len(y_pred) * super().forward(y_true, y_pred, sample_weight)

    def backward(self) -> Array:
        return super().backward() * len(self.predictions)


@softmax_cross_entropy.mistake("labels-off-by-one", from_logits=True)
class LabelsOffByOne(SparseCategoricalCrossentropy):
    """The gradient takes the labels for 1…C."""

    def backward(self) -> Array:
        rows, labels = self._right
        dy = self.predictions.copy()
        dy[rows, labels - 1] -= 1
        return dy * self._scale[:, None]


@softmax_cross_entropy.mistake("softmax-without-shift", from_logits=True)
class SoftmaxWithoutShift(SparseCategoricalCrossentropy):
    """log softmax is worked out without taking the maximum off: extreme logits overflow."""

    def forward(self, y_true: Array, y_pred: Array, sample_weight: Array | None = None) -> float:
        super().forward(y_true, y_pred, sample_weight)
        e = np.exp(y_pred)
        self.predictions = e / e.sum(axis=1, keepdims=True)
        return float(-(np.log(self.predictions[self._right]) * self._scale).sum())


@softmax_cross_entropy.mistake("weights-ignored-in-gradient", from_logits=True)
class WeightsIgnoredInGradient(SparseCategoricalCrossentropy):
    """Sample weights count in the loss, not in its gradient."""

    def backward(self) -> Array:
        self._scale = np.full_like(self._scale, 1 / len(self._scale))
        return super().backward()


@softmax_cross_entropy.mistake("divides-by-the-weights", from_logits=True)
class DividesByTheWeights(SparseCategoricalCrossentropy):
    """The mean divides by the sum of the weights in place of N."""

    def forward(self, y_true: Array, y_pred: Array, sample_weight: Array | None = None) -> float:
        if sample_weight is not None:
            sample_weight = sample_weight * len(y_pred) / sample_weight.sum()
        return super().forward(y_true, y_pred, sample_weight)


@softmax_cross_entropy.mistake("labels-remembered-themselves", from_logits=True)
class LabelsRememberedThemselves(SparseCategoricalCrossentropy):
    """The loss remembers the caller's labels, which may change before backward."""

    def forward(self, y_true: Array, y_pred: Array, sample_weight: Array | None = None) -> float:
        value = super().forward(y_true, y_pred, sample_weight)
        self._right = self._right[0], y_true
        return value


@softmax_cross_entropy.mistake("gradient-grows", from_logits=True)
class GradientGrows(SparseCategoricalCrossentropy):
    """Every call of backward adds to the gradient of the one before."""

    def backward(self) -> Array:
        self._sum = getattr(self, "_sum", 0) + super().backward()
        return self._sum


@softmax_cross_entropy.mistake("always-float64", from_logits=True)
class AlwaysFloat64(SparseCategoricalCrossentropy):
    """The gradient comes out as float64, whatever the predictions are."""

    def backward(self) -> Array:
        return super().backward().astype(np.float64)


@softmax_cross_entropy.mistake("one-number-for-each-sample", from_logits=True)
class OneNumberForEachSample(SparseCategoricalCrossentropy):
    """forward returns the array of samples' losses, not their mean."""

    def forward(self, y_true: Array, y_pred: Array, sample_weight: Array | None = None) -> Any:
        super().forward(y_true, y_pred, sample_weight)
        return -np.log(self._p[self._right]) * self._scale
