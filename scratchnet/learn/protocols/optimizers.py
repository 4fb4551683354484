"""The protocol for optimizers: two segments of parameters, a few steps, in several settings and two float types."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from scratchnet.learn.signatures import Signature

STEPS = 6
SIZE = 7
PARTS = (slice(0, 3), slice(3, SIZE))


@dataclass(frozen=True, eq=False)
class Options:
    """What an optimizer is made with.

    Attributes:
        options: the constructor's.
        falling: whether its learning rate becomes smaller after half of the steps.
    """

    options: dict[str, Any] = field(default_factory=dict)
    falling: bool = False


def optimizer_protocol(settings: Sequence[Options]) -> Callable[[Callable[..., Any]], Signature]:
    """Return the function that observes an optimizer's class on the settings.

    A candidate is called as ``candidate(**options)`` and has ``build(size, dtype)``, ``learning_rate`` and
    ``step(segments)``, as our optimizers have them.
    """

    def observe(candidate: Callable[..., Any]) -> Signature:
        seen: Signature = {}
        with np.errstate(all="ignore"):
            for number, setting in enumerate(settings):
                for dtype in ("float64", "float32"):
                    seen |= _observe(candidate(**setting.options), setting, dtype, f"{number}/{dtype}")
        return seen

    return observe


def _observe(optimizer: Any, setting: Options, dtype: str, key: str) -> Signature:
    w = np.linspace(-1, 2, SIZE).astype(dtype)
    gradients = np.random.default_rng(0).standard_normal((STEPS, SIZE)).astype(dtype)
    optimizer.build(SIZE, w.dtype)
    seen: Signature = {}
    for number, g in enumerate(gradients, 1):
        if setting.falling and 2 * number == STEPS:
            optimizer.learning_rate = optimizer.learning_rate / 10
        given = g.copy()
        optimizer.step([(part, w[part], given[part]) for part in PARTS])
        seen[f"{key}/w after {number}"] = w.copy()
        seen[f"{key}/g after {number}"] = "as it was" if np.array_equal(given, g) else "changed"
        given[...] = 7.5
    return seen
