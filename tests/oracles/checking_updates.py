"""Checks of optimizers and schedules, step by step, against ``updates.py``."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.optimizers import Optimizer
from scratchnet.schedules import LearningRateSchedule
from tests.oracles.updates import OPTIMIZERS, SCHEDULES, rate_of, reference_of, with_options

STEPS = 100
SPLIT = 3
"""Where the parameters are cut into two segments."""

DEFAULT_RATES = {"SGD": 0.01}  # of the others, 0.001


def check_optimizer(optimizer: Optimizer, settings: dict[str, Any], gradients: Any, rule: Any = None) -> str:
    """Take a step for each row of ``gradients`` (steps, parameters) and say what differs from the reference.

    Args:
        optimizer: fresh.
        settings: the arguments it was made with.
        gradients: float64.
        rule: a kernel to run in place of ``optimizer.update``.

    Returns:
        A sentence, or "" if every weight agrees to 1e-12 after every step.
    """
    reference = reference_of(type(optimizer), OPTIMIZERS)
    settings = dict(settings)
    base = next(b.__name__ for b in type(optimizer).__mro__ if b.__name__ in OPTIMIZERS)
    rate = rate_of(settings.pop("learning_rate", DEFAULT_RATES.get(base, 0.001)))
    size = gradients.shape[1]
    w = np.linspace(-1, 2, size)
    parts = [range(SPLIT), range(SPLIT, size)]
    expected = np.array(with_options(reference, w.tolist(), gradients.tolist(), parts, rate, **settings)).T
    optimizer.build(size, w.dtype)
    for step, g in enumerate(gradients):
        given = g.copy()
        optimizer.step([(part, w[part], given[part]) for part in (slice(0, SPLIT), slice(SPLIT, size))], rule)
        if not np.array_equal(given, g):
            return f"step {step + 1} changed the gradient"
        off = np.abs(w - expected[:, step]) / np.abs(expected[:, step]).max()
        if not off.max() < 1e-12:
            i = int(np.argmax(off))
            return f"after step {step + 1}, w[{i}] is {w[i]!r} in place of {expected[i, step]!r}"
    return ""


def check_schedule(schedule: LearningRateSchedule, settings: dict[str, Any]) -> str:
    """Say at which of the first hundred steps a schedule differs from its reference, or ""."""
    reference = reference_of(type(schedule), SCHEDULES)
    for step in range(STEPS + 1):
        expected, rate = reference(step, **settings), schedule(step)
        if not abs(rate - expected) <= 1e-12 * abs(expected) + 1e-16:
            return f"after {step} steps the rate is {rate!r} in place of {expected!r}"
    return ""
