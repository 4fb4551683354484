"""Learning-rate schedules: the step size as a function of the number of steps taken.

    optimizer = Adam(learning_rate=ExponentialDecay(0.001, decay_steps=938, decay_rate=0.9))
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from scratchnet.utils.naming import look_up
from scratchnet.utils.numbers import real_number, shown, true_or_false


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
        self, initial_learning_rate: float, decay_steps: float, decay_rate: float, staircase: bool = False
    ) -> None:
        self.initial_learning_rate = real_number("initial_learning_rate of ExponentialDecay", initial_learning_rate, 0)
        self.decay_steps = _steps("decay_steps of ExponentialDecay", decay_steps, "least")
        self.decay_rate = real_number("decay_rate of ExponentialDecay", decay_rate, 0)
        self.staircase = true_or_false("staircase of ExponentialDecay", staircase)

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
        decay_steps: float,
        alpha: float = 0.0,
        warmup_target: float | None = None,
        warmup_steps: float = 0,
    ) -> None:
        self.initial_learning_rate = real_number("initial_learning_rate of CosineDecay", initial_learning_rate, 0)
        self.decay_steps = _steps("decay_steps of CosineDecay", decay_steps, "least")
        self.alpha = real_number("alpha of CosineDecay", alpha, 0)
        if warmup_target is not None:
            warmup_target = real_number("warmup_target of CosineDecay", warmup_target, 0)
        self.warmup_target = warmup_target
        self.warmup_steps = _steps("warmup_steps of CosineDecay", warmup_steps)

    def __call__(self, step: int) -> float:
        """Return the learning rate."""
        peak, begun = self.initial_learning_rate, float(step)
        if self.warmup_target is not None:
            if step < self.warmup_steps:
                return peak + (self.warmup_target - peak) * step / self.warmup_steps
            peak, begun = self.warmup_target, step - self.warmup_steps
        wave = (1 + math.cos(math.pi * min(begun / self.decay_steps, 1))) / 2
        return peak * ((1 - self.alpha) * wave + self.alpha)


class PiecewiseConstantDecay(LearningRateSchedule):
    """``values[0]`` up to and including step ``boundaries[0]``, then ``values[1]`` up to ``boundaries[1]``, and so on.

    Raises:
        ValueError: unless there is one value more than boundaries, all of them finite numbers, the values ≥ 0.
    """

    def __init__(self, boundaries: Sequence[float], values: Sequence[float]) -> None:
        for name, given in (("boundaries", boundaries), ("values", values)):
            if not np.iterable(given) or isinstance(given, (str, bytes, set, dict)):
                raise ValueError(f"{name} of PiecewiseConstantDecay expected a list of numbers, got {shown(given)}.")
        boundaries = [_steps("boundaries of PiecewiseConstantDecay", boundary) for boundary in boundaries]
        values = [real_number("values of PiecewiseConstantDecay", value, 0) for value in values]
        if len(values) != len(boundaries) + 1:
            raise ValueError(
                f"PiecewiseConstantDecay expected one value more than boundaries, got {len(values)} values and "
                f"{len(boundaries)} boundaries."
            )
        self.boundaries = boundaries
        self.values = values

    def __call__(self, step: int) -> float:
        """Return the learning rate."""
        return self.values[sum(step > boundary for boundary in self.boundaries)]


def _steps(what: str, value: Any, open_ends: str = "") -> float:
    """Return a number of steps; it need not be whole, as in Keras, but where it is, it is an ``int``."""
    number = real_number(what, value, 0, open_ends=open_ends)
    return number if isinstance(value, (float, np.floating)) or number % 1 else int(value)


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
        return look_up("schedule", saved.get("name"), SCHEDULES)(**saved.get("config", {}))
    return real_number("learning_rate", saved, 0)
