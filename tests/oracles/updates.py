"""Optimizers and schedules written down once more, number by number, from the papers' formulas.

Nothing here is shared with ``scratchnet/optimizers``: each weight moves by itself, in Python's own floats, and sums
and products are arranged differently where the formula allows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Sequence
from typing import Any

Rate = Callable[[int], float]
Weights = Generator[float, float | None, None]
"""One weight after each step. Another weight that is sent back takes its place."""


def adam(
    w: float,
    gradients: Sequence[float],
    rate: Rate,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
    amsgrad: bool = False,
    weight_decay: float | None = None,
) -> Weights:
    """Yield one weight after each step of Adam: section 2 of Kingma and Ba (2015), with its epsilon hat."""
    m = v = largest = 0.0
    for t, g in enumerate(gradients, start=1):
        eta = rate(t - 1)
        w = w * (1 - eta * (weight_decay or 0.0))
        m = beta_1 * m + (1 - beta_1) * g
        v = beta_2 * v + (1 - beta_2) * g**2
        alpha = eta * (1 - beta_2**t) ** 0.5 / (1 - beta_1**t)
        largest = max(largest, v) if amsgrad else v
        w = w - alpha * m / (largest**0.5 + epsilon)
        w = _or((yield w), w)


def adamw(w: float, gradients: Sequence[float], rate: Rate, weight_decay: float = 0.004, **settings: Any) -> Weights:
    """Yield one weight after each step of AdamW, which is Adam with this decay."""
    return adam(w, gradients, rate, weight_decay=weight_decay, **settings)


def rmsprop(
    w: float,
    gradients: Sequence[float],
    rate: Rate,
    rho: float = 0.9,
    momentum: float = 0.0,
    epsilon: float = 1e-7,
    centered: bool = False,
    weight_decay: float | None = None,
) -> Weights:
    """Yield one weight after each step of RMSprop; the means are sums over all gradients so far."""
    b = 0.0
    for t, g in enumerate(gradients):
        eta = rate(t)
        w = w * (1 - eta * (weight_decay or 0.0))
        shares = [(1 - rho) * rho ** (t - s) for s in range(t + 1)]
        square = sum(share * h**2 for share, h in zip(shares, gradients))
        mean = sum(share * h for share, h in zip(shares, gradients))
        spread = square - mean**2 if centered else square
        b = momentum * b + eta * g / (spread + epsilon) ** 0.5
        w = _or((yield w - b), w - b)


def adagrad(
    w: float,
    gradients: Sequence[float],
    rate: Rate,
    initial_accumulator_value: float = 0.1,
    epsilon: float = 1e-7,
    weight_decay: float | None = None,
) -> Weights:
    """Yield one weight after each step of Adagrad (Duchi et al., 2011)."""
    for t, g in enumerate(gradients):
        eta = rate(t)
        w = w * (1 - eta * (weight_decay or 0.0))
        total = initial_accumulator_value + sum(h**2 for h in gradients[: t + 1])
        w = w - eta * g * (total + epsilon) ** -0.5
        w = _or((yield w), w)


def sgd(
    w: float,
    gradients: Sequence[float],
    rate: Rate,
    momentum: float = 0.0,
    nesterov: bool = False,
    weight_decay: float | None = None,
) -> Weights:
    """Yield one weight after each step of gradient descent with momentum (Sutskever et al., 2013)."""
    v = 0.0
    for t, g in enumerate(gradients):
        eta = rate(t)
        w = w * (1 - eta * (weight_decay or 0.0))
        v = momentum * v - eta * g
        w = w + (momentum * v - eta * g if nesterov else v)
        w = _or((yield w), w)


def _or(sent: float | None, w: float) -> float:
    return w if sent is None else sent


def with_options(
    rule: Callable[..., Weights],
    weights: Sequence[float],
    gradients: Sequence[Sequence[float]],
    parts: Sequence[range],
    rate: Rate,
    clipnorm: float | None = None,
    clipvalue: float | None = None,
    global_clipnorm: float | None = None,
    use_ema: bool = False,
    ema_momentum: float = 0.99,
    ema_overwrite_frequency: int | None = None,
    gradient_accumulation_steps: int | None = None,
    **settings: Any,
) -> list[list[float]]:
    """Return all weights after each batch of a training by ``rule`` with what Keras lets one add to it.

    Args:
        rule: one of the functions above.
        weights: where they start.
        gradients: for each batch, a number for each weight.
        parts: which weights make up each variable.
        rate: the learning rate after so many batches.
        settings: the rule's own.
    """
    k = gradient_accumulation_steps or 1
    groups = [gradients[i : i + k] for i in range(0, len(gradients) - k + 1, k)]
    means = [[math.fsum(column) / k for column in zip(*group)] for group in groups]
    steps = []
    for g in means:
        lengths = {i: math.hypot(*(g[j] for j in part)) for part in parts for i in part}
        if clipnorm:
            g = [x if lengths[i] <= clipnorm else clipnorm * x / lengths[i] for i, x in enumerate(g)]
        if global_clipnorm and math.hypot(*g) > global_clipnorm:
            g = [global_clipnorm * x / math.hypot(*g) for x in g]
        if clipvalue:
            g = [math.copysign(min(abs(x), clipvalue), x) for x in g]
        steps.append(g)
    runs = [
        rule(w, [g[i] for g in steps], lambda step: rate(step * k + k - 1), **settings) for i, w in enumerate(weights)
    ]
    w, mean, sent, begun, found = list(weights), list(weights), [None] * len(weights), False, []
    for batch in range(len(gradients)):
        if (batch + 1) % k == 0:
            w = [run.send(value) if begun else next(run) for run, value in zip(runs, sent)]
            sent, begun = [None for _ in weights], True
        done = batch // k
        if use_ema:
            mean = [ema_momentum * a + (1 - ema_momentum) * x if done else x for a, x in zip(mean, w)]
            if ema_overwrite_frequency and (done + 1) % ema_overwrite_frequency == 0:
                w = sent = list(mean)
        found.append(list(w))
    return found


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


def cosine_decay_restarts(
    step: int,
    initial_learning_rate: float,
    first_decay_steps: int,
    t_mul: float = 2.0,
    m_mul: float = 1.0,
    alpha: float = 0.0,
) -> float:
    """Return the rate by going through the periods one after another."""
    period, height, left = float(first_decay_steps), 1.0, float(step)
    while left >= period:
        left, period, height = left - period, period * t_mul, height * m_mul
    wave = height * math.cos(math.pi / 2 * left / period) ** 2
    return initial_learning_rate * (alpha + (1 - alpha) * wave)


def polynomial_decay(
    step: int,
    initial_learning_rate: float,
    decay_steps: int,
    end_learning_rate: float = 0.0001,
    power: float = 1.0,
    cycle: bool = False,
) -> float:
    """Return the rate; with ``cycle``, each further stretch of decay_steps makes the whole way longer."""
    end = decay_steps
    while cycle and end < step:
        end += decay_steps
    left = max(end - step, 0) / end
    return end_learning_rate * (1 - left**power) + initial_learning_rate * left**power


def inverse_time_decay(
    step: int, initial_learning_rate: float, decay_steps: int, decay_rate: float, staircase: bool = False
) -> float:
    """Return initial / (1 + rate · step / decay_steps), multiplied through by decay_steps."""
    if staircase:
        step -= step % decay_steps
    return initial_learning_rate * decay_steps / (decay_steps + decay_rate * step)


def piecewise_constant_decay(step: int, boundaries: Sequence[int], values: Sequence[float]) -> float:
    """Return the value of the stretch that ``step`` lies in; a boundary belongs to the stretch before it."""
    for boundary, value in zip(boundaries, values):
        if step <= boundary:
            return value
    return values[-1]


SCHEDULES: dict[str, Callable[..., float]] = {
    "ExponentialDecay": exponential_decay,
    "CosineDecay": cosine_decay,
    "CosineDecayRestarts": cosine_decay_restarts,
    "PolynomialDecay": polynomial_decay,
    "InverseTimeDecay": inverse_time_decay,
    "PiecewiseConstantDecay": piecewise_constant_decay,
}
OPTIMIZERS: dict[str, Callable[..., Weights]] = {
    "Adam": adam,
    "AdamW": adamw,
    "RMSprop": rmsprop,
    "Adagrad": adagrad,
    "SGD": sgd,
}


def reference_of(cls: type, table: dict[str, Any]) -> Any:
    """Return the reference for a class of ours, or for a subclass of one."""
    return next(table[base.__name__] for base in cls.__mro__ if base.__name__ in table)


def rate_of(learning_rate: Any) -> Rate:
    """Return a learning rate, or the reference of a schedule, as a function of the steps already taken."""
    if isinstance(learning_rate, float):
        return lambda step: learning_rate
    schedule = reference_of(type(learning_rate), SCHEDULES)
    return lambda step: schedule(step, **learning_rate.get_config())
