"""Optimizers with one mistake each."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from scratchnet.optimizers import SGD, Adagrad, Adam, AdamW, RMSprop
from scratchnet.schedules import ExponentialDecay
from tests.mutants.catalogue import optimizer

Array = Any

FALLING = ExponentialDecay(0.1, decay_steps=20, decay_rate=0.5)


@optimizer()
class CountsFromZero(Adam):
    """The first step has t = 0 (or rather, every t is one too small; the first is set to 1)."""

    def step_size(self, learning_rate: float) -> float:
        t = max(self.iterations - 1, 1)
        return learning_rate * math.sqrt(1 - self.beta_2**t) / (1 - self.beta_1**t)


@optimizer()
class CountsFromTwo(Adam):
    """The first step has t = 2: every t is one too large."""

    def step_size(self, learning_rate: float) -> float:
        t = self.iterations + 1
        return learning_rate * math.sqrt(1 - self.beta_2**t) / (1 - self.beta_1**t)


@optimizer(epsilon=1e-3)
class EpsilonInsideTheRoot(Adam):
    """w moves by m / √(v + ε) in place of m / (√v + ε)."""

    def update(self, w: Array, g: Array, slots: tuple[Array, ...], learning_rate: float) -> None:
        m, v = slots
        m += (g - m) * (1 - self.beta_1)
        v += (g * g - v) * (1 - self.beta_2)
        w -= self.step_size(learning_rate) * m / np.sqrt(v + self.epsilon)


@optimizer(epsilon=1e-3)
class EpsilonAsInPyTorch(Adam):
    """v is corrected before ε is added, as PyTorch does; Keras adds ε to the uncorrected root."""

    def update(self, w: Array, g: Array, slots: tuple[Array, ...], learning_rate: float) -> None:
        m, v = slots
        m += (g - m) * (1 - self.beta_1)
        v += (g * g - v) * (1 - self.beta_2)
        t = self.iterations
        w -= learning_rate * m / (1 - self.beta_1**t) / (np.sqrt(v / (1 - self.beta_2**t)) + self.epsilon)


@optimizer()
class NoBiasCorrection(Adam):
    """The step size is the learning rate: the correction for the start at zero is missing."""

    def step_size(self, learning_rate: float) -> float:
        return learning_rate


@optimizer()
class CorrectionWithoutRoot(Adam):
    """The correction is (1 - β₂ᵗ) / (1 - β₁ᵗ), without the root."""

    def step_size(self, learning_rate: float) -> float:
        t = self.iterations
        return learning_rate * (1 - self.beta_2**t) / (1 - self.beta_1**t)


@optimizer()
class BetasSwapped(Adam):
    """β₁ and β₂ are swapped."""

    def update(self, w: Array, g: Array, slots: tuple[Array, ...], learning_rate: float) -> None:
        m, v = slots
        m += (g - m) * (1 - self.beta_2)
        v += (g * g - v) * (1 - self.beta_1)
        w -= self.step_size(learning_rate) * m / (np.sqrt(v) + self.epsilon)


@optimizer()
class SquaresTheMean(Adam):
    """v is a mean of m² in place of g²."""

    def update(self, w: Array, g: Array, slots: tuple[Array, ...], learning_rate: float) -> None:
        m, v = slots
        m += (g - m) * (1 - self.beta_1)
        v += (m * m - v) * (1 - self.beta_2)
        w -= self.step_size(learning_rate) * m / (np.sqrt(v) + self.epsilon)


@optimizer()
class RootForgotten(Adam):
    """w moves by m / (v + ε): the root is missing."""

    def update(self, w: Array, g: Array, slots: tuple[Array, ...], learning_rate: float) -> None:
        m, v = slots
        m += (g - m) * (1 - self.beta_1)
        v += (g * g - v) * (1 - self.beta_2)
        w -= self.step_size(learning_rate) * m / (v + self.epsilon)


@optimizer()
class MomentsAreOneArray(Adam):
    """m and v share one array."""

    def build(self, size: int, dtype: Any) -> None:
        super().build(size, dtype)
        self.slots["velocity"] = self.slots["momentum"]


@optimizer()
class ParametersShareMoments(Adam):
    """Every segment of parameters uses the first segment's moments."""

    def step(self, segments: Any, rule: Any = None) -> None:
        super().step([(slice(0, len(w)), w, g) for _, w, g in segments], rule)


