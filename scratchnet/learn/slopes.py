"""Slopes by difference quotients: the oracle of every exercise, with nothing to hide."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from scratchnet.typing import Array

STEP = 2.0**-9
"""Large, since the h² and h⁴ terms are made to cancel; the less is lost to rounding."""


def slope(number: Callable[..., Any], inputs: dict[str, Any], by: str) -> Array:
    """Return the slope of ``number(**inputs)`` by each entry of the input ``by``, an array of its shape in float64.

    Central quotients with h, h/2 and h/4, combined so that their h² and h⁴ terms cancel. The number has to be
    smooth within h of the inputs: those with corners are tried by themselves.
    """
    theta = np.array(inputs[by], np.float64)
    result = np.zeros(theta.shape)
    for place in np.ndindex(theta.shape):
        h = STEP * max(1.0, abs(float(theta[place])))
        rough, fine, finest = (_central(number, inputs, by, theta, place, h / part) for part in (1, 2, 4))
        once, again = (4 * fine - rough) / 3, (4 * finest - fine) / 3
        result[place] = (16 * again - once) / 15
    return result


def _central(
    number: Callable[..., Any], inputs: dict[str, Any], by: str, theta: Array, place: tuple[int, ...], h: float
) -> float:
    above, below = theta.copy(), theta.copy()
    above[place] += h
    below[place] -= h
    up, down = number(**{**inputs, by: above}), number(**{**inputs, by: below})
    return (float(up) - float(down)) / (2 * h)
