"""relu, sigmoid-tanh, softmax: what bends a network."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.learn.calling import calling
from scratchnet.learn.exercise import Case, Exercise, Slope
from scratchnet.learn.exercises.slipping import slips
from scratchnet.learn.namespace import Namespace
from scratchnet.typing import Array

# relu -----------------------------------------------------------------------------------------------------------------


def _away_from_zero(random: np.random.Generator, shape: tuple[int, ...]) -> Array:
    x = random.normal(size=shape)
    return np.where(np.abs(x) < 0.1, x + np.copysign(0.2, x), x)


def _relu_cases(random: np.random.Generator) -> list[Case]:
    dy, x = np.array([[5.0, 6.0], [7.0, 8.0]]), np.array([[-1.0, 2.0], [3.0, -4.0]])
    cases = [Case("the worked number", {"dy": dy, "x": x}, {"dx": np.array([[0.0, 6.0], [7.0, 0.0]])})]
    for shape in ((4, 5), (3, 2, 4)):
        inputs = {"dy": random.normal(size=shape), "x": _away_from_zero(random, shape)}
        cases.append(Case(f"x of shape {shape}", inputs))
    return cases


def _relu_kinks() -> list[Case]:
    x = np.array([[0.0, -0.0, 1e-300, -1e-300]])
    return [Case("the corner, x = 0", {"dy": np.array([[1.0, 2.0, 3.0, 4.0]]), "x": x})]


def _relu_in_place(dy: Array, x: Array) -> Array:
    dy[x <= 0] = 0
    return dy


_RELU_HINTS = (
    "Which numbers did forward let through, and what is the slope where it did?",
    "dx[i] = dy[i] if x[i] > 0 else 0",
    "dy * (x > 0)",
)

# sigmoid and tanh -----------------------------------------------------------------------------------------------------


def _two_loss(dy: Array, s: Array, t: Array, x: Array, of: str) -> Any:
    return (dy * (1 / (1 + np.exp(-x)) if of == "s" else np.tanh(x))).sum()


def _two_cases(random: np.random.Generator) -> list[Case]:
    cases = [
        Case(
            "the worked number",
            {"dy": np.array([2.0, 1.0]), "s": np.array([0.5, 0.8]), "t": np.array([0.0, 0.6])},
            {"dx_sigmoid": np.array([0.5, 0.16]), "dx_tanh": np.array([2.0, 0.64])},
            slopes=False,
        )
    ]
    for shape in ((4, 5), (2, 3, 4)):
        x = random.normal(size=shape)
        inputs = {"dy": random.normal(size=shape), "s": 1 / (1 + np.exp(-x)), "t": np.tanh(x)}
        cases.append(Case(f"arrays of shape {shape}", inputs, given={"x": x}))
    return cases


_TWO_HINTS = (
    "Both slopes can be told from the output alone. What is the sigmoid's in terms of s, tanh's in terms of t?",
    "s' = s (1 - s),   t' = 1 - t²",
    "dy * s * (1 - s), dy * (1 - t**2)",
)


def _s(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


# softmax --------------------------------------------------------------------------------------------------------------


def _softmax_run(solution: Namespace, z: Array, dy: Array) -> dict[str, Any]:
    layer = solution.Softmax()
    y = layer.forward(z)
    kept = y.copy() if isinstance(y, np.ndarray) else y
    return {"y": kept, "dz": layer.backward(dy)}


def _softmax_loss(z: Array, dy: Array) -> Any:
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return (dy * e / e.sum(axis=1, keepdims=True)).sum()


def _softmax_cases(random: np.random.Generator) -> list[Case]:
    worked = Case(
        "the worked number",
        {"z": np.log([[1.0, 2.0, 5.0]]), "dy": np.array([[8.0, 0.0, 0.0]])},
        {"y": np.array([[0.125, 0.25, 0.625]]), "dz": np.array([[0.875, -0.25, -0.625]])},
    )
    shapes = ((4, 5), (5, 3))
    return [
        worked,
        *(
            Case(f"N = {N}, K = {K}", {"z": random.normal(size=(N, K)), "dy": random.normal(size=(N, K))})
            for N, K in shapes
        ),
    ]


def _softmax_kinks() -> list[Case]:
    z = np.array([[1000.0, 998.0, 0.0], [-1000.0, -1001.0, -1002.0]])
    return [Case("large numbers, 1000 and -1000", {"z": z, "dy": np.array([[1.0, 2.0, 3.0], [1.0, 0.0, 0.0]])})]


class _Softmax:
    """Taken apart, for mistakes to replace one part."""

    axis = 1

    def top(self, z: Array) -> Any:
        return z.max(axis=1, keepdims=True)

    def forward(self, z: Array) -> Array:
        e = np.exp(z - self.top(z))
        self.y = e / e.sum(axis=self.axis, keepdims=True)
        return self.y.copy()

    def backward(self, dy: Array) -> Array:
        return self.y * (dy - (dy * self.y).sum(axis=1, keepdims=True))


class _NoTop(_Softmax):
    def top(self, z: Array) -> Any:
        return z.dtype.type(0)


class _TopOfAll(_Softmax):
    def top(self, z: Array) -> Any:
        return z.max()


class _OverTheBatch(_Softmax):
    axis = 0

    def top(self, z: Array) -> Any:
        return z.max(axis=0, keepdims=True)


class _DiagonalOnly(_Softmax):
    def backward(self, dy: Array) -> Array:
        return dy * self.y * (1 - self.y)


class _WithoutY(_Softmax):
    def backward(self, dy: Array) -> Array:
        return dy - (dy * self.y).sum(axis=1, keepdims=True)


class _OthersForgotten(_Softmax):
    def backward(self, dy: Array) -> Array:
        return dy * self.y


class _SumWithoutY(_Softmax):
    def backward(self, dy: Array) -> Array:
        return self.y * (dy - dy.sum(axis=1, keepdims=True))


_SOFTMAX_HINTS = (
    "If z[n,k] rises, which of the y of row n change, and in which direction?",
    "dz[n,k] = y[n,k] (dy[n,k] - Σ_j dy[n,j] y[n,j])",
    "y * (dy - (dy * y).sum(axis=1, keepdims=True)); forward with z - z.max(axis=1, keepdims=True)",
)

EXERCISES = (
    Exercise(
        name="relu",
        title="ReLU backward: a gate that forward has set",
        run=calling("backward", "dx"),
        cases=_relu_cases,
        hints=_RELU_HINTS,
        slopes=(Slope("dx", "x", lambda dy, x: (dy * np.maximum(x, 0)).sum()),),
        kinks=_relu_kinks,
        slips=slips(
            "backward",
            _RELU_HINTS,
            gate_from_gradient=(
                lambda dy, x: dy * (dy > 0),
                "The gate is set by dy: it is set by x, which forward let through or not.",
            ),
            gate_forgotten=(lambda dy, x: dy.copy(), "Everything is let through: where x was negative, nothing was."),
            open_at_zero=(
                lambda dy, x: dy * (x >= 0),
                "The gate is open at x = 0: by the convention here, and in Keras, the slope there is 0.",
            ),
            half_open_at_zero=(
                lambda dy, x: dy * ((x > 0) + (x >= 0)) / x.dtype.type(2),
                "The slope at x = 0 is ½: by the convention here, and in Keras, it is 0.",
            ),
            gate_turned=(lambda dy, x: dy * (x < 0), "The gate is the wrong way round."),
            slope_is_x=(
                lambda dy, x: dy * np.maximum(x, 0),
                "dy is multiplied by ReLU(x): it is multiplied by the slope, which is 1 where x is positive.",
            ),
            dy_changed=(
                _relu_in_place,
                "dy itself is changed: whoever handed it in still needs it. Make a new array.",
            ),
            relu_of_the_gradient_too=(
                lambda dy, x: dy * (x > 0) * (dy > 0),
                "Negative gradients are stopped, too: only x decides.",
            ),
        ),
        shapes={"dx": "x's shape"},
    ),
    Exercise(
        name="sigmoid-tanh",
        title="Two slopes that can be told from the output",
        run=calling("backward", "dx_sigmoid", "dx_tanh"),
        cases=_two_cases,
        hints=_TWO_HINTS,
        slopes=(
            Slope("dx_sigmoid", "x", lambda **arrays: _two_loss(**arrays, of="s")),
            Slope("dx_tanh", "x", lambda **arrays: _two_loss(**arrays, of="t")),
        ),
        slips=slips(
            "backward",
            _TWO_HINTS,
            sigmoid_taken_again=(
                lambda dy, s, t: (dy * _s(s) * (1 - _s(s)), dy * (1 - t**2)),
                "The sigmoid is taken of s, which is a sigmoid already: its slope is s (1 - s).",
            ),
            tanh_taken_again=(
                lambda dy, s, t: (dy * s * (1 - s), dy * (1 - np.tanh(t) ** 2)),
                "tanh is taken of t, which is a tanh already: its slope is 1 - t².",
            ),
            square_forgotten=(
                lambda dy, s, t: (dy * s * (1 - s), dy * (1 - t)),
                "The slope of tanh is 1 - t², the square is missing.",
            ),
            factor_forgotten=(
                lambda dy, s, t: (dy * (1 - s), dy * (1 - t**2)),
                "The slope of the sigmoid is s (1 - s), the factor s is missing.",
            ),
            same_for_both=(
                lambda dy, s, t: (dy * s * (1 - s), dy * t * (1 - t)),
                "tanh got the slope of the sigmoid: its own is 1 - t².",
            ),
            dy_forgotten=(
                lambda dy, s, t: (s * (1 - s), 1 - t**2),
                "These are the slopes of the functions alone: the chain goes on, times dy.",
            ),
            exchanged=(
                lambda dy, s, t: (dy * (1 - t**2), dy * s * (1 - s)),
                "The two are exchanged: first comes the sigmoid's, then tanh's.",
            ),
        ),
        shapes={"dx_sigmoid": "s's shape", "dx_tanh": "t's shape"},
    ),
    Exercise(
        name="softmax",
        title="Softmax: every output depends on every input of its row",
        run=_softmax_run,
        cases=_softmax_cases,
        hints=_SOFTMAX_HINTS,
        slopes=(Slope("dz", "z", _softmax_loss),),
        kinks=_softmax_kinks,
        slips=slips(
            "Softmax",
            _SOFTMAX_HINTS,
            largest_not_taken_off=(
                _NoTop,
                "exp(1000) is infinite: take each row's largest z off first, which leaves the quotient as it is.",
            ),
            largest_of_all_rows=(
                _TopOfAll,
                "The largest of all rows is taken off: a row far below it is all 0, and 0/0 is no number. "
                "Each row has its own largest.",
            ),
            over_the_batch=(
                _OverTheBatch,
                "The sum goes over the batch: the probabilities of one sample add up to 1, so axis 1.",
            ),
            diagonal_only=(
                _DiagonalOnly,
                "Only each y's own z is counted: z[n,k] is in every y of row n, through the sum below.",
            ),
            y_forgotten=(_WithoutY, "The factor y[n,k] in front is missing."),
            others_forgotten=(
                _OthersForgotten,
                "The sum over the row is missing: a z that rises takes from the others.",
            ),
            sum_without_y=(_SumWithoutY, "The sum is of dy·y, weighted by the probabilities, not of dy alone."),
        ),
        shapes={"y": "(N, K)", "dz": "(N, K)"},
    ),
)
