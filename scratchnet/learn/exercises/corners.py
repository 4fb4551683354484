"""Keeps random inputs away from corners, where a difference quotient is no slope."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np

from scratchnet.typing import Array

Inputs = TypeVar("Inputs")

_FAR = 0.04
"""Steps are a few thousandths, and an input of 3 makes three times as much of them behind it."""


def away_from_corners(draw: Callable[[], Inputs], bent: Callable[[Inputs], Array]) -> Inputs:
    """Draw inputs until none of the numbers that go into a ReLU, ``bent(inputs)``, is near 0."""
    while True:
        inputs = draw()
        if np.abs(bent(inputs)).min() > _FAR:
            return inputs
