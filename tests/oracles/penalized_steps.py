"""Penalties and constraints over again, slowly: one function for the whole loss, and its slope by difference quotients.

The network: tanh(tanh(x·A)·A) through a frozen B to C, under the mean squared error; A is used twice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import numpy as np

import scratchnet as sn
from scratchnet import config, layers
from scratchnet.constraints import MaxNorm, NonNeg, UnitNorm
from scratchnet.regularizers import L1, L1L2, L2

Array = Any
STEPS, RATE, CLIP = 3, 0.125, 0.25
_RNG = np.random.default_rng(11)
X, Y = _RNG.standard_normal((5, 3)), _RNG.standard_normal((5, 2))
A, B, C = _RNG.standard_normal((3, 3)), _RNG.standard_normal((3, 3)), _RNG.standard_normal((3, 2))
C[1, 1] = 0.0  # on the corner of |w|, with a slope that is not clipped


def whole_loss(a: Array, c: Array) -> float:
    """Return the loss with all that is added to it, term by term."""
    first = np.tanh(X @ a)
    y = np.tanh(first @ a) @ B @ c
    total = sum((y[n, u] - Y[n, u]) ** 2 for n in range(5) for u in range(2)) / 10
    for w in a.ravel():  # A once, though it is used twice
        total += 0.125 * abs(w) + 0.25 * w**2
    for w in c.ravel():
        total += 0.125 * abs(w)
    return float(total)


def expected() -> tuple[list[float], Array, Array, Array]:
    """Return the losses of some steps of plain gradient descent, and the three kernels after them."""
    a, c, losses = A.copy(), C.copy(), []
    for _ in range(STEPS):
        losses.append(whole_loss(a, c))
        slopes = [np.zeros_like(a), np.zeros_like(c)]
        for w, slope in zip((a, c), slopes):
            for i in np.ndindex(w.shape):
                before, h = w[i], 1e-5
                w[i] = before + h
                above = whole_loss(a, c)
                w[i] = before - h
                slope[i] = (above - whole_loss(a, c)) / (2 * h)
                w[i] = before
        for w, slope in zip((a, c), slopes):
            w -= RATE * np.clip(slope, -CLIP, CLIP)
        a = projected(a, "max_norm", max_value=0.75, axis=0)
        c = projected(c, "unit_norm", axis=1)
    return losses, a, B, c


def projected(
    w: Array, name: str, axis: int = 0, max_value: float = 1.0, min_value: float = 0.0, rate: float = 1.0
) -> Array:
    """Return a constrained matrix, vector by vector."""
    if name == "non_neg":
        return np.array([[v if v > 0 else 0.0 for v in row] for row in w])
    result = w.copy()
    for vector in result.T if axis == 0 else result:
        length = sum(v * v for v in vector) ** 0.5
        near = min(max(length, min_value), max_value)
        wanted = {
            "max_norm": min(length, max_value),
            "unit_norm": 1.0,
            "min_max_norm": rate * near + (1 - rate) * length,
        }
        vector *= wanted[name] / (length + 1e-7)
    return result


def model() -> Any:
    """Return the network in scratchnet."""
    x = layers.Input((3,))
    shared = layers.Dense(
        3, "tanh", use_bias=False, kernel_regularizer=L1L2(0.125, 0.25), kernel_constraint=MaxNorm(0.75)
    )
    frozen = layers.Dense(3, use_bias=False, kernel_regularizer=L2(1.0), kernel_constraint=NonNeg(), trainable=False)
    last = layers.Dense(2, use_bias=False, kernel_regularizer=L1(0.125), kernel_constraint=UnitNorm(axis=1))
    made = sn.Model(x, last(frozen(shared(shared(x)))))
    made.set_weights([A, B, C])
    made.compile(sn.optimizers.SGD(RATE, clipvalue=CLIP), "mean_squared_error")
    return made


def trained(penalties: type) -> tuple[list[float], list[Array]]:
    """Return losses and weights of the same steps, with a class in the place of ``Penalties``."""
    before = config.floatx()
    config.set_floatx("float64")
    try:
        with patch("scratchnet.training.step.Penalties", penalties):
            made = model()
            return [made.train_on_batch(X, Y) for _ in range(STEPS)], made.get_weights()
    finally:
        config.set_floatx(before)


def check_penalties(penalties: type) -> str:
    """Return what differs from ``expected``; empty if nothing does."""
    losses, weights = trained(penalties)
    wanted, *kernels = expected()
    if not np.allclose(losses, wanted, rtol=1e-6, atol=1e-6):
        return f"the losses are {losses} in place of {wanted}"
    for name, w, kernel in zip("ABC", weights, kernels):
        if not np.allclose(w, kernel, rtol=1e-6, atol=1e-6):
            return f"{name} is {w} in place of {kernel}"
    return ""


def check_constraint(constraint: Callable[[Array], Array], name: str, options: dict[str, Any]) -> str:
    """Return what differs from ``projected``; empty if nothing does."""
    for w in (A, B, C, 0.1 * B, np.zeros((2, 3))):
        if not np.allclose(constraint(w), projected(w, name, **options), rtol=1e-9, atol=1e-9):
            return f"{w} becomes {constraint(w)} in place of {projected(w, name, **options)}"
    return ""
