"""The protocol for dropout: which numbers are dropped is chance, so only what holds for every choice is written down.

x holds four different numbers only, and thousands of them, so that each is both kept and dropped, whatever is drawn. Of
y/x and dx/dy the smallest and the largest are written down, apart for the numbers that were kept and those that were
dropped, and about how many were kept. At inference nothing is trained, so only y is looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from scratchnet.learn.signatures import Signature
from scratchnet.typing import Array

RATES = (0.4, 0.25)
SHAPE = (60, 50)
VALUES = (-2.0, -1.0, 1.0, 3.0)


def observe_dropout(candidate: Callable[..., Any]) -> Signature:
    """Return the signature of a class like ``Dropout``, called as ``candidate(rate, seed=…, dtype=…)``."""
    seen: Signature = {}
    for rate in RATES:
        for dtype in ("float64", "float32"):
            for training in (True, False):
                layer = candidate(rate, seed=1, dtype=dtype)
                layer.build((None, *SHAPE[1:]))
                seen |= _observe(layer, training, f"{rate}/{dtype}/{'training' if training else 'inference'}")
    return seen


def _observe(layer: Any, training: bool, key: str) -> Signature:
    generator = np.random.default_rng(0)
    x = generator.choice(VALUES, SHAPE).astype(layer.dtype)
    dy = generator.choice(VALUES, SHAPE).astype(layer.dtype)
    given_x, given_dy = x.copy(), dy.copy()
    y = layer.forward(given_x, training)
    kept, before = y != 0, y / x
    x_changed = not np.array_equal(given_x, x)
    y_shares = np.may_share_memory(y, given_x)
    given_x[...], y[...] = 7.5, -7.5
    seen: Signature = {
        f"{key}/kept": f"{round(20 * kept.mean()) / 20:.2f}",
        f"{key}/y": _range(before[kept]),
        f"{key}/x": f"{before.dtype}, x changed: {x_changed}, shared: {y_shares}",
    }
    if not training:
        return seen
    dx = layer.backward(given_dy)
    return {
        **seen,
        f"{key}/dx where kept": _range((dx / dy)[kept]),
        f"{key}/dx where dropped": _range((dx / dy)[~kept]),
        f"{key}/dy": f"{dx.dtype}, dy changed: {not np.array_equal(given_dy, dy)}, "
        f"shared: {np.may_share_memory(dx, given_dy)}",
    }


def _range(ratios: Array) -> Array:
    return np.array([ratios.min(), ratios.max()] if ratios.size else [], ratios.dtype)
