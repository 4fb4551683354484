"""dropout, batchnorm-backward: layers that do something else in training than at inference."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.learn.calling import calling
from scratchnet.learn.exercise import Case, Exercise, Slope
from scratchnet.learn.exercises.slipping import slips
from scratchnet.learn.namespace import Namespace
from scratchnet.typing import Array

# dropout --------------------------------------------------------------------------------------------------------------


def _dropout_run(
    solution: Namespace, x: Array, dy: Array, draws: Array, rate: float, training: bool, before: bool
) -> dict[str, Any]:
    layer = solution.Dropout(rate)
    if before:  # a batch of another mode went through the same layer
        layer.forward(x, 1 - draws, not training)
        layer.backward(dy)
    return {"y": layer.forward(x, draws, training), "dx": layer.backward(dy)}


def _dropout_cases(random: np.random.Generator) -> list[Case]:
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


def _dropout_kinks() -> list[Case]:
    x = np.array([1.0, -2, 3])
    shared = {"x": x, "dy": 2 * x, "draws": np.array([0.0, 0.5, 0.999]), "training": True, "before": False}
    return [Case("rate = 0", {**shared, "rate": 0.0}), Case("rate = 1", {**shared, "rate": 1.0})]


def _dropout_loss(x: Array, dy: Array, draws: Array, rate: float, training: bool, before: bool) -> Any:
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


_DROPOUT_HINTS = (
    "By what is each number multiplied in forward, and by what does backward have to multiply then?",
    "mask[i] = 0 if draws[i] < rate else 1/(1 - rate),   y[i] = x[i] mask[i],   dx[i] = dy[i] mask[i]",
    "self.mask = (draws >= rate) / (1 - rate) in training, all 1 at inference; x * self.mask; dy * self.mask",
)

# batchnorm-backward ---------------------------------------------------------------------------------------------------

_EPSILON = 1e-3


def _normalized(x: Array) -> tuple[Array, Array]:
    sigma = np.sqrt(x.var(axis=0) + _EPSILON)
    return (x - x.mean(axis=0)) / sigma, sigma


def _norm_loss(dy: Array, gamma: Array, beta: Array, x: Array, **_: Any) -> Any:
    return (dy * (gamma * _normalized(x)[0] + beta)).sum()


def _norm_cases(random: np.random.Generator) -> list[Case]:
    inputs = {
        "dy": np.array([[1.0], [0], [0], [0]]),
        "x_hat": np.array([[-1.0], [-1], [1], [1]]),
        "sigma": np.array([2.0]),
        "gamma": np.array([4.0]),
    }
    outputs = {"dx": np.array([[1.0], [-1], [0], [0]]), "dgamma": np.array([-1.0]), "dbeta": np.array([1.0])}
    cases = [Case("the worked number", inputs, outputs, slopes=False)]
    for M, C in ((5, 3), (8, 2), (3, 3)):
        x = 2 * random.normal(size=(M, C)) + 1
        x_hat, sigma = _normalized(x)
        arrays = {"dy": random.normal(size=(M, C)), "x_hat": x_hat, "sigma": sigma, "gamma": random.normal(size=C)}
        cases.append(Case(f"M = {M}, C = {C}", arrays, given={"x": x, "beta": random.normal(size=C)}))
    return cases


class _Norm:
    """The backward pass taken apart, for mistakes to replace one part."""

    def __call__(self, dy: Array, x_hat: Array, sigma: Array, gamma: Array) -> tuple[Array, Array, Array]:
        dgamma, dbeta = (dy * x_hat).sum(axis=0), dy.sum(axis=0)
        M = dy.dtype.type(self.count(len(dy)))
        inner = dy - self.keep_mean * dbeta / M - self.keep_variance * x_hat * dgamma / M
        return self.scaled(inner, gamma, sigma), self.gradient(dgamma, len(dy)), self.gradient(dbeta, len(dy))

    keep_mean = keep_variance = 1

    def count(self, M: int) -> float:
        return M

    def scaled(self, inner: Array, gamma: Array, sigma: Array) -> Array:
        return gamma / sigma * inner

    def gradient(self, total: Array, M: int) -> Array:
        return total


class _MeanConstant(_Norm):
    keep_mean = 0


class _VarianceConstant(_Norm):
    keep_variance = 0


class _BothConstant(_Norm):
    keep_mean = keep_variance = 0


class _OneLess(_Norm):
    def count(self, M: int) -> float:
        return M - 1


class _NotDividedByM(_Norm):
    def count(self, M: int) -> float:
        return 1


class _NoGamma(_Norm):
    def scaled(self, inner: Array, gamma: Array, sigma: Array) -> Array:
        return inner / sigma


class _NoSigma(_Norm):
    def scaled(self, inner: Array, gamma: Array, sigma: Array) -> Array:
        return gamma * inner


class _TimesSigma(_Norm):
    def scaled(self, inner: Array, gamma: Array, sigma: Array) -> Array:
        return gamma * sigma * inner


class _SigmaSquared(_Norm):
    def scaled(self, inner: Array, gamma: Array, sigma: Array) -> Array:
        return gamma / sigma**2 * inner


class _Means(_Norm):
    def gradient(self, total: Array, M: int) -> Array:
        return total / total.dtype.type(M)


_NORM_HINTS = (
    "On how many ways does x[m] reach the loss? Through x̂[m] directly, and through two numbers of the whole batch.",
    "dx[m] = γ/σ · (dy[m] - 1/M Σ dy - x̂[m] · 1/M Σ dy x̂)",
    "dbeta = dy.sum(axis=0); dgamma = (dy * x_hat).sum(axis=0); gamma / sigma * (dy - dbeta / M - x_hat * dgamma / M)",
)

EXERCISES = (
    Exercise(
        name="dropout",
        title="Random, yet the same mask on the way back",
        run=_dropout_run,
        cases=_dropout_cases,
        hints=_DROPOUT_HINTS,
        slopes=(Slope("dx", "x", _dropout_loss),),
        kinks=_dropout_kinks,
        slips=slips(
            "Dropout",
            _DROPOUT_HINTS,
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
    Exercise(
        name="batchnorm-backward",
        title="Batch normalization: everyone reaches everyone",
        run=calling("backward", "dx", "dgamma", "dbeta"),
        cases=_norm_cases,
        hints=_NORM_HINTS,
        slopes=(
            Slope("dx", "x", _norm_loss),
            Slope("dgamma", "gamma", _norm_loss),
            Slope("dbeta", "beta", _norm_loss),
        ),
        slips=slips(
            "backward",
            _NORM_HINTS,
            mean_taken_as_constant=(
                _MeanConstant(),
                "The mean is taken as a constant: it moves with every x of the channel.",
            ),
            variance_taken_as_constant=(
                _VarianceConstant(),
                "The variance is taken as a constant: it moves with every x of the channel.",
            ),
            both_taken_as_constants=(
                _BothConstant(),
                "Mean and variance are taken as constants: so it is at inference, but in training they move with x.",
            ),
            divided_by_m_minus_one=(_OneLess(), "It is divided by M - 1: forward's mean and variance divide by M."),
            not_divided_by_m=(_NotDividedByM(), "1/M is missing before the sums: it comes from mean and variance."),
            gamma_forgotten=(_NoGamma(), "gamma is missing in dx: y = γ x̂ + β, so dx̂ = γ dy."),
            sigma_forgotten=(_NoSigma(), "1/σ is missing in dx: x̂ = (x - mean)/σ."),
            times_sigma=(_TimesSigma(), "dx is multiplied by σ: it is divided by it."),
            sigma_squared=(_SigmaSquared(), "dx is divided by σ²: once is enough."),
            gradients_are_means=(
                _Means(),
                "dgamma and dbeta: you divided by the batch here too; the loss has done it already.",
            ),
        ),
        shapes={"dx": "(M, C)", "dgamma": "(C,)", "dbeta": "(C,)"},
    ),
)
