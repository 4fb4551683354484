"""adam: a step of about the same length in every direction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from scratchnet.learn.calling import calling
from scratchnet.learn.exercise import Case, Exercise
from scratchnet.learn.exercises.slipping import slips
from scratchnet.typing import Array

Update = Callable[..., tuple[Array, ...]]

_RATE, _BETA_1, _BETA_2 = 0.1, 0.9, 0.99


def _cases(random: np.random.Generator) -> list[Case]:
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


def _of_the_step_before(w: Array, g: Array, m: Array, v: Array, t: int, *rest: float) -> tuple[Array, ...]:
    rate, b1, b2, epsilon = rest
    adam = _Adam()
    return w - adam.move(m, v, rate, *adam.corrections(t, b1, b2), epsilon), *adam.moments(g, m, v, b1, b2)


def _by_the_gradient(w: Array, g: Array, m: Array, v: Array, t: int, *rest: float) -> tuple[Array, ...]:
    rate, b1, b2, epsilon = rest
    adam = _Adam()
    m, v = adam.moments(g, m, v, b1, b2)
    return w - adam.move(g, v, rate, *adam.corrections(t, b1, b2), epsilon), m, v


def _corrected_returned(w: Array, g: Array, m: Array, v: Array, t: int, *rest: float) -> tuple[Array, ...]:
    rate, b1, b2, epsilon = rest
    (m, v), (c1, c2) = _Adam().moments(g, m, v, b1, b2), _Adam().corrections(t, b1, b2)
    return w - rate * (m / c1) / (np.sqrt(v / c2) + epsilon), m / c1, v / c2


def _uphill(w: Array, *rest: Any) -> tuple[Array, ...]:
    new, m, v = _Adam()(w, *rest)
    return 2 * w - new, m, v


_HINTS = (
    "m and v begin at 0, so at first both are too small. By which factors, and where does epsilon stand?",
    "m ← β₁m + (1-β₁)g,   v ← β₂v + (1-β₂)g²,   w ← w - rate·√(1-β₂ᵗ)/(1-β₁ᵗ) · m / (√v + ε)",
    "step = rate * (1 - beta_2**t) ** 0.5 / (1 - beta_1**t); w - step * m / (np.sqrt(v) + epsilon)",
)

EXERCISES = (
    Exercise(
        name="adam",
        title="A step of about the same length in every direction",
        run=calling("update", "w", "m", "v"),
        cases=_cases,
        hints=_HINTS,
        slips=slips(
            "update",
            _HINTS,
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
            correction_upside_down=(
                _corrections(lambda t, b1, b2: (1 / (1 - b1**t), 1 / (1 - b2**t))),
                "The correction is upside down: √(1 - β₂ᵗ) stands above, and 1 - β₁ᵗ below.",
            ),
            times_t_for_power=(
                _corrections(lambda t, b1, b2: (1 - b1 * t, 1 - b2 * t)),
                "The correction has β·t in place of βᵗ: a power is written **.",
            ),
            corrected_returned=(
                _corrected_returned,
                "m and v are returned corrected: the next step goes on with them as they are, uncorrected.",
            ),
            of_the_step_before=(
                _of_the_step_before,
                "w moves by the m and v of the step before: they are brought up to date first.",
            ),
            gradient_for_mean=(_by_the_gradient, "w moves by g: it moves by the running mean of the gradients, m."),
            gradient_for_square=(
                _moments(lambda g, m, v, b1, b2: (b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g)),
                "v averages g: it averages its square, g².",
            ),
            weights_exchanged=(
                _moments(lambda g, m, v, b1, b2: ((1 - b1) * m + b1 * g, (1 - b2) * v + b2 * g**2)),
                "β and 1 - β are exchanged: β is the share of the old mean, 1 - β that of the new gradient.",
            ),
            epsilon_forgotten=(
                _move(lambda m, v, rate, c1, c2, epsilon: rate * float(np.sqrt(c2)) / c1 * m / np.sqrt(v)),
                "epsilon is left out: it is added to √v, and keeps the quotient from 0/0.",
            ),
            rate_forgotten=(
                _move(lambda m, v, rate, c1, c2, epsilon: float(np.sqrt(c2)) / c1 * m / (np.sqrt(v) + epsilon)),
                "The rate is left out: it is the length of the step.",
            ),
            uphill=(_uphill, "It goes uphill: the step is taken away from w."),
        ),
        shapes={"w": "w's shape", "m": "w's shape", "v": "w's shape"},
    ),
)
