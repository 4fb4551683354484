"""What counts as a number where an argument asks for one: said once, for sizes, rates, factors and switches.

NumPy's numbers are numbers, its 0-dimensional arrays too; they come back as Python's, which are what can be written as
JSON and what prints plainly. True and False are no numbers, and no text is one.
"""

from __future__ import annotations

import inspect
import math
import numbers
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from scratchnet.errors import shown as shown
from scratchnet.typing import Array


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
        bounds = [f"{sign} {bound}" for sign, bound in (("≥", least), ("≤", most)) if bound is not None]
        wanted = " ".join(["a whole number", " and ".join(bounds)]).rstrip()
        raise ValueError(f"{what} expected {wanted}, got {shown(value)}.")
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


def real_array(what: str, value: Any) -> Array:
    """Return an array of real numbers; True and False in it count as 1 and 0.

    Raises:
        ValueError: if it is anything else.
    """
    try:
        array = value if type(value) is np.ndarray else np.asarray(value)
    except ValueError:
        raise ValueError(f"{what} expected an array of real numbers, got rows of different lengths.") from None
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{what} expected an array of real numbers, got dtype {array.dtype}.")
    return array


def sizes(what: str, value: Any) -> tuple[int, ...]:
    """Return the shape of an array: a list or tuple of whole numbers ≥ 0.

    Raises:
        ValueError: if it is anything else.
    """
    return tuple(whole_number(what, size, 0) for size in listed_numbers(what, value))


def listed_numbers(what: str, value: Any) -> list[Any]:
    """Return the entries of a list, tuple, range or array of one axis.

    Raises:
        ValueError: if it is anything else.
    """
    if isinstance(value, (list, tuple, range)) or (isinstance(value, np.ndarray) and value.ndim == 1):
        return list(value)
    raise ValueError(f"{what} expected a list of numbers, got {shown(value)}.")


def axes_within(what: str, axis: int | Sequence[int], shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return one or several axes of an array of that shape, counted from the front.

    Raises:
        ValueError: if there is no such axis, one is given twice, or one has no numbers.
    """
    ndim = len(shape)
    several = axis if isinstance(axis, (list, tuple)) else (axis,)
    counted = tuple(one + ndim if one < 0 else one for one in several)
    if not all(0 <= one < ndim for one in counted) or len(set(counted)) < len(counted):
        raise ValueError(f"{what} expected different axes of an array of {ndim}, each once, got {shown(axis)}.")
    if not all(shape[one] for one in counted):
        raise ValueError(f"{what} expected axes along which there are numbers, got {shown(axis)} of shape {shape}.")
    return counted


def function_or_none(what: str, value: Any) -> Callable[[Any], object] | None:
    """Return what can be called with one argument; None stays None.

    Raises:
        ValueError: if it is anything else.
    """
    if value is None:
        return None
    try:
        inspect.signature(value).bind(0)
    except TypeError:
        raise ValueError(f"{what} expected a function of one argument, got {shown(value)}.") from None
    except ValueError:  # one written in C, which tells nothing of itself
        pass
    return value


def printable(text: str) -> str:
    """Return a stranger's text with control characters, line breaks among them, as Python writes them: ``\\x1b``.

    Only what a terminal would obey is changed: letters of all scripts stay, and the bytes of a file's name that are no
    text.
    """
    return "".join(
        character if character.isprintable() or "\ud800" <= character <= "\udfff" else repr(character)[1:-1]
        for character in text
    )
