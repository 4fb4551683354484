"""Activations with one mistake each, as layers of their own."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet import activations
from scratchnet.layers import Activation, ReLU, Softmax
from tests.mutants.catalogue import layer

Array = Any


@layer((4, 6))
class SoftmaxWithoutOffDiagonal(Softmax):
    """The softmax's Jacobian has only its diagonal, y(1 - y), as if it were a sigmoid."""

    def backward(self, dy: Array) -> Array:
        return dy * self._y * (1 - self._y)


@layer((4, 6))
class SoftmaxPlainSum(Softmax):
    """The row's Σ dy·y is taken as Σ dy."""

    def backward(self, dy: Array) -> Array:
        return self._y * (dy - dy.sum(axis=-1, keepdims=True))


@layer((4, 6))
class SoftmaxUnweightedMean(Softmax):
    """The row's Σ dy·y, a mean of dy weighted by y, is taken as the plain mean of dy."""

    def backward(self, dy: Array) -> Array:
        return self._y * (dy - dy.mean(axis=-1, keepdims=True))


@layer((4, 6))
class SoftmaxGradientThroughMean(Softmax):
    """The row's Σ dy·y is taken as its mean."""

    def backward(self, dy: Array) -> Array:
        return self._y * (dy - (dy * self._y).mean(axis=-1, keepdims=True))


@layer((4, 6))
class SoftmaxSumsTheBatch(Softmax):
    """backward sums over the batch in place of the classes."""

    def backward(self, dy: Array) -> Array:
        return self._y * (dy - (dy * self._y).sum(axis=0, keepdims=True))


@layer((4, 6))
class SoftmaxOverTheBatch(Softmax):
    """The softmax runs down the batch, forward and backward, so samples influence each other."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(axis=0, **kwargs)


@layer((4, 6))
class SoftmaxWithoutShift(Softmax):
    """The row's maximum is not taken off first: eˣ overflows."""

    def forward(self, x: Array, training: bool = False) -> Array:
        e = np.exp(x)
        self._y = e / e.sum(axis=-1, keepdims=True)
        return self._y.copy()


@layer((4, 6), "sigmoid")
class SigmoidOfTheOutput(Activation):
    """The sigmoid's slope is worked out at y in place of x."""

    def backward(self, dy: Array) -> Array:
        s = 1 / (1 + np.exp(-self._y))
        return dy * s * (1 - s)


@layer((4, 6), "sigmoid")
class SigmoidWithoutTheOther(Activation):
    """The sigmoid's slope is taken as y in place of y(1 - y)."""

    def backward(self, dy: Array) -> Array:
        return dy * self._y


@layer((4, 6), "sigmoid")
class SigmoidOverflows(Activation):
    """The sigmoid is eˣ / (1 + eˣ), which is inf / inf for large x."""

    def forward(self, x: Array, training: bool = False) -> Array:
        self._y = np.exp(x) / (1 + np.exp(x))
        return self._y.copy()


@layer((4, 6), "tanh")
class TanhNotSquared(Activation):
    """The slope of tanh is taken as 1 - y in place of 1 - y²."""

    def backward(self, dy: Array) -> Array:
        return dy * (1 - self._y)


@layer((4, 6))
class ReLUMaskFromGradient(ReLU):
    """Lets through what is positive in dy in place of what was positive in x."""

    def backward(self, dy: Array) -> Array:
        return np.maximum(dy, 0)


@layer((4, 6))
class ReLUGuided(ReLU):
    """Lets dy through only where both x and dy are positive, as in guided backpropagation."""

    def backward(self, dy: Array) -> Array:
        return np.where((self._y > 0) & (dy > 0), dy, 0)


@layer((4, 6))
class ReLUSlopeOneAtZero(ReLU):
    """The slope at 0 is taken as 1 (`>=` for `>`)."""

    def forward(self, x: Array, training: bool = False) -> Array:
        self._mask = x >= 0
        return super().forward(x, training)

    def backward(self, dy: Array) -> Array:
        return np.where(self._mask, dy, 0)


@layer((4, 6))
class ReLULeaksBackward(ReLU):
    """Where x was negative, a hundredth of dy leaks through; forward has no leak."""

    def backward(self, dy: Array) -> Array:
        return np.where(self._y > 0, dy, 0.01 * dy)


@layer((4, 6))
class ReLUInPlace(ReLU):
    """forward cuts x off in place, on the caller's array."""

    def forward(self, x: Array, training: bool = False) -> Array:
        self._y = np.maximum(x, 0, out=x)
        return self._y.copy()


@layer((4, 6))
class ReLUMasksInPlace(ReLU):
    """backward writes its zeros into dy, on the caller's array."""

    def backward(self, dy: Array) -> Array:
        dy[self._y <= 0] = 0
        return dy.copy()


@layer((4, 6))
class ReLUHandsOutItsMemory(ReLU):
    """forward returns the array that backward reads its mask from."""

    def forward(self, x: Array, training: bool = False) -> Array:
        self._y = np.maximum(x, 0)
        return self._y


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
