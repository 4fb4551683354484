"""Softmax and cross-entropy in one, of one-hot labels, with one mistake each."""

from __future__ import annotations

from typing import Any

from scratchnet.learn.mistakes.mistake import register
from scratchnet.learn.protocols.losses import loss_protocol
from scratchnet.losses import CategoricalCrossentropy

Array = Any

categorical_crossentropy = register(
    "categorical_crossentropy", loss_protocol("one-hot", from_logits=True), CategoricalCrossentropy
)


@categorical_crossentropy.mistake("mean-twice", from_logits=True)
class MeanTwice(CategoricalCrossentropy):
    """Loss and gradient are divided by N twice: they agree with each other."""

    def forward(self, y_true: Array, y_pred: Array, sample_weight: Array | None = None) -> float:
        return super().forward(y_true, y_pred, sample_weight) / len(y_pred)

    def backward(self) -> Array:
        return super().backward() / len(self.predictions)


@categorical_crossentropy.mistake("probability-gradient-for-logits", from_logits=True)
class ProbabilityGradientForLogits(CategoricalCrossentropy):
    """The loss takes logits, its gradient is -t/p, which is the one for probabilities."""

    def backward(self) -> Array:
        return -self._t / self._p * self._scale[:, None]


@categorical_crossentropy.mistake("truth-forgotten", from_logits=True)
class TruthForgotten(CategoricalCrossentropy):
    """The gradient is p in place of p - t."""

    def backward(self) -> Array:
        return self.predictions * self._scale[:, None]


@categorical_crossentropy.mistake("sign-turned", from_logits=True)
class SignTurned(CategoricalCrossentropy):
    """The gradient is t - p."""

    def backward(self) -> Array:
        return -super().backward()


@categorical_crossentropy.mistake("weights-ignored", from_logits=True)
class WeightsIgnored(CategoricalCrossentropy):
    """Sample weights are accepted and ignored."""

    def forward(self, y_true: Array, y_pred: Array, sample_weight: Array | None = None) -> float:
        return super().forward(y_true, y_pred, None)


@categorical_crossentropy.mistake("labels-changed", from_logits=True)
class LabelsChanged(CategoricalCrossentropy):
    """Label smoothing is written into the caller's labels."""

    def forward(self, y_true: Array, y_pred: Array, sample_weight: Array | None = None) -> float:
        y_true *= 0.9
        y_true += 0.1 / y_true.shape[1]
        return super().forward(y_true, y_pred, sample_weight)
