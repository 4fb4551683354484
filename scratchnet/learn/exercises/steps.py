"""momentum: a step with memory."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from scratchnet.learn.calling import calling
from scratchnet.learn.exercise import Case, Exercise
from scratchnet.learn.exercises.slipping import slips
from scratchnet.typing import Array

Update = Callable[..., tuple[Array, ...]]


def _cases(random: np.random.Generator) -> list[Case]:
    worked = Case(
        "the worked number",
        {"w": np.array([1.0]), "g": np.array([2.0]), "v": np.array([0.5]), "rate": 0.1, "momentum": 0.9},
        {"w": np.array([1.25]), "v": np.array([0.25])},
    )
    cases = [worked]
    for size, rate, momentum in ((5, 0.1, 0.9), (4, 0.3, 0.5), (3, 0.2, 0.0)):
        arrays = {name: random.normal(size=size) for name in "wgv"}
        cases.append(Case(f"rate = {rate}, momentum = {momentum}", {**arrays, "rate": rate, "momentum": momentum}))
    return cases


def _momentum_in_place(w: Array, g: Array, v: Array, rate: float, momentum: float) -> tuple[Array, Array]:
    v *= momentum
    v -= rate * g
    return w + v, v.copy()


def _with_v(v_new: Callable[..., Array], w_new: Callable[..., Array] = lambda w, v, **_: w + v) -> Update:
    def update(w: Array, g: Array, v: Array, rate: float, momentum: float) -> tuple[Array, Array]:
        new = v_new(g=g, v=v, rate=rate, momentum=momentum)
        return w_new(w=w, v=new, old=v, g=g, rate=rate, momentum=momentum), new

    return update


def _right_v(g: Array, v: Array, rate: float, momentum: float) -> Array:
    return momentum * v - rate * g


_HINTS = (
    "What becomes of the velocity first, and which velocity moves w: the old or the new one?",
    "v ← momentum·v - rate·g,   then   w ← w + v",
    "v = momentum * v - rate * g; return w + v, v",
)

EXERCISES = (
    Exercise(
        name="momentum",
        title="A step with memory",
        run=calling("update", "w", "v"),
        cases=_cases,
        hints=_HINTS,
        slips=slips(
            "update",
            _HINTS,
            old_velocity=(
                _with_v(_right_v, lambda w, old, **_: w + old),
                "w moves with the old velocity: it is the new one that has the gradient in it.",
            ),
            uphill=(
                _with_v(lambda g, v, rate, momentum: momentum * v + rate * g),
                "The gradient is added to the velocity: downhill is minus.",
            ),
            both_signs_turned=(
                _with_v(lambda g, v, rate, momentum: momentum * v + rate * g, lambda w, v, **_: w - v),
                "Here v points downhill, v ← momentum·v - rate·g, and is added; a v that points uphill and is taken "
                "away is another convention, and gets other numbers for the same v.",
            ),
            pytorch_convention=(
                _with_v(lambda g, v, rate, momentum: momentum * v + g, lambda w, v, rate, **_: w - rate * v),
                "That is PyTorch's convention, in which the rate multiplies v at the end. Here and in Keras it "
                "multiplies g on its way into v.",
            ),
            mean_of_gradients=(
                _with_v(lambda g, v, rate, momentum: momentum * v - (1 - momentum) * rate * g),
                "The gradient is weighted with 1 - momentum: that is Adam's m. The velocity is a sum, not a mean.",
            ),
            momentum_forgotten=(
                _with_v(lambda g, v, rate, momentum: v - rate * g),
                "The old velocity is kept in full: it is multiplied by momentum, as friction.",
            ),
            nesterov=(
                _with_v(_right_v, lambda w, v, g, rate, momentum, **_: w + momentum * v - rate * g),
                "That is Nesterov's variant, which looks one step ahead: w ← w + v is asked for.",
            ),
            rate_twice=(
                _with_v(_right_v, lambda w, v, rate, **_: w + rate * v),
                "The rate is multiplied twice: it is in v already.",
            ),
            velocity_changed=(
                _momentum_in_place,
                "v itself is changed (*= and -=): here new arrays are asked for.",
            ),
        ),
        shapes={"w": "w's shape", "v": "w's shape"},
    ),
)
