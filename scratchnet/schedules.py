"""Learning-rate schedules: the step size as a function of the number of steps taken.

optimizer = Adam(learning_rate=ExponentialDecay(0.001, decay_steps=938, decay_rate=0.9))
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from scratchnet.errors import nothing_else
from scratchnet.utils.arguments import ArgumentsByName, CheckedWhenSet
from scratchnet.utils.naming import described, made_from
from scratchnet.utils.numbers import real_number, shown, true_or_false


class LearningRateSchedule(CheckedWhenSet, ArgumentsByName):
    """Base class: a callable from the number of steps already taken (0 at the first) to the learning rate."""

    def __call__(self, step: int) -> float:
        """Return the learning rate for the step after ``step`` others."""
        raise NotImplementedError(f"{type(self).__name__} has no __call__(step).")

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal schedule: its attributes."""
        return dict(vars(self))

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> LearningRateSchedule:
        """Make a schedule from what ``get_config`` returned."""
        return cls(**config)


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
        return self.initial_learning_rate * _power(
            self.decay_rate, math.floor(exponent) if self.staircase else exponent
        )


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


class CosineDecayRestarts(LearningRateSchedule):
    """Half a cosine wave that begins again: each is ``t_mul`` times as long as the last, and ``m_mul`` times as high.

    A restart's large steps leave a narrow valley of the loss for a wider one (Loshchilov and Hutter, 2017). With the
    first wave as unit of time, wave i begins when the i before it are over:

        (1)  begun = 1 + t + … + tⁱ⁻¹ = (tⁱ - 1) / (t - 1)          i if t = 1
        (2)  wave = mⁱ (1 + cos(π (time - begun) / tⁱ)) / 2
        (3)  rate = initial ((1 - α) wave + α)
    """

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: float,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
    ) -> None:
        name = "CosineDecayRestarts"
        self.initial_learning_rate = real_number(f"initial_learning_rate of {name}", initial_learning_rate, 0)
        self.first_decay_steps = _steps(f"first_decay_steps of {name}", first_decay_steps, "least")
        self.t_mul = real_number(f"t_mul of {name}", t_mul, 1)
        self.m_mul = real_number(f"m_mul of {name}", m_mul, 0)
        self.alpha = real_number(f"alpha of {name}", alpha, 0)

    def __call__(self, step: int) -> float:
        """Return the learning rate."""
        time = step / self.first_decay_steps
        i = math.floor(time) if self.t_mul == 1 else math.floor(math.log(time * (self.t_mul - 1) + 1, self.t_mul))
        if self._begun(i + 1) <= time:  # the logarithm is rounded: at a restart it may be a little too small,
            i += 1
        elif self._begun(i) > time:  # or too large
            i -= 1
        wave = _power(self.m_mul, i) * (1 + math.cos(math.pi * (time - self._begun(i)) / self.t_mul**i)) / 2  # (2)
        return self.initial_learning_rate * ((1 - self.alpha) * wave + self.alpha)  # (3)

    def _begun(self, i: int) -> float:
        return i if self.t_mul == 1 else (self.t_mul**i - 1) / (self.t_mul - 1)  # (1)


