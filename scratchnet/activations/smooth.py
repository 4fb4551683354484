"""The bent ones: sigmoid and tanh, exponential and softplus, and what weighs x by such a curve, SiLU and GELU."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from scratchnet.activations.function import ActivationFunction
from scratchnet.typing import Array
from scratchnet.utils.numbers import true_or_false


class Sigmoid(ActivationFunction):
    """y = 1 / (1 + e⁻ˣ).

    dy/dx = e⁻ˣ / (1 + e⁻ˣ)², and since 1 - y = e⁻ˣ / (1 + e⁻ˣ), this is y·(1 - y) (1).
    """

    name = "sigmoid"

    def forward(self, x: Array) -> Array:
        """Return the sigmoid of x, without overflow: with e = e^(-|x|) it is 1/(1+e) or, for x < 0, e/(1+e)."""
        e = np.exp(-np.abs(x))
        return np.where(x >= 0, 1, e) / (1 + e)

    def backward(self, dy: Array, y: Array) -> Array:
        """Multiply by the slope y(1 - y)."""
        return dy * y * (1 - y)  # (1)


class HardSigmoid(ActivationFunction):
    """y = x/6 + 1/2, cut off at 0 and 1: a sigmoid of three straight pieces, without an exponential.

    dy/dx = 1/6 where 0 < y < 1, else 0; and 0 at both corners (1).
    """

    name = "hard_sigmoid"

    def forward(self, x: Array) -> Array:
        """Return x/6 + 1/2, cut off."""
        return np.clip(x + 3, 0, 6) / 6

    def backward(self, dy: Array, y: Array) -> Array:
        """Let a sixth of dy through between the corners."""
        return np.where((y > 0) & (y < 1), dy / 6, 0)  # (1)


class Tanh(ActivationFunction):
    """y = tanh x = sinh x / cosh x; by the quotient rule dy/dx = 1 - sinh²x / cosh²x = 1 - y² (1)."""

    name = "tanh"

    def forward(self, x: Array) -> Array:
        """Return tanh of x."""
        return np.tanh(x)

    def backward(self, dy: Array, y: Array) -> Array:
        """Multiply by the slope 1 - y²."""
        return dy * (1 - y * y)  # (1)


class Exponential(ActivationFunction):
    """y = eˣ, which is its own derivative: dy/dx = y (1)."""

    name = "exponential"

    def forward(self, x: Array) -> Array:
        """Return eˣ."""
        return np.exp(x)

    def backward(self, dy: Array, y: Array) -> Array:
        """Multiply by the slope y."""
        return dy * y  # (1)


class Softplus(ActivationFunction):
    """y = log(1 + eˣ), a ReLU with a round corner.

    dy/dx = eˣ / (1 + eˣ), the sigmoid. Since 1 + eˣ = e^y, this is (e^y - 1) / e^y = 1 - e^(-y) (1).
    """

    name = "softplus"

    def forward(self, x: Array) -> Array:
        """Return log(e⁰ + eˣ), which ``logaddexp`` works out without overflow."""
        return np.logaddexp(x, 0)

    def backward(self, dy: Array, y: Array) -> Array:
        """Multiply by the slope; ``expm1`` keeps the digits of a small one."""
        return dy * -np.expm1(-y)  # (1)


class SiLU(ActivationFunction):
    """y = x·s with s = sigmoid(x), also called swish.

    By the product rule, and with ds/dx = s(1 - s): dy/dx = s + x·s(1 - s) (1). It needs x: y falls and rises again, so
    one y belongs to two different x.
    """

    name = "silu"
    needs_input = True

    def forward(self, x: Array) -> Array:
        """Return x·sigmoid(x)."""
        return x * Sigmoid().forward(x)

    def backward(self, dy: Array, y: Array, x: Array) -> Array:  # type: ignore[override]
        """Multiply by the slope."""
        s = Sigmoid().forward(x)
        return dy * (s + x * s * (1 - s))  # (1)


class GELU(ActivationFunction):
    """y = x·Φ(x): x times the probability that a standard normal number is below x.

    Φ(x) = (1 + erf(x/√2)) / 2, and its derivative is the density φ(x) = e^(-x²/2) / √(2π) (1). By the product rule

        dy/dx = Φ(x) + x·φ(x)                                                             (2)

    ``approximate=True`` takes (1 + tanh u)/2 for Φ, with u = √(2/π)(x + 0.044715x³). Its derivative, to stand for φ, is
    (1 - tanh²u)/2 · du/dx with du/dx = √(2/π)(1 + 3·0.044715x²) (3). Like silu, it needs x.

    Source: Hendrycks and Gimpel, "Gaussian Error Linear Units", 2016.
    """

    name = "gelu"
    needs_input = True

    def __init__(self, approximate: bool = False) -> None:
        self.approximate = true_or_false("approximate of GELU", approximate)

    def forward(self, x: Array) -> Array:
        """Return x·Φ(x)."""
        return x * self._probability_and_density(x)[0]

    def backward(self, dy: Array, y: Array, x: Array) -> Array:  # type: ignore[override]
        """Multiply by the slope Φ + x·φ."""
        probability, density = self._probability_and_density(x)
        return dy * (probability + x * density)  # (2)

    def _probability_and_density(self, x: Array) -> tuple[Array, Array]:
        """Return Φ(x) and φ(x), or what is taken for them."""
        if not self.approximate:
            from scipy.special import erf  # here, since it takes a while to load

            return (1 + erf(x / math.sqrt(2))) / 2, np.exp(-x * x / 2) / math.sqrt(2 * math.pi)  # (1)
        c, k = math.sqrt(2 / math.pi), 0.044715
        t = np.tanh(c * (x + k * x * x * x))
        return (1 + t) / 2, (1 - t * t) / 2 * c * (1 + 3 * k * x * x)  # (3)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal function."""
        return {"approximate": self.approximate}
