"""contract: the gradients are right, and the layer is still wrong."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from scratchnet.learn.exercise import Case, Exercise, Slope
from scratchnet.learn.exercises.corners import away_from_corners
from scratchnet.learn.exercises.slipping import slips
from scratchnet.learn.namespace import Namespace, NotAsked
from scratchnet.typing import Array

_GRADIENTS = ("dx", "dkernel", "dbias")


def _back(layer: Any, dy: Array) -> dict[str, Array]:
    dx = layer.backward(dy)
    if not (hasattr(layer, "dkernel") and hasattr(layer, "dbias")):
        raise NotAsked("backward should leave the gradients in self.dkernel and self.dbias.")
    return {name: np.copy(value) for name, value in zip(_GRADIENTS, (dx, layer.dkernel, layer.dbias))}


def _run(solution: Namespace, x: Array, kernel: Array, bias: Array, dy: Array) -> dict[str, Any]:
    def new() -> Any:
        return solution.Dense(kernel, bias)

    layer = new()
    y = np.copy(layer.forward(x.copy()))
    gradients = _back(layer, dy.copy())

    def same(other: dict[str, Array]) -> bool:
        return all(np.array_equal(gradients[name], other[name]) for name in _GRADIENTS)

    return {
        "y": y,
        **gradients,
        "leaves x": _leaves_x(new(), x),
        "leaves dy": _leaves_dy(new(), x, dy),
        "keeps x": same(_x_overwritten(new(), x, dy)),
        "keeps y": same(_y_overwritten(new(), x, dy)),
        "begins anew": same(_second_time(new(), x, dy)),
    }


def _leaves_x(layer: Any, x: Array) -> bool:
    mine = x.copy()
    layer.forward(mine)
    return np.array_equal(mine, x)


def _leaves_dy(layer: Any, x: Array, dy: Array) -> bool:
    mine = dy.copy()
    layer.forward(x.copy())
    layer.backward(mine)
    return np.array_equal(mine, dy)


def _x_overwritten(layer: Any, x: Array, dy: Array) -> dict[str, Array]:
    mine = x.copy()
    layer.forward(mine)
    mine[...] = 7
    return _back(layer, dy.copy())


def _y_overwritten(layer: Any, x: Array, dy: Array) -> dict[str, Array]:
    y = layer.forward(x.copy())
    y[...] = -y
    return _back(layer, dy.copy())


def _second_time(layer: Any, x: Array, dy: Array) -> dict[str, Array]:
    layer.forward(x.copy())
    layer.backward(dy.copy())
    layer.forward(x.copy())
    return _back(layer, dy.copy())


def _loss(x: Array, kernel: Array, bias: Array, dy: Array) -> Any:
    return (dy * np.maximum(x @ kernel + bias, 0)).sum()


def _drawn(random: np.random.Generator, shapes: dict[str, tuple[int, ...]]) -> dict[str, Array]:
    return {name: random.normal(size=shape) for name, shape in shapes.items()}


def _bent(inputs: dict[str, Array]) -> Array:
    return inputs["x"] @ inputs["kernel"] + inputs["bias"]


def _cases(random: np.random.Generator) -> list[Case]:
    inputs = {
        "x": np.array([[1.0, 2], [3, 4]]),
        "kernel": np.array([[1.0], [-1]]),
        "bias": np.array([1.5]),
        "dy": np.array([[2.0], [3]]),
    }
    outputs = {
        "y": np.array([[0.5], [0.5]]),
        "dx": np.array([[2.0, -2], [3, -3]]),
        "dkernel": np.array([[11.0], [16]]),
        "dbias": np.array([5.0]),
    }
    cases = [Case("the worked number", inputs, outputs)]
    for N, D, U in ((4, 3, 5), (6, 5, 3)):
        shapes = {"x": (N, D), "kernel": (D, U), "bias": (U,), "dy": (N, U)}
        inputs = away_from_corners(partial(_drawn, random, shapes), _bent)
        cases.append(Case(f"N = {N}, D = {D}, U = {U}", inputs))
    return cases


class _Dense:
    """The right layer, taken apart, for mistakes to replace one part."""

    def __init__(self, kernel: Array, bias: Array) -> None:
        self.kernel, self.bias = kernel, bias

    def forward(self, x: Array) -> Array:
        self.x = self.keep(x)
        self.y = np.maximum(x @ self.kernel + self.bias, 0)
        return self.handed_out(self.y)

    def backward(self, dy: Array) -> Array:
        dz = self.gated(dy)
        self.write(self.x.T @ dz, self.summed(dz))
        return dz @ self.kernel.T

    def keep(self, x: Array) -> Array:
        return x.copy()

    def handed_out(self, y: Array) -> Array:
        return y.copy()

    def gated(self, dy: Array) -> Array:
        return dy * (self.y > 0)

    def summed(self, dz: Array) -> Array:
        return dz.sum(axis=0)

    def write(self, dkernel: Array, dbias: Array) -> None:
        self.dkernel, self.dbias = dkernel, dbias


class _ByReference(_Dense):
    def keep(self, x: Array) -> Array:
        return x


class _OwnMemory(_Dense):
    def handed_out(self, y: Array) -> Array:
        return y


class _ChangesDy(_Dense):
    def gated(self, dy: Array) -> Array:
        dy[self.y <= 0] = 0
        return dy


class _Promotes(_Dense):
    def summed(self, dz: Array) -> Array:
        return np.zeros(dz.shape[1]) + dz.sum(axis=0)


class _ChangesX(_Dense):
    def forward(self, x: Array) -> Array:
        y = super().forward(x)
        x -= x.mean(axis=0)
        return y


class _AddsUp(_Dense):
    def write(self, dkernel: Array, dbias: Array) -> None:
        first = not hasattr(self, "dkernel")
        self.dkernel, self.dbias = (dkernel, dbias) if first else (self.dkernel + dkernel, self.dbias + dbias)


_PROMISES = {
    "leaves x": "forward changes x: whoever called it still needs that.",
    "leaves dy": "backward changes dy: whoever called it still needs that.",
    "keeps x": "Someone wrote new numbers into x after forward, and the gradients changed: keep a copy of x, not x.",
    "keeps y": "Someone wrote new numbers into the y that forward returned, and the gradients changed: forward hands "
    "out its own memory.",
    "begins anew": "After a second forward and backward the gradients are others: they begin anew with each batch.",
}

_HINTS = (
    "Whose arrays are x, dy and y, and who may write into them between forward and backward?",
    "x, dy: read only.   self.x, self.y: no one else's memory.   every output: the dtype of the input",
    "self.x = x.copy(); return self.y.copy(); dz = dy * (self.y > 0); self.dbias = dz.sum(axis=0)",
)

EXERCISES = (
    Exercise(
        name="contract",
        title="Gradients right, layer still wrong",
        run=_run,
        cases=_cases,
        hints=_HINTS,
        slopes=(Slope("dx", "x", _loss), Slope("dkernel", "kernel", _loss), Slope("dbias", "bias", _loss)),
        promises=_PROMISES,
        slips=slips(
            "Dense",
            _HINTS,
            x_by_reference=(_ByReference, "self.x = x keeps the caller's array, who may fill it with the next batch."),
            own_memory_handed_out=(
                _OwnMemory,
                "forward returns self.y itself: whoever writes into it writes into what backward reads.",
            ),
            dy_changed=(_ChangesDy, "dy[…] = 0 writes into the caller's array: make a new one, dy * (self.y > 0)."),
            promoted=(_Promotes, "np.zeros makes float64 if it is not told otherwise: give it the dtype of dy."),
            x_changed=(_ChangesX, "forward writes into x, which is the caller's."),
            added_to_the_last_batch=(
                _AddsUp,
                "The gradients are added to those of the batch before: they are this batch's alone.",
            ),
        ),
        shapes={"y": "(N, U)", "dx": "(N, D)", "dkernel": "(D, U)", "dbias": "(U,)"},
    ),
)
