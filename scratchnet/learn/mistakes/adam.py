"""Adam with one mistake each."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from scratchnet.learn.mistakes.mistake import register
from scratchnet.learn.protocols.optimizers import Options, optimizer_protocol
from scratchnet.optimizers import Adam

Array = Any

SETTINGS = [
    Options({"learning_rate": 0.01, "epsilon": 1e-3}),
    Options({"learning_rate": 0.1, "beta_1": 0.8, "beta_2": 0.95}, falling=True),
    Options({"learning_rate": 0.01, "weight_decay": 0.1}),
]

adam = register("adam", optimizer_protocol(SETTINGS), Adam)


@adam.mistake("counts-from-zero")
class CountsFromZero(Adam):
    """The first step has t = 0 (or rather, every t is one too small; the first is set to 1)."""

    def step_size(self, learning_rate: float) -> float:
        t = max(self.iterations - 1, 1)
        return learning_rate * math.sqrt(1 - self.beta_2**t) / (1 - self.beta_1**t)


@adam.mistake("counts-from-two")
class CountsFromTwo(Adam):
    """The first step has t = 2: every t is one too large."""

    def step_size(self, learning_rate: float) -> float:
        t = self.iterations + 1
        return learning_rate * math.sqrt(1 - self.beta_2**t) / (1 - self.beta_1**t)


@adam.mistake("epsilon-inside-the-root", epsilon=1e-3)
class EpsilonInsideTheRoot(Adam):
    """w moves by m / √(v + ε) in place of m / (√v + ε)."""

    def update(self, w: Array, g: Array, slots: tuple[Array, ...], learning_rate: float) -> None:
        m, v = slots
        m += (g - m) * (1 - self.beta_1)
        v += (g * g - v) * (1 - self.beta_2)
        w -= self.step_size(learning_rate) * m / np.sqrt(v + self.epsilon)


@adam.mistake("epsilon-as-in-py-torch", epsilon=1e-3)
class EpsilonAsInPyTorch(Adam):
    """v is corrected before ε is added, as PyTorch does; Keras adds ε to the uncorrected root."""

    def update(self, w: Array, g: Array, slots: tuple[Array, ...], learning_rate: float) -> None:
        m, v = slots
        m += (g - m) * (1 - self.beta_1)
        v += (g * g - v) * (1 - self.beta_2)
        t = self.iterations
        w -= learning_rate * m / (1 - self.beta_1**t) / (np.sqrt(v / (1 - self.beta_2**t)) + self.epsilon)


@adam.mistake("no-bias-correction")
class NoBiasCorrection(Adam):
    """The step size is the learning rate: the correction for the start at zero is missing."""

    def step_size(self, learning_rate: float) -> float:
        return learning_rate


@adam.mistake("correction-without-root")
class CorrectionWithoutRoot(Adam):
    """The correction is (1 - β₂ᵗ) / (1 - β₁ᵗ), without the root."""

    def step_size(self, learning_rate: float) -> float:
        t = self.iterations
        return learning_rate * (1 - self.beta_2**t) / (1 - self.beta_1**t)


@adam.mistake("betas-swapped")
class BetasSwapped(Adam):
    """β₁ and β₂ are swapped."""

    def update(self, w: Array, g: Array, slots: tuple[Array, ...], learning_rate: float) -> None:
        m, v = slots
        m += (g - m) * (1 - self.beta_2)
        v += (g * g - v) * (1 - self.beta_1)
        w -= self.step_size(learning_rate) * m / (np.sqrt(v) + self.epsilon)


@adam.mistake("squares-the-mean")
class SquaresTheMean(Adam):
    """v is a mean of m² in place of g²."""

    def update(self, w: Array, g: Array, slots: tuple[Array, ...], learning_rate: float) -> None:
        m, v = slots
        m += (g - m) * (1 - self.beta_1)
        v += (m * m - v) * (1 - self.beta_2)
        w -= self.step_size(learning_rate) * m / (np.sqrt(v) + self.epsilon)


@adam.mistake("root-forgotten")
class RootForgotten(Adam):
    """w moves by m / (v + ε): the root is missing."""

    def update(self, w: Array, g: Array, slots: tuple[Array, ...], learning_rate: float) -> None:
        m, v = slots
        m += (g - m) * (1 - self.beta_1)
        v += (g * g - v) * (1 - self.beta_2)
        w -= self.step_size(learning_rate) * m / (v + self.epsilon)


@adam.mistake("moments-are-one-array")
class MomentsAreOneArray(Adam):
    """m and v share one array."""

    def build(self, size: int, dtype: Any) -> None:
        super().build(size, dtype)
        self.slots["velocity"] = self.slots["momentum"]


@adam.mistake("parameters-share-moments")
class ParametersShareMoments(Adam):
    """Every segment of parameters uses the first segment's moments."""

    def step(self, segments: Any, rule: Any = None) -> None:
        super().step([(slice(0, len(w)), w, g) for _, w, g in segments], rule)


@adam.mistake("counts-segments")
class CountsSegments(Adam):
    """t counts segments of parameters in place of steps."""

    def update(self, w: Array, g: Array, slots: tuple[Array, ...], learning_rate: float) -> None:
        super().update(w, g, slots, learning_rate)
        self.iterations += 1


@adam.mistake("moments-forgotten")
class MomentsForgotten(Adam):
    """The moments start at zero again at every step."""

    def step(self, segments: Any, rule: Any = None) -> None:
        for slot in self.slots.values():
            slot[...] = 0
        super().step(segments, rule)


@adam.mistake("moments-in-float32")
class MomentsInFloat32(Adam):
    """The moments are float32, whatever the parameters are."""

    def build(self, size: int, dtype: Any) -> None:
        super().build(size, np.float32)


@adam.mistake("gradient-changed")
class GradientChanged(Adam):
    """The gradient is scaled in place, and not put back."""

    def update(self, w: Array, g: Array, slots: tuple[Array, ...], learning_rate: float) -> None:
        super().update(w, g, slots, learning_rate)
        g *= learning_rate


@adam.mistake("decays-twice", weight_decay=0.1)
class DecaysTwice(Adam):
    """Weight decay is taken off twice."""

    def update(self, w: Array, g: Array, slots: tuple[Array, ...], learning_rate: float) -> None:
        w -= w * (self.weight_decay or 0.0) * learning_rate
        super().update(w, g, slots, learning_rate)


@adam.mistake("decay-in-the-gradient", weight_decay=0.1)
class DecayInTheGradient(Adam):
    """Weight decay is added to the gradient, so that it passes through the moments (L2, not decoupled)."""

    def step(self, segments: Any, rule: Any = None) -> None:
        decay, self.weight_decay = self.weight_decay, None
        super().step([(place, w, g + (decay or 0.0) * w) for place, w, g in segments], rule)
        self.weight_decay = decay


@adam.mistake("decay-without-rate", weight_decay=0.1)
class DecayWithoutRate(Adam):
    """Weight decay is not multiplied by the learning rate."""

    def step(self, segments: Any, rule: Any = None) -> None:
        decay, self.weight_decay = self.weight_decay, None
        for _, w, _ in segments:
            w -= w * (decay or 0.0)
        super().step(segments, rule)
        self.weight_decay = decay
