"""central-difference: the slope without calculus, against which all else is checked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from scratchnet.learn.exercise import Case, Exercise, Slip
from scratchnet.learn.namespace import Namespace
from scratchnet.typing import Array

_FUNCTIONS: dict[str, Callable[[Array], Any]] = {
    "the sum of cubes": lambda x: (x**3).sum(),
    "sin(x[0])·x[1]": lambda x: np.sin(x.flat[0]) * x.flat[1],
    "a product of all entries": lambda x: np.prod(x),
    "the sum of |x|": lambda x: np.abs(x).sum(),
}


def _quotient(solution: Namespace, f: str, x: Array, h: float) -> dict[str, Any]:
    return {"gradient": solution.numerical_gradient(_FUNCTIONS[f], x, h)}


def _cases(random: np.random.Generator) -> list[Case]:
    return [
        Case(
            "the worked number",
            {"f": "the sum of cubes", "x": np.array([1.0, 2.0]), "h": 0.1},
            {"gradient": np.array([3.01, 12.01])},
        ),
        Case("f = sin(x[0])·x[1]", {"f": "sin(x[0])·x[1]", "x": random.normal(size=3), "h": 1e-3}),
        Case("a matrix x (2, 3)", {"f": "a product of all entries", "x": random.normal(size=(2, 3)), "h": 1e-2}),
    ]


def _kinks() -> list[Case]:
    return [
        Case("x of whole numbers", {"f": "the sum of cubes", "x": np.array([1, 2]), "h": 0.1}),
        Case("a corner, |x| at 0", {"f": "the sum of |x|", "x": np.array([0.0, 1.0]), "h": 0.01}),
    ]


def _forward_only(f: Callable[[Array], Any], x: Array, h: float) -> Array:
    return _entries(f, x, lambda at, e: (at(e) - at(0 * e)) / h, h)


def _entries(f: Callable[[Array], Any], x: Array, quotient: Callable[..., Any], h: float) -> Array:
    x = np.array(x, float)
    result = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        e = np.zeros(x.shape)
        e[place] = h
        result[place] = quotient(lambda step, x=x: f(x + step), e)
    return result


def _all_at_once(f: Callable[[Array], Any], x: Array, h: float) -> Array:
    return np.full(x.shape, (f(x + h) - f(x - h)) / (2 * h))


def _not_put_back(f: Callable[[Array], Any], x: Array, h: float) -> Array:
    x = np.array(x, float)
    result = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        x[place] += h
        up = f(x)
        x[place] -= 2 * h
        result[place] = (up - f(x)) / (2 * h)
    return result


def _whole(f: Callable[[Array], Any], x: Array, h: float) -> Array:
    """Move the entries of a copy that keeps x's type: there, 1 + 0.1 is 1 again, if these are whole numbers."""
    result = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        above, below = x.copy(), x.copy()
        above[place] += h
        below[place] -= h
        result[place] = (f(above) - f(below)) / (2 * h)
    return result


def _first_only(f: Callable[[Array], Any], x: Array, h: float) -> Array:
    result = np.zeros(x.shape)
    result.flat[0] = _entries(f, x, _central, h).flat[0]
    return result


def _central(at: Callable[[Array], Any], e: Array) -> Any:
    return (at(e) - at(-e)) / (2 * np.abs(e).max())


_HINTS = (
    "gradient[i] = (f(x + h·e_i) - f(x - h·e_i)) / 2h, with e_i all 0 but for a 1 at i",
    "(f(above) - f(below)) / (2 * h), entry by entry, above and below copies of x",
)

_SLIPS = {
    "forward-difference": Slip(
        "The quotient is taken to one side only: its error shrinks like h, that of the central one like h².",
        "Where do you stand on the curve when you step from x to x + h?",
        *_HINTS,
        names={"numerical_gradient": _forward_only},
    ),
    "divided-by-h": Slip(
        "The difference is divided by h: from x - h to x + h it is 2h.",
        "How far apart are x + h and x - h?",
        *_HINTS,
        names={"numerical_gradient": lambda f, x, h: _entries(f, x, lambda at, e: (at(e) - at(-e)) / h, h)},
    ),
    "all-entries-moved": Slip(
        "All entries are moved at once: that is one slope, along the diagonal, and not one for each entry.",
        "Which entries of x may move when you ask for the slope of one?",
        *_HINTS,
        names={"numerical_gradient": _all_at_once},
    ),
    "step-not-taken-back": Slip(
        "An entry stays where it was moved to: the next slope is taken beside x.",
        "Where is x when you come to the second entry?",
        *_HINTS,
        names={"numerical_gradient": _not_put_back},
    ),
    "sign-turned": Slip(
        "The sign is turned: f above comes first, f below is taken away.",
        "If f rises, which of f(x + h) and f(x - h) is larger?",
        *_HINTS,
        names={"numerical_gradient": lambda f, x, h: _entries(f, x, lambda at, e: (at(-e) - at(e)) / (2 * h), h)},
    ),
    "divided-and-multiplied": Slip(
        "It is divided by 2 and then multiplied by h: / 2 * h goes from left to right, and / (2 * h) is meant.",
        "In which order does Python work out a / 2 * h?",
        *_HINTS,
        names={"numerical_gradient": lambda f, x, h: _entries(f, x, lambda at, e: (at(e) - at(-e)) / 2 * h, h)},
    ),
    "same-place-twice": Slip(
        "f is asked twice at the same place: above = x makes no copy, so what moves the one moves the other.",
        "Are above and below two arrays, or two names for one?",
        *_HINTS,
        names={"numerical_gradient": lambda f, x, h: np.zeros(x.shape)},
    ),
    "first-entry-only": Slip(
        "Only the first entry has its slope: the return stands inside the loop.",
        "How often does your loop come to its second entry?",
        *_HINTS,
        names={"numerical_gradient": _first_only},
    ),
    "whole-numbers": Slip(
        "A copy of whole numbers holds whole numbers: 1 + 0.1 is 1 there. Make it an array of floats.",
        "What is left of 1 + 0.1 in an array of whole numbers?",
        *_HINTS,
        names={"numerical_gradient": _whole},
    ),
}

EXERCISES = (
    Exercise(
        name="central-difference",
        title="The slope without calculus, against which all is checked",
        run=_quotient,
        cases=_cases,
        hints=("What do you have to leave as it is while one entry moves?", *_HINTS),
        kinks=_kinks,
        slips=_SLIPS,
        shapes={"gradient": "x's shape"},
        keeps_float32=False,
    ),
)
