"""where-1-n-goes and softmax-cross-entropy: losses, and the only place where 1/N stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from scratchnet.learn.calling import calling
from scratchnet.learn.exercise import Case, Exercise, Slope
from scratchnet.learn.exercises.slipping import slips
from scratchnet.typing import Array

# where-1-n-goes -------------------------------------------------------------------------------------------------------


def _squares(x: Array, kernel: Array, t: Array) -> Any:
    return 0.5 * ((x @ kernel - t) ** 2).sum() / len(x)


def _square_cases(random: np.random.Generator) -> list[Case]:
    worked = {"x": np.array([[1.0], [2.0]]), "kernel": np.array([[3.0]]), "t": np.array([[1.0], [4.0]])}
    cases = [Case("the worked number", worked, {"loss": 2.0, "dkernel": np.array([[3.0]])})]
    for N, D, U in ((4, 3, 5), (6, 5, 2), (1, 2, 3)):
        arrays = {"x": (N, D), "kernel": (D, U), "t": (N, U)}
        inputs = {name: random.normal(size=shape) for name, shape in arrays.items()}
        cases.append(Case(f"N = {N}, D = {D}, U = {U}", inputs))
    return cases


def _square(
    loss: Callable[[Array], Any], dy: Callable[[Array], Array], times: Callable[[int], float] = lambda N: 1.0
) -> Callable[..., Any]:
    """Return a loss_and_dkernel of parts: both take y - t."""

    def loss_and_dkernel(x: Array, kernel: Array, t: Array) -> tuple[Any, Array]:
        difference = x @ kernel - t
        return loss(difference), x.T @ dy(difference) * x.dtype.type(times(len(x)))

    return loss_and_dkernel


def _mean(difference: Array) -> Any:
    return 0.5 * (difference**2).sum() / len(difference)


_SQUARE_HINTS = (
    "How often may 1/N appear on the way from the loss to the kernel, and where does it stand?",
    "L = 1/N Σ_n ½ Σ_u (y[n,u] - t[n,u])²,   dy[n,u] = (y[n,u] - t[n,u]) / N,   dkernel[d,u] = Σ_n x[n,d] dy[n,u]",
    "dy = (y - t) / len(x), then x.T @ dy as before",
)

WHERE = (
    Exercise(
        name="where-1-n-goes",
        title="A mean over the batch, divided once",
        run=calling("loss_and_dkernel", "loss", "dkernel"),
        cases=_square_cases,
        hints=_SQUARE_HINTS,
        slopes=(Slope("dkernel", "kernel", _squares),),
        slips=slips(
            "loss_and_dkernel",
            _SQUARE_HINTS,
            divided_twice=(
                _square(_mean, lambda d: d / len(d), lambda N: 1 / N),
                "dkernel: you divided by N here too; the loss has done it already.",
            ),
            never_divided=(
                _square(_mean, lambda d: d),
                "1/N is missing in dy: the loss is a mean over the batch, so each sample moves it by 1/N as much.",
            ),
            divided_by_entries=(
                _square(_mean, lambda d: d / d.size),
                "dy is divided by N·U: the loss here is a mean over the N samples, and a sum over the U units.",
            ),
            loss_a_mean_over_entries=(
                _square(lambda d: 0.5 * (d**2).mean(), lambda d: d / d.size),
                "Loss and gradient are means over all N·U numbers: here it is 1/N Σ_n ½ Σ_u, divided by N only.",
            ),
            loss_a_sum=(
                _square(lambda d: 0.5 * (d**2).sum(), lambda d: d),
                "Loss and gradient are sums over the batch: here the loss is a mean, 1/N Σ_n.",
            ),
            half_forgotten=(
                _square(_mean, lambda d: 2 * d / len(d)),
                "dkernel is twice as large as it should be: the ½ of the loss takes the 2 of the square away.",
            ),
            sign_turned=(
                _square(_mean, lambda d: -d / len(d)),
                "The sign is turned: the slope of ½(y - t)² in y is y - t.",
            ),
        ),
        shapes={"dkernel": "(D, U)"},
    ),
)

# softmax-cross-entropy ------------------------------------------------------------------------------------------------


def _probabilities(z: Array) -> Array:
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def _cross_entropy(z: Array, labels: Array) -> Any:
    return -np.log(_probabilities(z)[np.arange(len(z)), labels]).mean()


def _entropy_cases(random: np.random.Generator) -> list[Case]:
    z = np.log([[1.0, 2.0, 5.0], [1.0, 1.0, 1.0]])
    dz = np.array([[1 / 16, 1 / 8, -3 / 16], [-1 / 3, 1 / 6, 1 / 6]])
    loss = (np.log(8 / 5) + np.log(3)) / 2
    cases = [Case("the worked number", {"z": z, "labels": np.array([2, 0])}, {"loss": loss, "dz": dz})]
    for N, K in ((4, 5), (7, 3), (5, 10)):
        cases.append(
            Case(f"N = {N}, K = {K}", {"z": 2 * random.normal(size=(N, K)), "labels": random.integers(0, K, N)})
        )
    return cases


def _entropy_kinks() -> list[Case]:
    large = np.array([[1000.0, 998.0, 0.0], [-1000.0, -1001.0, -1002.0]])
    return [Case("large numbers, 1000 and -1000", {"z": large, "labels": np.array([2, 1])})]


def _entropy(
    dz: Callable[[Array, Array], Array], loss: Callable[[Array], Any] = lambda losses: losses.mean()
) -> Callable[..., Any]:
    """Return a loss_and_dz of parts: ``dz`` gets probabilities and one-hot labels, ``loss`` that of each sample."""

    def loss_and_dz(z: Array, labels: Array) -> tuple[Any, Array]:
        y = _probabilities(z)
        one_hot = np.eye(z.shape[1], dtype=z.dtype)[labels]
        top = z.max(axis=1)
        losses = np.log(np.exp(z - top[:, None]).sum(axis=1)) + top - z[np.arange(len(z)), labels]
        return loss(losses), dz(y, one_hot)

    return loss_and_dz


def _every_row(z: Array, labels: Array) -> tuple[Any, Array]:
    loss, dz = _entropy(lambda y, hot: y)(z, labels)
    dz[:, labels] -= 1
    return loss, dz / len(z)


def _unstable(z: Array, labels: Array) -> tuple[Any, Array]:
    y = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    return -np.log(y[np.arange(len(z)), labels]).mean(), (y - np.eye(z.shape[1], dtype=z.dtype)[labels]) / len(z)


def _log_of_zero(z: Array, labels: Array) -> tuple[Any, Array]:
    y = _probabilities(z)
    return -np.log(y[np.arange(len(z)), labels]).mean(), (y - np.eye(z.shape[1], dtype=z.dtype)[labels]) / len(z)


_ENTROPY_HINTS = (
    "What does L feel if z[n,k] rises and k is the label, and what if it is not?",
    "L = 1/N Σ_n (log Σ_k exp z[n,k] - z[n,label n]),   dz[n,k] = (y[n,k] - 1 if k is the label) / N",
    "dz = y.copy(); dz[np.arange(N), labels] -= 1; dz /= N, with y from z - z.max(axis=1, keepdims=True); the loss "
    "from log Σ exp, not from the log of y",
)

CROSS_ENTROPY = (
    Exercise(
        name="softmax-cross-entropy",
        title="Two functions whose slopes cancel to y - t",
        run=calling("loss_and_dz", "loss", "dz"),
        cases=_entropy_cases,
        hints=_ENTROPY_HINTS,
        slopes=(Slope("dz", "z", _cross_entropy),),
        kinks=_entropy_kinks,
        slips=slips(
            "loss_and_dz",
            _ENTROPY_HINTS,
            never_divided=(
                _entropy(lambda y, hot: y - hot),
                "1/N is missing in dz: the loss is a mean over the batch, and this is where it divides.",
            ),
            divided_twice=(_entropy(lambda y, hot: (y - hot) / len(y) ** 2), "dz is divided by N twice."),
            divided_by_entries=(
                _entropy(lambda y, hot: (y - hot) / y.size),
                "dz is divided by N·K: the loss is a mean over the N samples only.",
            ),
            label_forgotten=(
                _entropy(lambda y, hot: y / len(y)),
                "The label is missing in dz: at the label it is y - 1.",
            ),
            sign_turned=(
                _entropy(lambda y, hot: (hot - y) / len(y)),
                "The sign is turned: dz is y less the one-hot label.",
            ),
            one_taken_from_every_row=(
                _every_row,
                "dz[:, labels] takes 1 from these columns in every row: sample n has its own label, "
                "dz[np.arange(N), labels].",
            ),
            loss_a_sum=(
                _entropy(lambda y, hot: y - hot, lambda losses: losses.sum()),
                "Loss and gradient are sums over the batch: here the loss is a mean, 1/N Σ_n.",
            ),
            loss_negative=(
                _entropy(lambda y, hot: (y - hot) / len(y), lambda losses: -losses.mean()),
                "The loss has the wrong sign: it is -log of a probability, and that is never negative.",
            ),
            largest_not_taken_off=(
                _unstable,
                "exp(1000) is infinite: take each row's largest z off first, which leaves the quotient as it is.",
            ),
            log_of_zero=(
                _log_of_zero,
                "The log of a probability that was rounded to 0 is infinite: log y = z - log Σ exp z, from z itself.",
            ),
        ),
        shapes={"dz": "(N, K)"},
    ),
)
