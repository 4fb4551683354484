"""Clipping: a gradient that is too long is made shorter before the step, so that one odd batch cannot do harm.

A norm is a length, ‖g‖ = √(Σ gᵢ²). Multiplying by c / ‖g‖ makes g one of length c that still points where it did:

    (1)  g ← g · c / max(‖g‖, c)          which leaves g as it is where ‖g‖ ≤ c

``clipnorm`` does that to each variable by itself: their lengths change relative to each other, and with them the
direction of the whole. ``global_clipnorm`` takes one norm over all of them, which keeps the direction
(Pascanu et al., 2013). ``clipvalue`` cuts every number off by itself, which turns the gradient most:

    (2)  gᵢ ← min(max(gᵢ, -c), c)
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from scratchnet.typing import Array


def by_norm(gradients: Sequence[Array], limit: float) -> list[Array]:
    """Return the gradients, each no longer than ``limit``."""
    return [_shortened(g, norm([g]), limit) for g in gradients]


def by_global_norm(gradients: Sequence[Array], limit: float) -> list[Array]:
    """Return the gradients, which laid end to end are no longer than ``limit``."""
    length = norm(gradients)
    return [_shortened(g, length, limit) for g in gradients]


def by_value(gradients: Sequence[Array], limit: float) -> list[Array]:
    """Return the gradients with every number between ``-limit`` and ``limit``."""
    return [np.clip(g, -limit, limit) for g in gradients]  # (2)


def norm(gradients: Sequence[Array]) -> float:
    """Return the length of the vector that the gradients are parts of. Squares of float32 may need float64's room."""
    return math.sqrt(sum(float(np.sum(np.square(g, dtype="float64"))) for g in gradients))


def _shortened(g: Array, length: float, limit: float) -> Array:
    return g * (limit / max(length, limit))  # (1)