@optimizer()
class CountsSegments(Adam):
    """t counts segments of parameters in place of steps."""

    def update(self, w: Array, g: Array, slots: tuple[Array, ...], learning_rate: float) -> None:
        super().update(w, g, slots, learning_rate)
        self.iterations += 1


@optimizer()
class MomentsForgotten(Adam):
    """The moments start at zero again at every step."""

    def step(self, segments: Any, rule: Any = None) -> None:
        for slot in self.slots.values():
            slot[...] = 0
        super().step(segments, rule)


@optimizer()
class MomentsInFloat32(Adam):
    """The moments are float32, whatever the parameters are."""

    def build(self, size: int, dtype: Any) -> None:
        super().build(size, np.float32)


@optimizer()
class GradientChanged(Adam):
    """The gradient is scaled in place, and not put back."""

    def update(self, w: Array, g: Array, slots: tuple[Array, ...], learning_rate: float) -> None:
        super().update(w, g, slots, learning_rate)
        g *= learning_rate


@optimizer(weight_decay=0.1)
class DecaysTwice(Adam):
    """Weight decay is taken off twice."""

    def update(self, w: Array, g: Array, slots: tuple[Array, ...], learning_rate: float) -> None:
        w -= w * self.weight_decay * learning_rate
        super().update(w, g, slots, learning_rate)


@optimizer(weight_decay=0.1)
class DecayInTheGradient(Adam):
    """Weight decay is added to the gradient, so that it passes through the moments (L2, not decoupled)."""

    def step(self, segments: Any, rule: Any = None) -> None:
        decay, self.weight_decay = self.weight_decay, None
        super().step([(place, w, g + decay * w) for place, w, g in segments], rule)
        self.weight_decay = decay


@optimizer(weight_decay=0.1)
class DecayWithoutRate(Adam):
    """Weight decay is not multiplied by the learning rate."""

    def step(self, segments: Any, rule: Any = None) -> None:
        decay, self.weight_decay = self.weight_decay, None
        for _, w, _ in segments:
            w -= w * decay
        super().step(segments, rule)
        self.weight_decay = decay


@optimizer(learning_rate=0.01)
class Climbs(SGD):
    """The step goes up the slope."""

    def update(self, w: Array, g: Array, slots: tuple[Array, ...], learning_rate: float) -> None:
        w += learning_rate * g


@optimizer(learning_rate=0.01, momentum=0.9)
class ForgetsItsVelocity(SGD):
    """The velocity is not kept from step to step."""

    def update(self, w: Array, g: Array, slots: tuple[Array, ...], learning_rate: float) -> None:
        slots[0][...] = 0
        super().update(w, g, slots, learning_rate)


@optimizer(learning_rate=0.01, momentum=0.9)
class MomentumAsAMean(SGD):
    """The velocity is a running mean, μ v - (1 - μ) η g."""

    def update(self, w: Array, g: Array, slots: tuple[Array, ...], learning_rate: float) -> None:
        super().update(w, g, slots, learning_rate * (1 - self.momentum))


@optimizer(learning_rate=0.01, momentum=0.9, nesterov=True)
class LooksNotAhead(SGD):
    """Nesterov's variant is accepted and plain momentum is done."""

    def update(self, w: Array, g: Array, slots: tuple[Array, ...], learning_rate: float) -> None:
        (v,) = slots
        v *= self.momentum
        v -= learning_rate * g
        w += v