class PolynomialDecay(LearningRateSchedule):
    """(initial - end) · (1 - step / decay_steps)^power + end, constant after ``decay_steps``.

    With ``power`` 1 a straight line, with 2 a parabola that comes in flat. With ``cycle`` the way is made longer, by
    as many decay_steps as it takes to have ``step`` on it: the rate jumps up and falls again, each time less steeply.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
    ) -> None:
        self.initial_learning_rate = real_number("initial_learning_rate of PolynomialDecay", initial_learning_rate, 0)
        self.decay_steps = _steps("decay_steps of PolynomialDecay", decay_steps, "least")
        self.end_learning_rate = real_number("end_learning_rate of PolynomialDecay", end_learning_rate, 0)
        self.power = real_number("power of PolynomialDecay", power, 0)
        self.cycle = true_or_false("cycle of PolynomialDecay", cycle)

    def __call__(self, step: int) -> float:
        """Return the learning rate."""
        stretches = max(1, math.ceil(step / self.decay_steps)) if self.cycle else 1
        left = 1 - min(step / (stretches * self.decay_steps), 1)
        return (self.initial_learning_rate - self.end_learning_rate) * left**self.power + self.end_learning_rate


class InverseTimeDecay(LearningRateSchedule):
    """initial / (1 + rate · step / decay_steps); with ``staircase`` the quotient of steps is rounded down.

    It falls fast at first and slower and slower: half after decay_steps / rate steps, a third after twice as many.
    """

    def __init__(
        self, initial_learning_rate: float, decay_steps: float, decay_rate: float, staircase: bool = False
    ) -> None:
        self.initial_learning_rate = real_number("initial_learning_rate of InverseTimeDecay", initial_learning_rate, 0)
        self.decay_steps = _steps("decay_steps of InverseTimeDecay", decay_steps, "least")
        self.decay_rate = real_number("decay_rate of InverseTimeDecay", decay_rate, 0)
        self.staircase = true_or_false("staircase of InverseTimeDecay", staircase)

    def __call__(self, step: int) -> float:
        """Return the learning rate."""
        time = step / self.decay_steps
        return self.initial_learning_rate / (1 + self.decay_rate * (math.floor(time) if self.staircase else time))


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
        if sorted(boundaries) != boundaries:
            raise ValueError(f"boundaries of PiecewiseConstantDecay expected rising numbers, got {shown(boundaries)}.")
        self.boundaries = boundaries
        self.values = values

    def __call__(self, step: int) -> float:
        """Return the learning rate."""
        return self.values[sum(step > boundary for boundary in self.boundaries)]


def _power(base: float, exponent: float) -> float:
    """Return a power, infinity where it is beyond every float; the optimizer refuses that in a sentence."""
    try:
        return float(base**exponent)
    except OverflowError:
        return math.inf


def _steps(what: str, value: Any, open_ends: str = "") -> float:
    """Return a number of steps; it need not be whole, as in Keras, but where it is, it is an ``int``."""
    number = real_number(what, value, 0, open_ends=open_ends)
    return number if isinstance(value, (float, np.floating)) or number % 1 else int(value)


SCHEDULES: dict[str, type[LearningRateSchedule]] = {
    c.__name__: c
    for c in (
        ExponentialDecay,
        CosineDecay,
        CosineDecayRestarts,
        PolynomialDecay,
        InverseTimeDecay,
        PiecewiseConstantDecay,
    )
}


LearningRate = float | LearningRateSchedule | Callable[[], float]
"""What an optimizer takes as its learning rate."""


def serialize(rate: LearningRate) -> Any:
    """Return a learning rate or schedule as JSON can hold it.

    Raises:
        TypeError: for a function, which a file does not hold.
    """
    if callable(rate) and not isinstance(rate, LearningRateSchedule):
        raise TypeError(
            f"Cannot save the learning rate {getattr(rate, '__name__', rate)!s}: it is a function, which a file does "
            f"not hold; write it as a class with __call__(step) that subclasses schedules.LearningRateSchedule."
        )
    return described(rate) if isinstance(rate, LearningRateSchedule) else rate


def deserialize(config: Any, custom_objects: Mapping[str, type] | None = None) -> float | LearningRateSchedule:
    """Return what ``serialize`` was given. A schedule that is an object already stays what it is.

    Args:
        config: the schedule's description, or a number.
        custom_objects: your own classes by name.

    Raises:
        ValueError: for an unknown name, with the nearest known one, or no number ≥ 0.
    """
    if isinstance(config, (dict, LearningRateSchedule)):
        made = made_from("schedule", config, SCHEDULES, LearningRateSchedule, custom_objects)
        assert made is not None
        return made
    return real_number("learning_rate", config, 0)


__getattr__ = nothing_else("schedule", __name__)
