"""Learning-rate schedules with one mistake each."""

from __future__ import annotations

import math

from scratchnet.schedules import CosineDecay, ExponentialDecay, PiecewiseConstantDecay
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
