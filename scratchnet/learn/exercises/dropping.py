"""dropout: random, and yet the same mask on the way back."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.learn.exercise import Case, Exercise, Slope
from scratchnet.learn.exercises.slipping import slips
from scratchnet.learn.namespace import Namespace
from scratchnet.typing import Array


def _run(
    solution: Namespace, x: Array, dy: Array, draws: Array, rate: float, training: bool, before: bool
) -> dict[str, Any]:
    layer = solution.Dropout(rate)
    if before:  # a batch of another mode went through the same layer
        layer.forward(x, 1 - draws, not training)
        layer.backward(dy)
    return {"y": layer.forward(x, draws, training), "dx": layer.backward(dy)}


def _cases(random: np.random.Generator) -> list[Case]:
    worked = Case(
        "the worked number",
        {
            "x": np.array([1.0, 2, 3, 4]),
            "dy": np.array([1.0, 1, 1, 1]),
            "draws": np.array([0.1, 0.6, 0.5, 0.9]),
            "rate": 0.5,
            "training": True,
            "before": False,
        },
        {"y": np.array([0.0, 4, 6, 8]), "dx": np.array([0.0, 2, 2, 2])},
    )
    cases = [worked]
    for rate, training, before in ((0.3, True, False), (0.3, False, False), (0.2, False, True), (0.6, True, True)):
        arrays = {"x": random.normal(size=(4, 5)), "dy": random.normal(size=(4, 5)), "draws": random.random((4, 5))}
        label = f"rate = {rate}, {'training' if training else 'inference'}"
        cases.append(Case(label, {**arrays, "rate": rate, "training": training, "before": before}))
    return cases


def _kinks() -> list[Case]:
    x = np.array([1.0, -2, 3])
    shared = {"x": x, "dy": 2 * x, "draws": np.array([0.0, 0.5, 0.999]), "training": True, "before": False}
    return [Case("rate = 0", {**shared, "rate": 0.0}), Case("rate = 1", {**shared, "rate": 1.0})]


def _loss(x: Array, dy: Array, draws: Array, rate: float, training: bool, before: bool) -> Any:
    return (dy * x * ((draws >= rate) / (1 - rate) if training else 1)).sum()


class _Dropout:
    """Dropout taken apart, for mistakes to replace one part."""

    def __init__(self, rate: float) -> None:
        self.rate = rate

    def forward(self, x: Array, draws: Array, training: bool) -> Array:
        self.mask = (self.mask_of(draws) if training else self.at_inference(draws)).astype(x.dtype)
        return x * self.mask

    def backward(self, dy: Array) -> Array:
        return dy * self.mask

    def larger(self) -> float:
        return 1 / (1 - self.rate) if self.rate < 1 else 0.0

    def mask_of(self, draws: Array) -> Array:
        return (draws >= self.rate) * self.larger()

    def at_inference(self, draws: Array) -> Array:
        return np.ones_like(draws)


class _NotLarger(_Dropout):
    def larger(self) -> float:
        return 1.0


class _SmallerAtInference(_Dropout):
    def larger(self) -> float:
        return 1.0

    def at_inference(self, draws: Array) -> Array:
        return np.full_like(draws, 1 - self.rate)


class _KeepsWithRate(_Dropout):
    def mask_of(self, draws: Array) -> Array:
        return (draws < self.rate) * self.larger()


class _DividedByRate(_Dropout):
    def larger(self) -> float:
        return 1 / self.rate if self.rate else 1.0


class _AlwaysDrops(_Dropout):
    def at_inference(self, draws: Array) -> Array:
        return self.mask_of(draws)


class _Smaller(_Dropout):
    def larger(self) -> float:
        return 1 - self.rate


class _DropsTheEqual(_Dropout):
    def mask_of(self, draws: Array) -> Array:
        return (draws > self.rate) * self.larger()


class _BackwardPassesAll(_Dropout):
    def backward(self, dy: Array) -> Array:
        return dy.copy()


class _BackwardNotLarger(_Dropout):
    def backward(self, dy: Array) -> Array:
        return dy * (self.mask != 0)


class _OldMask(_Dropout):
    def forward(self, x: Array, draws: Array, training: bool) -> Array:
        if not training:
            self.mask = getattr(self, "mask", np.ones_like(x))
            return x.copy()
        return super().forward(x, draws, training)


class _RateOneDividesByZero(_Dropout):
    def larger(self) -> float:
        return float(1 / np.float64(1 - self.rate))


_HINTS = (
    "By what is each number multiplied in forward, and by what does backward have to multiply then?",
    "mask[i] = 0 if draws[i] < rate else 1/(1 - rate),   y[i] = x[i] mask[i],   dx[i] = dy[i] mask[i]",
    "self.mask = (draws >= rate) / (1 - rate) in training, all 1 at inference; x * self.mask; dy * self.mask",
)

EXERCISES = (
    Exercise(
        name="dropout",
        title="Random, yet the same mask on the way back",
        run=_run,
        cases=_cases,
        hints=_HINTS,
        slopes=(Slope("dx", "x", _loss),),
        kinks=_kinks,
        slips=slips(
            "Dropout",
            _HINTS,
            not_made_larger=(
                _NotLarger,
                "What stays is not made larger: with 1/(1 - rate) each number keeps its mean.",
            ),
            smaller_at_inference=(
                _SmallerAtInference,
                "It is made smaller at inference: here what stays is made larger in training, and inference does "
                "nothing.",
            ),
            keeps_with_rate=(_KeepsWithRate, "rate is the probability to be dropped, and this keeps with it."),
            divided_by_rate=(
                _DividedByRate,
                "What stays is divided by rate: it stays with probability 1 - rate, so divide by that.",
            ),
            multiplied=(
                _Smaller,
                "What stays is multiplied by 1 - rate: it is divided by it, so that each number keeps its mean.",
            ),
            drops_the_equal=(
                _DropsTheEqual,
                "A draw that equals rate is dropped: it stays, what is dropped has draws[i] < rate.",
            ),
            drops_at_inference=(_AlwaysDrops, "It drops at inference, too: there y = x."),
            backward_passes_all=(
                _BackwardPassesAll,
                "backward lets everything through: what was dropped had no part in the loss.",
            ),
            backward_not_larger=(
                _BackwardNotLarger,
                "backward forgets the factor 1/(1 - rate): it multiplies by the same mask as forward.",
            ),
            old_mask_at_inference=(
                _OldMask,
                "After an inference, backward still uses the mask of the training batch before.",
            ),
            rate_one_divides_by_zero=(
                _RateOneDividesByZero,
                "With rate = 1 it divides by zero, and 0 times infinity is no number: then all is 0.",
            ),
        ),
        shapes={"y": "x's shape", "dx": "x's shape"},
    ),
)
