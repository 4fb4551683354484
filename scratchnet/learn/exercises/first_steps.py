"""chain, fan-out: slopes of one number, before there is a matrix."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from scratchnet.learn.calling import calling
from scratchnet.learn.exercise import Case, Exercise, Slip, Slope
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


_HOW_MUCH_THE_SQUARE = ("How much does y = z² move when z moves a little?", "dz = dy · ∂y/∂z", "dz = dy * 2 * z")

_CHAIN_SLIPS = {
    "square-forgotten": _chain_slip(
        lambda x, z, dy, w: dy * x,
        lambda x, z, dy, w: dy,
        "The slope of the square is left out: y = z², so dz is dy times 2z.",
        *_HOW_MUCH_THE_SQUARE,
    ),
    "two-forgotten": _chain_slip(
        lambda x, z, dy, w: dy * z * x,
        lambda x, z, dy, w: dy * z,
        "The slope of the square lacks its 2: y = z², so dz is dy times 2z.",
        *_HOW_MUCH_THE_SQUARE,
    ),
    "y-for-z": _chain_slip(
        lambda x, z, dy, w: dy * 2 * z * z * x,
        lambda x, z, dy, w: dy * 2 * z * z,
        "The slope of the square has y in place of z: y = z², so dz is dy times 2z.",
        *_HOW_MUCH_THE_SQUARE,
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
    "db-without-the-square": _chain_slip(
        lambda x, z, dy, w: dy * 2 * z * x,
        lambda x, z, dy, w: dy,
        "db lacks the slope of the square: b reaches the loss through z and y, as w does.",
        "Through which numbers does b reach the loss?",
        "db = ∂L/∂y · ∂y/∂z · ∂z/∂b",
        "db = dz",
    ),
    "x-in-db": _chain_slip(
        lambda x, z, dy, w: dy * 2 * z * x,
        lambda x, z, dy, w: dy * 2 * z * x,
        "db has the factor x: z = w·x + b moves as much as b does.",
        "b moves by a little. By how much does z = w·x + b move?",
        "db = dz · ∂z/∂b",
        "db = dz",
    ),
    "exchanged": _chain_slip(
        lambda x, z, dy, w: dy * 2 * z,
        lambda x, z, dy, w: dy * 2 * z * x,
        "dw and db are exchanged: dw is the one with the factor x, and is returned first.",
        "Which of the two is multiplied by x, and which is returned first?",
        "dw = dz · ∂z/∂w, db = dz · ∂z/∂b",
        "dw = dz * x; db = dz; return dw, db",
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
)
