"""momentum, adam: what to do with a gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from scratchnet.learn.calling import calling
from scratchnet.learn.exercise import Case, Exercise
from scratchnet.learn.exercises.slipping import slips
from scratchnet.typing import Array

Update = Callable[..., tuple[Array, ...]]

# momentum -------------------------------------------------------------------------------------------------------------


def _momentum_cases(random: np.random.Generator) -> list[Case]:
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


_MOMENTUM_HINTS = (
    "What becomes of the velocity first, and which velocity moves w: the old or the new one?",
    "v ← momentum·v - rate·g,   then   w ← w + v",
    "v = momentum * v - rate * g; return w + v, v",
)

# adam -----------------------------------------------------------------------------------------------------------------

_RATE, _BETA_1, _BETA_2 = 0.1, 0.9, 0.99


def _adam_cases(random: np.random.Generator) -> list[Case]:
    settings = {"rate": _RATE, "beta_1": _BETA_1, "beta_2": _BETA_2}
    first = {"w": np.array([1.0]), "g": np.array([2.0]), "m": np.array([0.0]), "v": np.array([0.0]), "t": 1}
    worked = Case(
        "the worked number",
        {**first, **settings, "epsilon": 0.0},
        {"w": np.array([0.9]), "m": np.array([0.2]), "v": np.array([0.04])},
    )
    cases = [worked]
    for t, epsilon in ((1, 1e-7), (3, 0.01), (50, 1e-3)):
        arrays = {"w": random.normal(size=4), "g": random.normal(size=4)}
        m, v = (0 * arrays["w"], 0 * arrays["w"]) if t == 1 else (random.normal(size=4), random.random(4))
        inputs = {**arrays, "m": m, "v": v, "t": t, **settings, "epsilon": epsilon}
        cases.append(Case(f"step t = {t}, epsilon = {epsilon}", inputs))
    return cases


class _Adam:
    """Adam taken apart, for mistakes to replace one part."""

    def __call__(
        self, w: Array, g: Array, m: Array, v: Array, t: int, rate: float, b1: float, b2: float, epsilon: float
    ) -> tuple[Array, Array, Array]:
        m, v = self.moments(g, m, v, b1, b2)
        return w - self.move(m, v, rate, *self.corrections(t, b1, b2), epsilon), m, v

    def moments(self, g: Array, m: Array, v: Array, b1: float, b2: float) -> tuple[Array, Array]:
        return b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g**2

    def corrections(self, t: int, b1: float, b2: float) -> tuple[float, float]:
        return 1 - b1**t, 1 - b2**t

    def move(self, m: Array, v: Array, rate: float, c1: float, c2: float, epsilon: float) -> Array:
        return rate * float(np.sqrt(c2)) / c1 * m / (np.sqrt(v) + epsilon)


def _moments(function: Callable[..., tuple[Array, Array]]) -> Update:
    return type("_", (_Adam,), {"moments": lambda self, *a: function(*a)})()


def _corrections(function: Callable[..., tuple[float, float]]) -> Update:
    return type("_", (_Adam,), {"corrections": lambda self, *a: function(*a)})()


def _move(function: Callable[..., Array]) -> Update:
    return type("_", (_Adam,), {"move": lambda self, *a: function(*a)})()


def _uphill(w: Array, *rest: Any) -> tuple[Array, ...]:
    new, m, v = _Adam()(w, *rest)
    return 2 * w - new, m, v


_ADAM_HINTS = (
    "m and v begin at 0, so at first both are too small. By which factors, and where does epsilon stand?",
    "m ← β₁m + (1-β₁)g,   v ← β₂v + (1-β₂)g²,   w ← w - rate·√(1-β₂ᵗ)/(1-β₁ᵗ) · m / (√v + ε)",
    "step = rate * (1 - beta_2**t) ** 0.5 / (1 - beta_1**t); w - step * m / (np.sqrt(v) + epsilon)",
)

EXERCISES = (
    Exercise(
        name="momentum",
        title="A step with memory",
        run=calling("update", "w", "v"),
        cases=_momentum_cases,
        hints=_MOMENTUM_HINTS,
        slips=slips(
            "update",
            _MOMENTUM_HINTS,
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
    Exercise(
        name="adam",
        title="A step of about the same length in every direction",
        run=calling("update", "w", "m", "v"),
        cases=_adam_cases,
        hints=_ADAM_HINTS,
        slips=slips(
            "update",
            _ADAM_HINTS,
            no_correction=(
                _corrections(lambda t, b1, b2: (1.0, 1.0)),
                "The correction for the start is missing: m and v begin at 0 and are too small at first.",
            ),
            counts_from_zero=(
                _corrections(lambda t, b1, b2: (1 - b1 ** max(t - 1, 1), 1 - b2 ** max(t - 1, 1))),
                "t is one too small: the first step has t = 1.",
            ),
            counts_from_two=(
                _corrections(lambda t, b1, b2: (1 - b1 ** (t + 1), 1 - b2 ** (t + 1))),
                "t is one too large: the first step has t = 1, as it is handed in.",
            ),
            m_not_corrected=(
                _corrections(lambda t, b1, b2: (1.0, 1 - b2**t)),
                "Only v is corrected: m is too small at first as well, divide by 1 - β₁ᵗ.",
            ),
            v_not_corrected=(
                _corrections(lambda t, b1, b2: (1 - b1**t, 1.0)),
                "Only m is corrected: v is too small at first as well, multiply by √(1 - β₂ᵗ).",
            ),
            correction_without_root=(
                _move(lambda m, v, rate, c1, c2, epsilon: rate * c2 / c1 * m / (np.sqrt(v) + epsilon)),
                "v's correction comes out of the root as √(1 - β₂ᵗ), not as 1 - β₂ᵗ.",
            ),
            epsilon_inside_the_root=(
                _move(lambda m, v, rate, c1, c2, epsilon: rate * float(np.sqrt(c2)) / c1 * m / np.sqrt(v + epsilon)),
                "epsilon stands inside the root: it is added to √v.",
            ),
            epsilon_of_the_paper=(
                _move(lambda m, v, rate, c1, c2, epsilon: rate * (m / c1) / (np.sqrt(v / c2) + epsilon)),
                "That is the ε of the paper's first form, added after v is corrected. Here and in Keras it is "
                '"ε hat", added to √v as it is.',
            ),
            root_forgotten=(
                _move(lambda m, v, rate, c1, c2, epsilon: rate * float(np.sqrt(c2)) / c1 * m / (v + epsilon)),
                "The root of v is missing: then large gradients would make short steps.",
            ),
            betas_exchanged=(
                _moments(lambda g, m, v, b1, b2: (b2 * m + (1 - b2) * g, b1 * v + (1 - b1) * g**2)),
                "β₁ and β₂ are exchanged: β₁ is m's, β₂ is v's.",
            ),
            square_forgotten=(
                _moments(lambda g, m, v, b1, b2: (b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * np.abs(g))),
                "v averages |g|: it averages g².",
            ),
            square_of_m=(
                _moments(
                    lambda g, m, v, b1, b2: (
                        b1 * m + (1 - b1) * g,
                        b2 * v + (1 - b2) * (b1 * m + (1 - b1) * g) ** 2,
                    )
                ),
                "v averages m²: it averages g², the square of the gradient itself.",
            ),
            sums_for_means=(
                _moments(lambda g, m, v, b1, b2: (b1 * m + g, b2 * v + g**2)),
                "1 - β is missing: m and v are running means.",
            ),
            uphill=(_uphill, "It goes uphill: the step is taken away from w."),
        ),
        shapes={"w": "w's shape", "m": "w's shape", "v": "w's shape"},
    ),
)
