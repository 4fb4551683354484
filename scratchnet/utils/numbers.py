"""What counts as a number where an argument asks for one: said once, for sizes, rates, factors and switches.

NumPy's numbers are numbers, its 0-dimensional arrays too; they come back as Python's, which are what can be written as
JSON and what prints plainly. True and False are no numbers, and no text is one.
"""

from __future__ import annotations

import math
import numbers
import operator
from typing import Any

import numpy as np


def whole_number(what: str, value: Any, least: int | None = None, most: int | None = None) -> int:
    """Return a whole number of Python's or NumPy's as an ``int``. 3.0 is none: where a size is asked for, it is a slip.

    Args:
        what: the argument and whose it is, such as ``"units of Dense"``, for the error message.
        value: what was given for it.
        least, most: the smallest and the largest number allowed, if there is one.

    Raises:
        ValueError: if it is anything else, True and False included.
    """
    try:
        number = None if isinstance(value, (bool, np.bool_)) else operator.index(value)
    except TypeError:
        number = None
    if number is None or (least is not None and number < least) or (most is not None and number > most):
        bound = ("" if least is None else f" ≥ {least}") + ("" if most is None else f" ≤ {most}")
        raise ValueError(f"{what} expected a whole number{bound}, got {shown(value)}.")
    return number


def real_number(
    what: str, value: Any, least: float = -math.inf, most: float = math.inf, *, open_ends: str = ""
) -> float:
    """Return a finite real number of Python's or NumPy's as a ``float``.

    Args:
        what: the argument and whose it is, such as ``"momentum of SGD"``, for the error message.
        value: what was given for it.
        least, most: the bounds, both allowed themselves.
        open_ends: ``"least"``, ``"most"`` or both in one string: the bounds that are not allowed themselves.

    Raises:
        ValueError: if it is anything else: NaN and infinity, True and False, and text included.
    """
    number = _as_float(value)
    too_low = number <= least if "least" in open_ends else number < least
    too_high = number >= most if "most" in open_ends else number > most
    if not math.isfinite(number) or too_low or too_high:
        bounds = [
            f"{'>' if 'least' in open_ends else '≥'} {least:g}" if least > -math.inf else "",
            f"{'<' if 'most' in open_ends else '≤'} {most:g}" if most < math.inf else "",
        ]
        wanted = " and ".join(bound for bound in bounds if bound)
        raise ValueError(f"{what} expected a finite number{' ' * bool(wanted)}{wanted}, got {shown(value)}.")
    return number


def _as_float(value: Any) -> float:
    """Return a real number as a float; NaN for what is none, or lies beyond every float."""
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Real):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.nan


def true_or_false(what: str, value: Any) -> bool:
    """Return True or False, Python's or NumPy's, as a ``bool``.

    Raises:
        ValueError: if it is anything else: "no" would count as true.
    """
    if not isinstance(value, (bool, np.bool_)):
        raise ValueError(f"{what} expected True or False, got {shown(value)}.")
    return bool(value)


def seed_or_none(what: str, value: Any) -> int | None:
    """Return a seed, a whole number ≥ 0, as an ``int``; None stays None.

    Raises:
        ValueError: if it is anything else.
    """
    return None if value is None else whole_number(what, value, 0)


def text_or_none(what: str, value: Any) -> str | None:
    """Return a text; None stays None.

    Raises:
        ValueError: if it is anything else.
    """
    if value is not None and not (isinstance(value, str) and value.isprintable()):
        raise ValueError(f"{what} expected printable text or None, got {shown(value)}.")
    return value


def shown(value: Any) -> str:
    """Return ``repr(value)`` on one line of moderate length, so that a sentence with it stays one."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 80 else f"{text[:77]}…"


def printable(text: str) -> str:
    """Return a stranger's text with control characters, line breaks among them, as Python writes them: ``\\x1b``.

    Only what a terminal would obey is changed: letters of all scripts stay, and the bytes of a file's name that are no
    text.
    """
    return "".join(
        character if character.isprintable() or "\ud800" <= character <= "\udfff" else repr(character)[1:-1]
        for character in text
    )
