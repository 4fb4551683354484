"""Optimizers and schedules written down once more, number by number, from the papers' formulas.

Nothing here is shared with ``scratchnet/optimizers.py``: each weight moves by itself, in Python's own floats, and sums
and products are arranged differently where the formula allows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

Rate = Callable[[int], float]


def adam(
    w: float,
    gradients: Sequence[float],
    rate: Rate,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
    weight_decay: float | None = None,
) -> Iterator[float]:
    """Yield one weight after each step of Adam: section 2 of Kingma and Ba (2015), with its epsilon hat."""
    m = v = 0.0
    for t, g in enumerate(gradients, start=1):
        eta = rate(t - 1)
        w = w * (1 - eta * (weight_decay or 0.0))
        m = beta_1 * m + (1 - beta_1) * g
        v = beta_2 * v + (1 - beta_2) * g**2
        alpha = eta * (1 - beta_2**t) ** 0.5 / (1 - beta_1**t)
        w = w - alpha * m / (v**0.5 + epsilon)
        yield w


def sgd(
    w: float,
    gradients: Sequence[float],
    rate: Rate,
    momentum: float = 0.0,
    nesterov: bool = False,
    weight_decay: float | None = None,
) -> Iterator[float]:
    """Yield one weight after each step of gradient descent with momentum (Sutskever et al., 2013)."""
    v = 0.0
    for t, g in enumerate(gradients):
        eta = rate(t)
        w = w * (1 - eta * (weight_decay or 0.0))
        v = momentum * v - eta * g
        w = w + (momentum * v - eta * g if nesterov else v)
        yield w


def exponential_decay(
    step: int, initial_learning_rate: float, decay_steps: int, decay_rate: float, staircase: bool = False
) -> float:
    """Return initial · rate^(step / decay_steps), by way of the logarithm."""
    exponent = step // decay_steps if staircase else step / decay_steps
    return initial_learning_rate * math.exp(exponent * math.log(decay_rate))


def cosine_decay(
    step: int,
    initial_learning_rate: float,
    decay_steps: int,
    alpha: float = 0.0,
    warmup_target: float | None = None,
    warmup_steps: int = 0,
) -> float:
    """Return the rate by way of (1 + cos φ) / 2 = cos²(φ / 2)."""
    start = initial_learning_rate
    if warmup_target is not None:
        if step < warmup_steps:
            return (start * (warmup_steps - step) + warmup_target * step) / warmup_steps
        start, step = warmup_target, step - warmup_steps
    share = 1.0 if step >= decay_steps else step / decay_steps
    return start * (alpha + (1 - alpha) * math.cos(math.pi / 2 * share) ** 2)


def piecewise_constant_decay(step: int, boundaries: Sequence[int], values: Sequence[float]) -> float:
    """Return the value of the stretch that ``step`` lies in; a boundary belongs to the stretch before it."""
    for boundary, value in zip(boundaries, values):
        if step <= boundary:
            return value
    return values[-1]


SCHEDULES: dict[str, Callable[..., float]] = {
    "ExponentialDecay": exponential_decay,
    "CosineDecay": cosine_decay,
    "PiecewiseConstantDecay": piecewise_constant_decay,
}
OPTIMIZERS: dict[str, Callable[..., Iterator[float]]] = {"Adam": adam, "SGD": sgd}


def reference_of(cls: type, table: dict[str, Any]) -> Any:
    """Return the reference for a class of ours, or for a subclass of one."""
    return next(table[base.__name__] for base in cls.__mro__ if base.__name__ in table)


def rate_of(learning_rate: Any) -> Rate:
    """Return a learning rate, or the reference of a schedule, as a function of the steps already taken."""
    if isinstance(learning_rate, float):
        return lambda step: learning_rate
    schedule = reference_of(type(learning_rate), SCHEDULES)
    return lambda step: schedule(step, **learning_rate.get_config())
