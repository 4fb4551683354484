"""batchnorm-backward: everyone reaches everyone."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.learn.calling import calling
from scratchnet.learn.exercise import Case, Exercise, Slope
from scratchnet.learn.exercises.slipping import slips
from scratchnet.typing import Array

_EPSILON = 1e-3


def _normalized(x: Array) -> tuple[Array, Array]:
    sigma = np.sqrt(x.var(axis=0) + _EPSILON)
    return (x - x.mean(axis=0)) / sigma, sigma


def _loss(dy: Array, gamma: Array, beta: Array, x: Array, **_: Any) -> Any:
    return (dy * (gamma * _normalized(x)[0] + beta)).sum()


def _cases(random: np.random.Generator) -> list[Case]:
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
        dgamma, dbeta = (dy * self.beside_dy(x_hat)).sum(axis=0), dy.sum(axis=0)
        M = dy.dtype.type(self.count(*dy.shape))
        inner = dy - self.keep_mean * dbeta / M - self.keep_variance * self.along(x_hat) * dgamma / M
        return self.returned(
            self.scaled(inner, gamma, sigma), self.gradient(dgamma, len(dy)), self.gradient(dbeta, len(dy))
        )

    keep_mean = keep_variance = 1

    def count(self, M: int, C: int) -> float:
        return M

    def beside_dy(self, x_hat: Array) -> Array:
        return x_hat

    def along(self, x_hat: Array) -> Array:
        return x_hat

    def returned(self, dx: Array, dgamma: Array, dbeta: Array) -> tuple[Array, Array, Array]:
        return dx, dgamma, dbeta

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
    def count(self, M: int, C: int) -> float:
        return M - 1


class _NotDividedByM(_Norm):
    def count(self, M: int, C: int) -> float:
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


class _RootOfSigma(_Norm):
    def scaled(self, inner: Array, gamma: Array, sigma: Array) -> Array:
        return gamma / np.sqrt(sigma) * inner


class _Added(_Norm):
    keep_mean = keep_variance = -1


class _CountsAll(_Norm):
    def count(self, M: int, C: int) -> float:
        return M * C


class _XHatForgotten(_Norm):
    def along(self, x_hat: Array) -> Array:
        return np.ones_like(x_hat)


class _XHatForgottenInDgamma(_Norm):
    def beside_dy(self, x_hat: Array) -> Array:
        return np.ones_like(x_hat)


class _Exchanged(_Norm):
    def returned(self, dx: Array, dgamma: Array, dbeta: Array) -> tuple[Array, Array, Array]:
        return dx, dbeta, dgamma


class _Means(_Norm):
    def gradient(self, total: Array, M: int) -> Array:
        return total / total.dtype.type(M)


_HINTS = (
    "On how many ways does x[m] reach the loss? Through x̂[m] directly, and through two numbers of the whole batch.",
    "dx[m] = γ/σ · (dy[m] - 1/M Σ dy - x̂[m] · 1/M Σ dy x̂)",
    "dbeta = dy.sum(axis=0); dgamma = (dy * x_hat).sum(axis=0); gamma / sigma * (dy - dbeta / M - x_hat * dgamma / M)",
)

EXERCISES = (
    Exercise(
        name="batchnorm-backward",
        title="Batch normalization: everyone reaches everyone",
        run=calling("backward", "dx", "dgamma", "dbeta"),
        cases=_cases,
        hints=_HINTS,
        slopes=(
            Slope("dx", "x", _loss),
            Slope("dgamma", "gamma", _loss),
            Slope("dbeta", "beta", _loss),
        ),
        slips=slips(
            "backward",
            _HINTS,
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
            root_of_sigma=(_RootOfSigma(), "dx is divided by √σ: σ = √(var + ε) is handed in, with the root taken."),
            added_to_dy=(_Added(), "The two sums are added to dy: they are taken out of it."),
            counts_all=(_CountsAll(), "The sums are divided by M·C: a channel has M numbers, len(dy)."),
            x_hat_forgotten=(
                _XHatForgotten(),
                "x̂[m] is missing in dx: what comes back through var is in proportion to x̂[m].",
            ),
            x_hat_forgotten_in_dgamma=(
                _XHatForgottenInDgamma(),
                "x̂[m] is missing in dgamma: γ is multiplied by it in y[m] = γ x̂[m] + β.",
            ),
            exchanged=(_Exchanged(), "dgamma and dbeta are exchanged: dgamma is the one with x̂, and comes first."),
            gradients_are_means=(
                _Means(),
                "dgamma and dbeta: you divided by the batch here too; the loss has done it already.",
            ),
        ),
        shapes={"dx": "(M, C)", "dgamma": "(C,)", "dbeta": "(C,)"},
    ),
)
