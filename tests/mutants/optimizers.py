"""Optimizers with one mistake each; those of Adam and of SGD with momentum are mostly the library's catalogue."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from scratchnet.optimizers import SGD, Adagrad, Adam, AdamW, RMSprop
from scratchnet.schedules import ExponentialDecay
from tests.mutants.catalogue import adopt, optimizer

Array = Any

adopt("optimizer", "optimizers", "adam", "sgd_momentum", "sgd_nesterov")

FALLING = ExponentialDecay(0.1, decay_steps=20, decay_rate=0.5)


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
        slots[2][...] = 0
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
        decay, self.weight_decay = self.weight_decay, 0.0
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
        v = slots[0]
        v += (1 - self.rho) * (g * g - v)
        w -= learning_rate * g / np.sqrt(v + self.epsilon)


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
        self.global_clipnorm, self.clipnorm = None, 1.0
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