@optimizer(learning_rate=0.01, momentum=0.9, nesterov=True)
class LooksAheadTwice(SGD):
    """Nesterov's w ← w + μ v - η g takes the velocity before this step's update, v, as well as after."""

    def update(self, w: Array, g: Array, slots: tuple[Array, ...], learning_rate: float) -> None:
        (v,) = slots
        w += self.momentum * v
        super().update(w, g, slots, learning_rate)


@optimizer(learning_rate=FALLING, momentum=0.9)
class RateOutsideTheVelocity(SGD):
    """The velocity is μ v - g and the step η v, as in PyTorch: a new rate acts on old gradients, too."""

    def update(self, w: Array, g: Array, slots: tuple[Array, ...], learning_rate: float) -> None:
        (v,) = slots
        v *= self.momentum
        v -= g
        w += learning_rate * v


@optimizer(learning_rate=FALLING)
class ReadsTheRateLate(SGD):
    """The schedule is read after the step has been counted."""

    def step(self, segments: Any, rule: Any = None) -> None:
        self.iterations += 1
        super().step(segments, rule)
        self.iterations -= 1


@optimizer(amsgrad=True)
class ForgetsTheLargest(Adam):
    """amsgrad is accepted and ignored."""

    def update(self, w: Array, g: Array, slots: tuple[Array, ...], learning_rate: float) -> None:
        self.amsgrad = False
        super().update(w, g, slots, learning_rate)


@optimizer(amsgrad=True)
class LargestTakesTheMeansPlace(Adam):
    """The largest v is kept in v itself, so that the running mean goes on from it."""

    def update(self, w: Array, g: Array, slots: tuple[Array, ...], learning_rate: float) -> None:
        super().update(w, g, slots, learning_rate)
        slots[1][...] = slots[2]


@optimizer(learning_rate=0.1)
class DecaysByAPenalty(AdamW):
    """The decay passes through the gradient: Adam with L2."""

    def step(self, segments: Any, rule: Any = None) -> None:
        decay, self.weight_decay = self.weight_decay, None
        super().step([(place, w, g + decay * w) for place, w, g in segments], rule)
        self.weight_decay = decay


@optimizer(epsilon=1e-2)
class EpsilonOutsideTheRoot(RMSprop):
    """The gradient is divided by √v + ε, as in Adam."""

    def update(self, w: Array, g: Array, slots: tuple[Array, ...], learning_rate: float) -> None:
        (v,) = slots
        v += (1 - self.rho) * (g * g - v)
        w -= learning_rate * g / (np.sqrt(v) + self.epsilon)


@optimizer(epsilon=1e-2, centered=True)
class NotCentred(RMSprop):
    """The mean's square is not taken off."""

    def update(self, w: Array, g: Array, slots: tuple[Array, ...], learning_rate: float) -> None:
        self.centered = False
        super().update(w, g, slots, learning_rate)


@optimizer(epsilon=1e-2, centered=True)
class CentredByTheMean(RMSprop):
    """The mean is taken off, not its square."""

    def update(self, w: Array, g: Array, slots: tuple[Array, ...], learning_rate: float) -> None:
        v, a = slots
        v += (1 - self.rho) * (g * g - v)
        a += (1 - self.rho) * (g - a)
        w -= learning_rate * g / np.sqrt(np.maximum(v - a, 0) + self.epsilon)


@optimizer(learning_rate=FALLING, momentum=0.9, epsilon=1e-2)
class RateOutsideTheSum(RMSprop):
    """The velocity adds up steps without their learning rates, as PyTorch's does: a new rate acts on old ones, too."""

    def update(self, w: Array, g: Array, slots: tuple[Array, ...], learning_rate: float) -> None:
        v, b = slots
        v += (1 - self.rho) * (g * g - v)
        b *= self.momentum
        b += g / np.sqrt(v + self.epsilon)
        w -= learning_rate * b


