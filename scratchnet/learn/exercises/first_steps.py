"""chain, fan-out, central-difference: slopes of one number, before there is a matrix."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from scratchnet.learn.calling import calling
from scratchnet.learn.exercise import Case, Exercise, Slip, Slope
from scratchnet.learn.namespace import Namespace
from scratchnet.typing import Array

# chain ----------------------------------------------------------------------------------------------------------------


def _chain_loss(w: Any, b: Any, x: Any, t: Any) -> Any:
    return 0.5 * ((w * x + b) ** 2 - t) ** 2


def _chain_cases(random: np.random.Generator) -> list[Case]:
    cases = [Case("the worked number", {"w": 2.0, "b": -1.0, "x": 1.5, "t": 3.0}, {"dw": 6.0, "db": 4.0})]
    for _ in range(4):
        w, b, x, t = (round(float(number), 3) for number in random.normal(size=4))
        cases.append(Case(f"w = {w}, b = {b}, x = {x}, t = {t}", {"w": w, "b": b, "x": x, "t": t}))
    return cases


def _chain_slip(
    dw: Callable[..., float], db: Callable[..., float], sentence: str, question: str, formula: str, operation: str
) -> Slip:
    def backward(w: float, b: float, x: float, t: float) -> tuple[float, float]:
        z = w * x + b
        return dw(x, z, z * z - t, w), db(x, z, z * z - t, w)

    return Slip(sentence, question, formula, operation, {"backward": backward})


_CHAIN_SLIPS = {
    "square-forgotten": _chain_slip(
        lambda x, z, dy, w: dy * x,
        lambda x, z, dy, w: dy,
        "The slope of the square is left out: y = z², so dz is dy times 2z.",
        "How much does y = z² move when z moves a little?",
        "dz = dy · ∂y/∂z",
        "dz = dy * 2 * z",
    ),
    "x-forgotten": _chain_slip(
        lambda x, z, dy, w: dy * 2 * z,
        lambda x, z, dy, w: dy * 2 * z,
        "dw lacks the factor x: z = w·x + b moves x times as much as w does.",
        "w moves by a little. By how much does z = w·x + b move?",
        "dw = dz · ∂z/∂w",
        "dw = dz * x",
    ),
    "w-for-x": _chain_slip(
        lambda x, z, dy, w: dy * 2 * z * w,
        lambda x, z, dy, w: dy * 2 * z,
        "dw has the factor w in place of x: w is what moves, x is what it is multiplied by.",
        "In w·x, what is the slope with respect to w?",
        "∂(w·x + b)/∂w = x",
        "dw = dz * x",
    ),
    "sign-turned": _chain_slip(
        lambda x, z, dy, w: -dy * 2 * z * x,
        lambda x, z, dy, w: -dy * 2 * z,
        "The signs are turned: the loss has (y - t)², its slope in y is y - t.",
        "If y is above t, does a larger y make the loss larger or smaller?",
        "dy = ∂½(y - t)²/∂y",
        "dy = y - t",
    ),
    "slopes-added": _chain_slip(
        lambda x, z, dy, w: dy + 2 * z + x,
        lambda x, z, dy, w: dy + 2 * z + 1,
        "The slopes of the links are added: along a chain they are multiplied.",
        "If y moves 3 times as much as z, and L 2 times as much as y, how much does L move?",
        "dw = ∂L/∂y · ∂y/∂z · ∂z/∂w",
        "dw = dy * 2 * z * x",
    ),
    "outer-forgotten": _chain_slip(
        lambda x, z, dy, w: 2 * z * x,
        lambda x, z, dy, w: 2 * z,
        "The slope of the loss is left out: these are the slopes of y, not of L.",
        "You have how y moves. How does L move with y?",
        "dz = ∂L/∂y · ∂y/∂z",
        "dz = (y - t) * 2 * z",
    ),
}

# fan-out --------------------------------------------------------------------------------------------------------------


def _fan_out_loss(x: Array, a: Array) -> Any:
    return (a * x * x**2).sum()


def _fan_out_cases(random: np.random.Generator) -> list[Case]:
    worked = Case(
        "the worked number",
        {"x": np.array([2.0, -1.0]), "a": np.array([3.0, 1.0])},
        {"dx": np.array([36.0, 3.0])},
    )
    return [worked, *(Case(f"D = {d}", {"x": random.normal(size=d), "a": random.normal(size=d)}) for d in (3, 5))]


def _fan_out_slip(
    dx: Callable[[Array, Array], Array], sentence: str, question: str, formula: str, operation: str
) -> Slip:
    return Slip(sentence, question, formula, operation, {"backward": dx})


_FAN_OUT_SLIPS = {
    "second-way-forgotten": _fan_out_slip(
        lambda x, a: a * x**2,
        "Only the way through p is counted: x reaches the loss through q, too.",
        "x moves. Which of p and q move?",
        "dx = dp · ∂p/∂x + dq · ∂q/∂x",
        "dx = dp * a + dq * 2 * x",
    ),
    "first-way-lost": _fan_out_slip(
        lambda x, a: a * x * 2 * x,
        "dx is 2a·x², and should be 3a·x²: what came through p is forgotten, or overwritten with = for +=; "
        "or what came through q lacks the 2 of ∂q/∂x.",
        "x moves. Which of p and q move?",
        "dx = dp · ∂p/∂x + dq · ∂q/∂x",
        "dx = dp * a, then dx = dx + dq * 2 * x",
    ),
    "mean-of-ways": _fan_out_slip(
        lambda x, a: 1.5 * a * x**2,
        "The ways are averaged: each of them moves the loss, so they add up.",
        "Two ropes pull at the loss. Does it move by their mean?",
        "dx = Σ over the ways",
        "dx = dp * a + dq * 2 * x",
    ),
    "ways-multiplied": _fan_out_slip(
        lambda x, a: (a * x**2) * (a * x * 2 * x),
        "The ways are multiplied: along a way slopes are multiplied, over several ways they are added.",
        "Which slopes lie behind each other, and which beside each other?",
        "dx = dp · ∂p/∂x + dq · ∂q/∂x",
        "dx = dp * a + dq * 2 * x",
    ),
    "p-for-q": _fan_out_slip(
        lambda x, a: (a * x) * a + x**2 * 2 * x,
        "dp and dq are exchanged: L = p·q moves q times as much as p does.",
        "What is the slope of p·q with respect to p?",
        "dp = ∂(p·q)/∂p = q, dq = p",
        "dp, dq = q, p",
    ),
}

# central-difference ---------------------------------------------------------------------------------------------------

_FUNCTIONS: dict[str, Callable[[Array], Any]] = {
    "the sum of cubes": lambda x: (x**3).sum(),
    "sin(x[0])·x[1]": lambda x: np.sin(x.flat[0]) * x.flat[1],
    "a product of all entries": lambda x: np.prod(x),
    "the sum of |x|": lambda x: np.abs(x).sum(),
}


def _quotient(solution: Namespace, f: str, x: Array, h: float) -> dict[str, Any]:
    return {"gradient": solution.numerical_gradient(_FUNCTIONS[f], x, h)}


def _quotient_cases(random: np.random.Generator) -> list[Case]:
    return [
        Case(
            "the worked number",
            {"f": "the sum of cubes", "x": np.array([1.0, 2.0]), "h": 0.1},
            {"gradient": np.array([3.01, 12.01])},
        ),
        Case("f = sin(x[0])·x[1]", {"f": "sin(x[0])·x[1]", "x": random.normal(size=3), "h": 1e-3}),
        Case("a matrix x (2, 3)", {"f": "a product of all entries", "x": random.normal(size=(2, 3)), "h": 1e-2}),
    ]


def _quotient_kinks() -> list[Case]:
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


_HINTS_QUOTIENT = (
    "gradient[i] = (f(x + h·e_i) - f(x - h·e_i)) / 2h, with e_i all 0 but for a 1 at i",
    "(f(above) - f(below)) / (2 * h), entry by entry, above and below copies of x",
)

_QUOTIENT_SLIPS = {
    "forward-difference": Slip(
        "The quotient is taken to one side only: its error shrinks like h, that of the central one like h².",
        "Where do you stand on the curve when you step from x to x + h?",
        *_HINTS_QUOTIENT,
        names={"numerical_gradient": _forward_only},
    ),
    "divided-by-h": Slip(
        "The difference is divided by h: from x - h to x + h it is 2h.",
        "How far apart are x + h and x - h?",
        *_HINTS_QUOTIENT,
        names={"numerical_gradient": lambda f, x, h: _entries(f, x, lambda at, e: (at(e) - at(-e)) / h, h)},
    ),
    "all-entries-moved": Slip(
        "All entries are moved at once: that is one slope, along the diagonal, and not one for each entry.",
        "Which entries of x may move when you ask for the slope of one?",
        *_HINTS_QUOTIENT,
        names={"numerical_gradient": _all_at_once},
    ),
    "step-not-taken-back": Slip(
        "An entry stays where it was moved to: the next slope is taken beside x.",
        "Where is x when you come to the second entry?",
        *_HINTS_QUOTIENT,
        names={"numerical_gradient": _not_put_back},
    ),
    "sign-turned": Slip(
        "The sign is turned: f above comes first, f below is taken away.",
        "If f rises, which of f(x + h) and f(x - h) is larger?",
        *_HINTS_QUOTIENT,
        names={"numerical_gradient": lambda f, x, h: _entries(f, x, lambda at, e: (at(-e) - at(e)) / (2 * h), h)},
    ),
}

EXERCISES = (
    Exercise(
        name="chain",
        title="One weight: slopes along a chain are multiplied",
        run=calling("backward", "dw", "db"),
        cases=_chain_cases,
        hints=(
            "Walk back from the loss: what is the slope of each link with respect to the one before?",
            "dw = ∂L/∂y · ∂y/∂z · ∂z/∂w, and db the same with ∂z/∂b",
            "dy = y - t; dz = dy * 2 * z; then dz times x, and dz times 1",
        ),
        slopes=(Slope("dw", "w", _chain_loss), Slope("db", "b", _chain_loss)),
        slips=_CHAIN_SLIPS,
        keeps_float32=False,
    ),
    Exercise(
        name="fan-out",
        title="A number used twice: slopes over several ways are added",
        run=calling("backward", "dx"),
        cases=_fan_out_cases,
        hints=(
            "Through which of p and q does x reach the loss?",
            "dx[d] = dp[d] · ∂p[d]/∂x[d] + dq[d] · ∂q[d]/∂x[d]",
            "dp = q and dq = p; then dp * a + dq * 2 * x",
        ),
        slopes=(Slope("dx", "x", _fan_out_loss),),
        slips=_FAN_OUT_SLIPS,
        shapes={"dx": "(D,)"},
    ),
    Exercise(
        name="central-difference",
        title="The slope without calculus, against which all is checked",
        run=_quotient,
        cases=_quotient_cases,
        hints=("What do you have to leave as it is while one entry moves?", *_HINTS_QUOTIENT),
        kinks=_quotient_kinks,
        slips=_QUOTIENT_SLIPS,
        shapes={"gradient": "x's shape"},
        keeps_float32=False,
    ),
)
