"""Activations with one mistake each, as layers of their own; the commonest are those of the library's catalogue."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet import activations
from scratchnet.layers import Activation, ReLU, Softmax
from scratchnet.learn.mistakes.softmax import SoftmaxWithoutOffDiagonal as SoftmaxWithoutOffDiagonal
from tests.mutants.catalogue import adopt, layer

Array = Any

adopt("layer", "activations", "softmax", "sigmoid", "tanh", "relu")


@layer((4, 6), "linear")
class LinearReturnsTheSameArray(Activation):
    """backward hands on dy itself, so two layers write into one array."""

    def backward(self, dy: Array) -> Array:
        return dy


class _Swish(activations.ActivationFunction):
    name = "swish"

    def forward(self, x: Array) -> Array:
        self._s = 1 / (1 + np.exp(-x))
        return x * self._s

    def backward(self, dy: Array, y: Array) -> Array:
        return dy * self._s


@layer((4, 6), _Swish())
class ProductRuleHalf(Activation):
    """x·sigmoid(x) is differentiated as if the sigmoid were constant: half of the product rule is missing."""


class _WrongSlope(Activation):
    """A function of the library with a slope of its own, which the subclasses get wrong."""

    function: str
    slope: Any  # of a subclass: takes x and y

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(self.function, **kwargs)

    def forward(self, x: Array, training: bool = False) -> Array:
        self._own_x = x.copy()
        return super().forward(x, training)

    def backward(self, dy: Array) -> Array:
        return dy * self.slope(self._own_x, self._y)


@layer((4, 6))
class LeakyReLUDoesNotLeakBackward(_WrongSlope):
    """backward lets nothing through where x was negative, as a plain ReLU."""

    function = "leaky_relu"

    def slope(self, x: Array, y: Array) -> Array:
        return (y > 0).astype(y.dtype)


@layer((4, 6))
class ELUWithoutAlpha(_WrongSlope):
    """The slope α·eˣ = y + α is taken as y."""

    function = "elu"

    def slope(self, x: Array, y: Array) -> Array:
        return np.where(y > 0, 1, y).astype(y.dtype)


@layer((4, 6))
class SELUUnscaled(_WrongSlope):
    """The scale λ is forgotten where x is positive."""

    function = "selu"

    def slope(self, x: Array, y: Array) -> Array:
        return np.where(y < 0, y + 1.0507009873554805 * 1.6732632423543772, 1).astype(y.dtype)


@layer((4, 6))
class HardSigmoidOfSlopeOne(_WrongSlope):
    """The sixth is forgotten: dy goes through whole between the corners."""

    function = "hard_sigmoid"

    def slope(self, x: Array, y: Array) -> Array:
        return ((y > 0) & (y < 1)).astype(y.dtype)


@layer((4, 6))
class SoftplusOfTheOutput(_WrongSlope):
    """The slope is taken as the sigmoid of y in place of x."""

    function = "softplus"

    def slope(self, x: Array, y: Array) -> Array:
        return 1 / (1 + np.exp(-y))


@layer((4, 6))
class SiLUAsASigmoid(_WrongSlope):
    """The slope is the sigmoid alone: the product rule's second term is missing."""

    function = "silu"

    def slope(self, x: Array, y: Array) -> Array:
        return activations.sigmoid(x)


@layer((4, 6))
class GELUWithoutTheDensity(_WrongSlope):
    """The slope is Φ(x) alone: x·φ(x) is missing."""

    function = "gelu"

    def slope(self, x: Array, y: Array) -> Array:
        return y / x


@layer((4, 6))
class GELUOfTheOther(_WrongSlope):
    """forward is exact, backward differentiates the approximation."""

    function = "gelu"

    def backward(self, dy: Array) -> Array:
        return activations.GELU(approximate=True).backward(dy, self._y, self._own_x)


@layer((4, 6))
class LogSoftmaxSubtractsTheOutput(_WrongSlope):
    """Σ dy is weighted with y in place of e^y, the probabilities."""

    function = "log_softmax"

    def backward(self, dy: Array) -> Array:
        return dy - self._y * dy.sum(axis=-1, keepdims=True)


@layer((4, 6))
class LogSoftmaxAsALogarithm(_WrongSlope):
    """The slope of the row's sum is forgotten: dx is dy."""

    function = "log_softmax"

    def backward(self, dy: Array) -> Array:
        return dy.copy()


@layer((4, 6), max_value=0.5)
class ReLUForgetsItsRoof(ReLU):
    """dy goes through above max_value, too, where y no longer moves."""

    def backward(self, dy: Array) -> Array:
        return np.where(self._y > 0, dy, 0)


@layer((4, 6), negative_slope=0.25, threshold=0.5)
class ReLUThresholdAtZero(ReLU):
    """The line below the threshold goes through the origin in place of meeting zero at the threshold."""

    def forward(self, x: Array, training: bool = False) -> Array:
        self._y = np.where(x > self.activation.threshold, x, self.activation.negative_slope * x)
        return self._y.copy()


@layer((4, 3, 5), axis=(1, 2))
class SoftmaxAlongOneAxisOnly(Softmax):
    """The sum of dy·y is taken along the last axis, though a row lies along two."""

    def backward(self, dy: Array) -> Array:
        return self._y * (dy - (dy * self._y).sum(axis=-1, keepdims=True))
