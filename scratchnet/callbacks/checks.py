"""What the callbacks demand of their arguments, each refused in one sentence."""

from __future__ import annotations

import math
import numbers
from typing import Any

import numpy as np

from scratchnet.utils.files import file_path
from scratchnet.utils.numbers import shown


def real_number(owner: object, name: str, value: Any) -> float:
    """Return a number that can be compared with others, infinity included.

    Raises:
        ValueError: for NaN, a bool, or anything else.
    """
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Real) or math.isnan(value):
        raise ValueError(f"{_of(owner)} expected {name} as a number, got {shown(value)}.")
    return float(value)


def switch(owner: object, name: str, value: Any) -> bool:
    """Return a bool, for which 0 and 1 may stand.

    Raises:
        ValueError: for anything else: a text such as "no" would count as True.
    """
    if not isinstance(value, (bool, np.bool_, int, np.integer)) or value not in (0, 1):
        raise ValueError(f"{_of(owner)} expected {name} as True or False, got {shown(value)}.")
    return bool(value)


def verbosity(owner: object, value: Any) -> int:
    """Return how much to print: 0 nothing, 1 or 2 something.

    Raises:
        ValueError: for anything else.
    """
    if not isinstance(value, (bool, np.bool_, int, np.integer)) or value not in (0, 1, 2):
        raise ValueError(f"{_of(owner)} expected verbose as 0 or 1, got {shown(value)}.")
    return int(value)


def path_text(owner: object, name: str, value: Any) -> str:
    """Return the path of a file as text.

    Raises:
        TypeError: for what is no path.
        ValueError: for an empty one.
    """
    return file_path(f"{name} of {_of(owner)}", value)


def refuse_schedule(owner: object, model: Any) -> None:
    """Raise a ValueError if the model's optimizer follows a schedule, which setting a rate would replace."""
    if getattr(getattr(model, "optimizer", None), "has_schedule", False):
        raise ValueError(
            f"{_of(owner)} expected an optimizer whose learning rate is a number, got one that follows a schedule of "
            f"its own: compile with a number, or leave this callback out."
        )


def _of(owner: object) -> str:
    return type(owner).__name__
