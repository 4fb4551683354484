"""Learning-rate schedules: the step size as a function of the number of steps taken.

optimizer = Adam(learning_rate=ExponentialDecay(0.001, decay_steps=938, decay_rate=0.9))
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from scratchnet.utils.naming import look_up


class LearningRateSchedule:
    """Base class: a callable from the number of steps already taken (0 at the first) to the learning rate."""

    def __call__(self, step: int) -> float:
        """Return the learning rate for the step after ``step`` others."""
        raise NotImplementedError(f"{type(self).__name__} has no __call__(step).")

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal schedule: its attributes."""
        return dict(vars(self))


class ExponentialDecay(LearningRateSchedule):
    """initial · rate^(step / decay_steps); with ``staircase`` the exponent is rounded down."""

    def __init__(
        self, initial_learning_rate: float, decay_steps: int, decay_rate: float, staircase: bool = False
    ) -> None:
        self.initial_learning_rate = float(initial_learning_rate)
        self.decay_steps = _positive("decay_steps", decay_steps)
        self.decay_rate = float(decay_rate)
        self.staircase = staircase

    def __call__(self, step: int) -> float:
        """Return the learning rate."""
        exponent = step / self.decay_steps
        return self.initial_learning_rate * self.decay_rate ** (math.floor(exponent) if self.staircase else exponent)


class CosineDecay(LearningRateSchedule):
    """Half a cosine wave from ``initial`` down to ``alpha``·initial over ``decay_steps``, constant after that.

    With ``warmup_target`` the rate first rises in a straight line from initial to the target over ``warmup_steps``,
    and the wave starts from there (Loshchilov and Hutter, 2017).
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        alpha: float = 0.0,
        warmup_target: float | None = None,
        warmup_steps: int = 0,
    ) -> None:
        self.initial_learning_rate = float(initial_learning_rate)
        self.decay_steps = _positive("decay_steps", decay_steps)
        self.alpha = float(alpha)
        self.warmup_target = warmup_target
        self.warmup_steps = warmup_steps

    def __call__(self, step: int) -> float:
        """Return the learning rate."""
        peak, begun = self.initial_learning_rate, step
        if self.warmup_target is not None:
            if step < self.warmup_steps:
                return peak + (self.warmup_target - peak) * step / self.warmup_steps
            peak, begun = self.warmup_target, step - self.warmup_steps
        wave = (1 + math.cos(math.pi * min(begun / self.decay_steps, 1))) / 2
        return peak * ((1 - self.alpha) * wave + self.alpha)


class PiecewiseConstantDecay(LearningRateSchedule):
    """``values[0]`` up to and including step ``boundaries[0]``, then ``values[1]`` up to ``boundaries[1]``, and so on.

    Raises:
        ValueError: unless there is one value more than boundaries.
    """

    def __init__(self, boundaries: Sequence[int], values: Sequence[float]) -> None:
        if len(values) != len(boundaries) + 1:
            raise ValueError(
                f"PiecewiseConstantDecay expected one value more than boundaries, got {len(values)} values and "
                f"{len(boundaries)} boundaries."
            )
        self.boundaries = list(boundaries)
        self.values = list(values)

    def __call__(self, step: int) -> float:
        """Return the learning rate."""
        return self.values[sum(step > boundary for boundary in self.boundaries)]


def _positive(name: str, value: int) -> int:
    if value <= 0:
        raise ValueError(f"A schedule expected {name} > 0, got {value!r}.")
    return value


SCHEDULES: dict[str, type[LearningRateSchedule]] = {
    c.__name__: c for c in (ExponentialDecay, CosineDecay, PiecewiseConstantDecay)
}


def serialize(rate: float | LearningRateSchedule) -> Any:
    """Return a learning rate or schedule as JSON can hold it."""
    if isinstance(rate, LearningRateSchedule):
        return {"name": type(rate).__name__, "config": rate.get_config()}
    return rate


def deserialize(saved: Any) -> float | LearningRateSchedule:
    """Return what ``serialize`` was given. A schedule that is an object already stays what it is."""
    if isinstance(saved, LearningRateSchedule):
        return saved
    if isinstance(saved, dict):
        return look_up("schedule", saved.get("name"), SCHEDULES)(**saved["config"])
    return float(saved)
