"""Learning-rate schedules with one mistake each."""

from __future__ import annotations

import math

from scratchnet.schedules import (
    CosineDecay,
    CosineDecayRestarts,
    ExponentialDecay,
    InverseTimeDecay,
    PiecewiseConstantDecay,
    PolynomialDecay,
)
from tests.mutants.catalogue import schedule


@schedule(initial_learning_rate=0.1, decay_steps=20, decay_rate=0.5)
class StartsAtOne(ExponentialDecay):
    """The first step counts as step 1."""

    def __call__(self, step: int) -> float:
        return super().__call__(step + 1)


@schedule(initial_learning_rate=0.1, decay_steps=20, decay_rate=0.5, staircase=True)
class NoStairs(ExponentialDecay):
    """staircase is accepted and ignored."""

    def __call__(self, step: int) -> float:
        return self.initial_learning_rate * self.decay_rate ** (step / self.decay_steps)


@schedule(initial_learning_rate=0.1, decay_steps=20, decay_rate=0.5, staircase=True)
class StairsRounded(ExponentialDecay):
    """The staircase rounds to the nearest stair, not down."""

    def __call__(self, step: int) -> float:
        return self.initial_learning_rate * self.decay_rate ** round(step / self.decay_steps)


@schedule(initial_learning_rate=0.1, decay_steps=20, decay_rate=0.5)
class DecaysByE(ExponentialDecay):
    """The rate is e^(-decay_rate · step / decay_steps)."""

    def __call__(self, step: int) -> float:
        return self.initial_learning_rate * math.exp(-self.decay_rate * step / self.decay_steps)


@schedule(initial_learning_rate=0.1, decay_steps=60)
class WaveGoesOn(CosineDecay):
    """After decay_steps the cosine rises again."""

    def __call__(self, step: int) -> float:
        return self.initial_learning_rate * (1 + math.cos(math.pi * step / self.decay_steps)) / 2


@schedule(initial_learning_rate=0.1, decay_steps=60)
class WholeWave(CosineDecay):
    """The cosine runs through a whole period, not half of one."""

    def __call__(self, step: int) -> float:
        return self.initial_learning_rate * (1 + math.cos(2 * math.pi * min(step / self.decay_steps, 1))) / 2


@schedule(initial_learning_rate=0.1, decay_steps=60, alpha=0.2)
class AlphaAsAFloor(CosineDecay):
    """alpha cuts the wave off below, in place of pressing it together."""

    def __call__(self, step: int) -> float:
        wave = (1 + math.cos(math.pi * min(step / self.decay_steps, 1))) / 2
        return self.initial_learning_rate * max(wave, self.alpha)


@schedule(initial_learning_rate=0.0, decay_steps=60, warmup_target=0.1, warmup_steps=10)
class WarmupInsideTheDecay(CosineDecay):
    """The warm-up's steps are counted as part of the decay."""

    def __call__(self, step: int) -> float:
        if step < self.warmup_steps:
            return super().__call__(step)
        return CosineDecay(self.warmup_target or 0.0, self.decay_steps, self.alpha)(step)


@schedule(boundaries=[10, 50], values=[0.1, 0.01, 0.001])
class BoundaryTooEarly(PiecewiseConstantDecay):
    """The value changes at the boundary in place of after it (`>=` for `>`)."""

    def __call__(self, step: int) -> float:
        return self.values[sum(step >= boundary for boundary in self.boundaries)]


@schedule(initial_learning_rate=0.1, first_decay_steps=10)
class EveryWaveAsLong(CosineDecayRestarts):
    """t_mul is accepted and ignored: all waves are as long as the first."""

    def __call__(self, step: int) -> float:
        return super().__call__(step % int(self.first_decay_steps))


@schedule(initial_learning_rate=0.1, first_decay_steps=10, t_mul=1.0, m_mul=0.5)
class EveryWaveAsHigh(CosineDecayRestarts):
    """m_mul is accepted and ignored: all waves are as high as the first."""

    def __call__(self, step: int) -> float:
        return super().__call__(step % int(self.first_decay_steps))


@schedule(initial_learning_rate=0.1, first_decay_steps=10, m_mul=0.5, alpha=0.1)
class AlphaShrinksToo(CosineDecayRestarts):
    """m_mul multiplies the floor alpha as well."""

    def __call__(self, step: int) -> float:
        i = math.floor(math.log2(step / 10 + 1))
        return super().__call__(step) - 0.1 * 0.1 * (1 - 0.5**i)


@schedule(initial_learning_rate=0.1, decay_steps=60, power=2.0)
class PowerOfTheWayGone(PolynomialDecay):
    """The power is taken of the share that is gone, not of what is left."""

    def __call__(self, step: int) -> float:
        gone = min(step / self.decay_steps, 1)
        return self.initial_learning_rate - (self.initial_learning_rate - self.end_learning_rate) * gone**self.power


@schedule(initial_learning_rate=0.1, decay_steps=20, cycle=True)
class CyclesAreAlike(PolynomialDecay):
    """Every cycle is as steep as the first."""

    def __call__(self, step: int) -> float:
        return PolynomialDecay(self.initial_learning_rate, self.decay_steps)((step - 1) % 20 + 1 if step else 0)


@schedule(initial_learning_rate=0.1, decay_steps=20)
class EndsAtZero(PolynomialDecay):
    """The end's rate is not added again."""

    def __call__(self, step: int) -> float:
        return super().__call__(step) - self.end_learning_rate


@schedule(initial_learning_rate=0.1, decay_steps=20, decay_rate=0.5)
class InverseOfThePower(InverseTimeDecay):
    """The rate falls exponentially, (1 + rate)^(-step / decay_steps)."""

    def __call__(self, step: int) -> float:
        return self.initial_learning_rate * (1 + self.decay_rate) ** -(step / self.decay_steps)


@schedule(initial_learning_rate=0.1, decay_steps=20, decay_rate=0.5, staircase=True)
class InverseWithoutStairs(InverseTimeDecay):
    """staircase is accepted and ignored."""

    def __call__(self, step: int) -> float:
        return self.initial_learning_rate / (1 + self.decay_rate * step / self.decay_steps)
