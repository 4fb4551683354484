"""Dropout and GaussianNoise with one mistake each."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.layers import Dropout, GaussianNoise
from tests.mutants.catalogue import layer

Array = Any


@layer((6, 8), 0.4)
class DropoutPaysEverybody(Dropout):
    """The gradient passes as if nothing had been dropped."""

    def backward(self, dy: Array) -> Array:
        return dy.copy()


@layer((6, 8), 0.4)
class DropoutForgetsToEnlargeTheGradient(Dropout):
    """dx is dy where the number was kept, without the factor 1 / (1 - rate)."""

    def backward(self, dy: Array) -> Array:
        return dy * (self._mask > 0)


@layer((6, 8), 0.4)
class DropoutShrinksTheGradient(Dropout):
    """dx takes the factor 1 - rate, as if forward had divided."""

    def backward(self, dy: Array) -> Array:
        return dy * (self._mask > 0) * (1 - self.rate)


@layer((6, 8), 0.4)
class DropoutDrawsAgain(Dropout):
    """backward draws a mask of its own."""

    def backward(self, dy: Array) -> Array:
        return dy * (self.seed_generator.next().random(dy.shape) >= self.rate) / (1 - self.rate)


@layer((6, 8), 0.4)
class DropoutPaysWhereXIsNotZero(Dropout):
    """The mask is kept as the numbers that came out, so dx takes in the numbers themselves."""

    def backward(self, dy: Array) -> Array:
        return dy * self._y

    def forward(self, x: Array, training: bool = False) -> Array:
        self._y = super().forward(x, training)
        return self._y.copy()


@layer((6, 8), 0.4)
class DropoutInPlace(Dropout):
    """forward drops numbers in x itself."""

    def forward(self, x: Array, training: bool = False) -> Array:
        y = super().forward(x, training)
        x[...] = y
        return y


@layer((4, 5, 6), 0.4, noise_shape=(None, 1, None))
class DropoutSumsOverSharedDraws(Dropout):
    """Where one draw counts for several numbers, each of them gets the gradient of all."""

    def backward(self, dy: Array) -> Array:
        return np.broadcast_to((dy * self._mask).sum(axis=1, keepdims=True), dy.shape).copy()


@layer((6, 8), 0.3)
class NoiseInTheGradient(GaussianNoise):
    """The gradient gets noise as well."""

    def backward(self, dy: Array) -> Array:
        return dy + self.seed_generator.next().normal(0, self.stddev, dy.shape)


@layer((6, 8), 0.3)
class NoiseTimesTheInput(GaussianNoise):
    """The noise is a factor 1 + noise of each number, but the gradient stays that of a sum."""

    def forward(self, x: Array, training: bool = False) -> Array:
        return x * (1 + self.seed_generator.next().normal(0, self.stddev, x.shape).astype(x.dtype))


@layer((6, 8), 0.3)
class NoisePromotes(GaussianNoise):
    """The noise stays float64, as it was drawn, and makes float64 of float32."""

    def forward(self, x: Array, training: bool = False) -> Array:
        return x + self.seed_generator.next().normal(0, self.stddev, x.shape)


@layer((6, 8), 0.3)
class NoiseGradientIsDyItself(GaussianNoise):
    """backward returns dy itself, not a copy."""

    def backward(self, dy: Array) -> Array:
        return dy