@optimizer(initial_accumulator_value=0.5)
class StartsAtZero(Adagrad):
    """initial_accumulator_value is accepted and ignored."""

    def initial_value(self, slot: str) -> float:
        return 0.0


@optimizer()
class SumOfGradients(Adagrad):
    """The gradients' sizes are summed, not their squares."""

    def update(self, w: Array, g: Array, slots: tuple[Array, ...], learning_rate: float) -> None:
        slots[0][...] += np.abs(g)
        w -= learning_rate * g / np.sqrt(slots[0] + self.epsilon)


@optimizer(learning_rate=0.1, clipnorm=1.0)
class OneNormForAll(SGD):
    """clipnorm takes one norm over all variables."""

    def step(self, segments: Any, rule: Any = None) -> None:
        self.clipnorm, self.global_clipnorm = None, 1.0
        super().step(segments, rule)


@optimizer(learning_rate=0.1, global_clipnorm=1.0)
class ANormForEach(SGD):
    """global_clipnorm takes every variable's own norm."""

    def step(self, segments: Any, rule: Any = None) -> None:
        self.clipnorm, self.global_clipnorm = 1.0, None
        super().step(segments, rule)


@optimizer(learning_rate=0.1, clipnorm=2.0)
class AlwaysOfThatLength(SGD):
    """Short gradients are made longer, too."""

    def _clipped(self, segments: Any) -> Any:
        return [(place, w, g * (2.0 / np.sqrt((g * g).sum()))) for place, w, g in segments]


@optimizer(learning_rate=0.1, clipvalue=0.5)
class CutsOnlyAbove(SGD):
    """clipvalue does not cut negative numbers off."""

    def _clipped(self, segments: Any) -> Any:
        return [(place, w, np.minimum(g, 0.5)) for place, w, g in segments]


@optimizer(learning_rate=0.1, clipvalue=0.5, gradient_accumulation_steps=3)
class ClipsBeforeAddingUp(SGD):
    """Every batch's gradient is clipped, not their mean."""

    def step(self, segments: Any, rule: Any = None) -> None:
        super().step([(place, w, np.clip(g, -0.5, 0.5)) for place, w, g in segments], rule)


@optimizer(learning_rate=0.1, gradient_accumulation_steps=3)
class AddsUpWithoutDividing(SGD):
    """The step is taken with the sum of the gradients, not their mean."""

    def update(self, w: Array, g: Array, slots: tuple[Array, ...], learning_rate: float) -> None:
        super().update(w, g * 3, slots, learning_rate)


@optimizer(gradient_accumulation_steps=3)
class CountsBatches(Adam):
    """t counts batches in place of steps."""

    def step_size(self, learning_rate: float) -> float:
        t = self.batches
        return learning_rate * math.sqrt(1 - self.beta_2**t) / (1 - self.beta_1**t)


@optimizer(learning_rate=0.1, gradient_accumulation_steps=3)
class NeverEmptied(SGD):
    """The accumulated gradients are not set back to zero after a step."""

    def step(self, segments: Any, rule: Any = None) -> None:
        before = self.slots["gradient_accumulator"].copy()
        for place, _, g in segments:
            before[place] += g
        super().step(segments, rule)
        self.slots["gradient_accumulator"][...] = before


@optimizer(learning_rate=0.1, use_ema=True, ema_momentum=0.9, ema_overwrite_frequency=10)
class MeanBeginsAtZero(SGD):
    """The running mean of the weights begins at zero and is not corrected for that."""

    def initial_value(self, slot: str) -> float:
        return 0.0

    def _average(self, segments: Any) -> None:
        self.batches += 1000
        super()._average(segments)
        self.batches -= 1000


@optimizer(learning_rate=0.1, use_ema=True, ema_momentum=0.9, ema_overwrite_frequency=10)
class MeanOfTheWrongShare(SGD):
    """The running mean keeps 1 - β of itself and takes β of the new weights."""

    def _average(self, segments: Any) -> None:
        self.ema_momentum = 0.1
        super()._average(segments)
