"""bug-hunt: it trains, but it is wrong. Three rounds, with mistakes that a falling loss does not show."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from scratchnet.learn.calling import named
from scratchnet.learn.exercise import Case, Exercise, Slip, Slope
from scratchnet.learn.exercises.corners import away_from_corners
from scratchnet.learn.namespace import Namespace, NotAsked
from scratchnet.typing import Array

EPSILON = 1e-3
Gradients = dict[str, Array]


def _run(solution: Namespace, round: int, x: Array, labels: Array, **params: Array) -> dict[str, Any]:
    function = f"round_{round}"
    result = named(getattr(solution, function)(params, x, labels), function, "loss", "gradients")
    gradients = result["gradients"]
    if not isinstance(gradients, dict) or gradients.keys() != params.keys():
        raise NotAsked(f"{function} should return the loss and a dictionary of gradients: {', '.join(params)}.")
    return {"loss": result["loss"], **{f"d{name}": gradient for name, gradient in gradients.items()}}


def _loss(round: int, x: Array, labels: Array, **params: Array) -> Any:
    return backpropagated(params, x, labels, normalized=round == 3)[0]


def backpropagated(
    params: Gradients, x: Array, labels: Array, normalized: bool = False, bug: str = ""
) -> tuple[float, Gradients]:
    """Return loss and gradients of a network with one hidden layer, with a mistake if one is named.

    Args:
        params: kernel1 (D, H), kernel2 (H, K), bias2 (K,), and bias1 (H,), or gamma and beta (H,) if ``normalized``.
        x, labels: (N, D), (N,).
        normalized: whether the hidden layer has a batch normalization in place of a bias.
        bug: gate-forgotten, divided-twice or constants; or a wrong mend, gate-of-gradient, multiplied, mean-constant or
            variance-constant.
    """
    N, rows = len(x), np.arange(len(x))
    z1 = x @ params["kernel1"]
    if normalized:
        sigma = np.sqrt(z1.var(axis=0) + EPSILON)
        x_hat = (z1 - z1.mean(axis=0)) / sigma
        z1 = params["gamma"] * x_hat + params["beta"]
    else:
        z1 = z1 + params["bias1"]
    h = np.maximum(z1, 0)
    z2 = h @ params["kernel2"] + params["bias2"]
    e = np.exp(z2 - z2.max(axis=1, keepdims=True))
    y = e / e.sum(axis=1, keepdims=True)
    loss = -np.log(y[rows, labels]).mean()
    dz2 = y.copy()
    dz2[rows, labels] -= 1
    dz2 /= N
    dh = dz2 @ params["kernel2"].T
    gate = {"gate-forgotten": np.ones_like(dh), "gate-of-gradient": dh > 0}.get(bug, z1 > 0)
    dz1 = dh * gate
    gradients = {"kernel2": h.T @ dz2, "bias2": dz2.sum(axis=0)}
    if normalized:
        dgamma, dbeta = (dz1 * x_hat).sum(axis=0), dz1.sum(axis=0)
        gradients |= {"gamma": dgamma, "beta": dbeta}
        mean = 0 if bug in ("constants", "mean-constant") else dbeta / N
        along = 0 if bug in ("constants", "variance-constant") else x_hat * dgamma / N
        dz1 = params["gamma"] / sigma * (dz1 - mean - along)
    else:
        gradients["bias1"] = dz1.sum(axis=0)
    factor = {"divided-twice": 1 / N, "multiplied": N}.get(bug, 1)
    gradients["kernel1"] = x.T @ dz1 * x.dtype.type(factor)
    return loss, gradients


def start(random: np.random.Generator, D: int, H: int, K: int, normalized: bool) -> Gradients:
    """Return the parameters that a network begins with."""
    params = {
        "kernel1": random.normal(size=(D, H)) / np.sqrt(D),
        "kernel2": random.normal(size=(H, K)) / np.sqrt(H),
        "bias2": np.zeros(K),
    }
    more = {"gamma": np.ones(H), "beta": np.zeros(H)} if normalized else {"bias1": np.zeros(H)}
    return {**params, **more}


def _drawn(random: np.random.Generator, round: int, N: int, D: int, H: int, K: int) -> dict[str, Any]:
    params = start(random, D, H, K, normalized=round == 3)
    params = {name: array + 0.1 * random.normal(size=array.shape) for name, array in params.items()}
    return {"round": round, "x": random.normal(size=(N, D)), "labels": random.integers(0, K, N), **params}


def _bent(inputs: dict[str, Any]) -> Array:
    z1 = inputs["x"] @ inputs["kernel1"]
    if inputs["round"] < 3:
        return z1 + inputs["bias1"]
    x_hat = (z1 - z1.mean(axis=0)) / np.sqrt(z1.var(axis=0) + EPSILON)
    return inputs["gamma"] * x_hat + inputs["beta"]


def _cases(random: np.random.Generator) -> list[Case]:
    cases = []
    for round in (1, 2, 3):
        for N, D, H, K in ((6, 4, 5, 3), (5, 3, 4, 4)):
            inputs = away_from_corners(partial(_drawn, random, round, N, D, H, K), _bent)
            cases.append(Case(f"round {round}: N = {N}, D = {D}, H = {H}, K = {K}", inputs))
    return cases


def _with(bug: str, normalized: bool = False) -> Any:
    return lambda params, x, labels: backpropagated(params, x, labels, normalized, bug)


PLANTED = {"round_1": _with("gate-forgotten"), "round_2": _with("divided-twice"), "round_3": _with("constants", True)}
"""The mistakes that learners find in their file."""

_HINTS = (
    "A falling loss proves nothing. What did you compare your gradients with, until now? Which of them is the first, "
    "back from the loss, that is wrong?",
    "round 1: dz1[n,h] = dh[n,h] if z1[n,h] > 0 else 0;   round 2: 1/N stands in dz2 and nowhere else;   round 3: mean "
    "and variance move with z1",
    "round 1: dz1 = dh * (z1 > 0);   round 2: x.T @ dz1;   round 3: gamma / sigma * (da - da.mean(axis=0) - "
    "x_hat * (da * x_hat).mean(axis=0))",
)
_LEFT = "Round {} still has its mistake, though it trains: compare its gradients with quotients, back from the loss."


def _slip(sentence: str, **names: Any) -> Slip:
    return Slip(sentence, *_HINTS, names=names)


_SLIPS = {
    "all-three-left": _slip("All three rounds still have their mistakes, though each of them trains.", **PLANTED),
    **{f"round-{i}-left": _slip(_LEFT.format(i), **{f"round_{i}": PLANTED[f"round_{i}"]}) for i in (1, 2, 3)},
    "round-1-mended-only": _slip(_LEFT.format("2 and round 3"), round_2=PLANTED["round_2"], round_3=PLANTED["round_3"]),
    "round-1-gate-of-gradient": _slip(
        "Round 1: the gate is set by z1, which forward let through or not, and not by dh.",
        round_1=_with("gate-of-gradient"),
    ),
    "round-2-mended-too-much": _slip(
        "Round 2: now dkernel1 is N times too large; the sum over n is all.", round_2=_with("multiplied")
    ),
    "round-3-variance-only": _slip(
        "Round 3: the variance moves now, the mean is still taken as a constant.",
        round_3=_with("mean-constant", True),
    ),
    "round-3-mean-only": _slip(
        "Round 3: the mean moves now, the variance is still taken as a constant.",
        round_3=_with("variance-constant", True),
    ),
}

EXERCISES = (
    Exercise(
        name="bug-hunt",
        title="It trains, but it is wrong: three rounds",
        run=_run,
        cases=_cases,
        hints=_HINTS,
        slopes=tuple(
            Slope(f"d{name}", name, _loss) for name in ("bias2", "kernel2", "gamma", "beta", "bias1", "kernel1")
        ),
        slips=_SLIPS,
        keeps_float32=False,
    ),
)
