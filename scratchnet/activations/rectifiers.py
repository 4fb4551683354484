"""Functions made of straight pieces, and those that leave a positive x as it is: linear, ReLU and its relatives."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from scratchnet.activations.function import ActivationFunction
from scratchnet.typing import Array
from scratchnet.utils.numbers import real_number


class Linear(ActivationFunction):
    """y = x, hence dx = dy (1)."""

    name = "linear"

    def forward(self, x: Array) -> Array:
        """Return x itself, copied."""
        return x.copy()

    def backward(self, dy: Array, y: Array) -> Array:
        """Return dy itself, copied."""
        return dy.copy()  # (1)


class ReLU(ActivationFunction):
    """y = max(x, 0). The slope is 1 where x > 0, else 0; at the kink x = 0 we take 0, as every framework does.

    That is with the default arguments. In general y is made of three straight pieces:

        y = negative_slope·(x - threshold)   for x ≤ threshold, there y ≤ 0
        y = x                                above it, there y > 0
        y = max_value                        where x is larger than that

    so the slope is 1 on the middle piece, where 0 < y < max_value (1), and 0 above it, the corner included, as in
    TensorFlow's relu6; and it is negative_slope below (2).
    """

    name = "relu"

    def __init__(self, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> None:
        self.negative_slope = real_number("negative_slope of ReLU", negative_slope, 0)
        self.threshold = real_number("threshold of ReLU", threshold, 0)
        self.max_value = None
        if max_value is not None:
            self.max_value = real_number("max_value of ReLU", max_value, 0, open_ends="least")

    def forward(self, x: Array) -> Array:
        """Return x cut off below threshold and above max_value."""
        below = self.negative_slope * (x - self.threshold) if self.negative_slope else 0
        y = np.where(x <= self.threshold, below, x)
        return y if self.max_value is None else np.minimum(y, self.max_value)

    def backward(self, dy: Array, y: Array) -> Array:
        """Let dy through where x came through, which is where y is positive, and leak a part of it elsewhere."""
        through = dy if self.max_value is None else np.where(y < self.max_value, dy, 0)  # (1)
        return np.where(y > 0, through, self.negative_slope * dy if self.negative_slope else 0)  # (2)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal function."""
        return {
            "negative_slope": self.negative_slope,
            "max_value": self.max_value,
            "threshold": self.threshold,
        }


class LeakyReLU(ActivationFunction):
    """y = x for x > 0, else negative_slope·x: a ReLU that lets a part of the gradient through when it is off.

    dy/dx = 1 where y > 0, which is where x is, else negative_slope (1).
    """

    name = "leaky_relu"

    def __init__(self, negative_slope: float = 0.2) -> None:
        self.negative_slope = real_number("negative_slope of LeakyReLU", negative_slope, 0)

    def forward(self, x: Array) -> Array:
        """Return x, scaled down where it is negative."""
        return np.where(x > 0, x, self.negative_slope * x)

    def backward(self, dy: Array, y: Array) -> Array:
        """Return dy, scaled down where x was negative."""
        return np.where(y > 0, dy, self.negative_slope * dy)  # (1)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal function."""
        return {"negative_slope": self.negative_slope}


class ELU(ActivationFunction):
    """y = x for x > 0, else α(eˣ - 1): a ReLU that levels off at -α, without a corner if α = 1.

    dy/dx = 1 for x > 0, else α·eˣ = α(eˣ - 1) + α = y + α (1).
    """

    name = "elu"

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = real_number("alpha of ELU", alpha, 0)

    def forward(self, x: Array) -> Array:
        """Return elu of x. Only what is negative is put into the exponential, which cannot overflow then."""
        return np.where(x > 0, x, self.alpha * np.expm1(np.minimum(x, 0)))

    def backward(self, dy: Array, y: Array) -> Array:
        """Multiply by the slope, 1 or y + α."""
        return np.where(y > 0, dy, dy * (y + self.alpha))  # (1)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal function."""
        return {"alpha": self.alpha}


class SELU(ActivationFunction):
    """y = λ·elu(x) with α = 1.673… and λ = 1.050…, chosen so that mean 0 and variance 1 stay so from layer to layer.

    dy/dx is λ times that of elu: λ for x ≥ 0, else λα·eˣ = λα(eˣ - 1) + λα = y + λα (1). At the corner x = 0
    either would do; TensorFlow takes the first.
    The two constants: Klambauer and others, "Self-Normalizing Neural Networks", 2017.
    """

    name = "selu"
    ALPHA: ClassVar[float] = 1.6732632423543772848170429916717
    SCALE: ClassVar[float] = 1.0507009873554804934193349852946

    def forward(self, x: Array) -> Array:
        """Return selu of x."""
        return self.SCALE * np.where(x > 0, x, self.ALPHA * np.expm1(np.minimum(x, 0)))

    def backward(self, dy: Array, y: Array) -> Array:
        """Multiply by the slope, λ or y + λα."""
        return dy * np.where(y < 0, y + self.SCALE * self.ALPHA, self.SCALE)  # (1)
