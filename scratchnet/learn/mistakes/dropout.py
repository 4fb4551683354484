"""Dropout with one mistake each."""

from __future__ import annotations

from typing import Any

from scratchnet.layers import Dropout
from scratchnet.learn.mistakes.mistake import register
from scratchnet.learn.protocols.dropout import observe_dropout

Array = Any

dropout = register("dropout", observe_dropout, Dropout)


@dropout.mistake("dropout-pays-everybody", (6, 8), 0.4)
class DropoutPaysEverybody(Dropout):
    """The gradient passes as if nothing had been dropped."""

    def backward(self, dy: Array) -> Array:
        return dy.copy()


@dropout.mistake("dropout-forgets-to-enlarge-the-gradient", (6, 8), 0.4)
class DropoutForgetsToEnlargeTheGradient(Dropout):
    """dx is dy where the number was kept, without the factor 1 / (1 - rate)."""

    def backward(self, dy: Array) -> Array:
        return dy * (self._mask > 0)


@dropout.mistake("dropout-shrinks-the-gradient", (6, 8), 0.4)
class DropoutShrinksTheGradient(Dropout):
    """dx takes the factor 1 - rate, as if forward had divided."""

    def backward(self, dy: Array) -> Array:
        return dy * (self._mask > 0) * (1 - self.rate)


@dropout.mistake("dropout-draws-again", (6, 8), 0.4)
class DropoutDrawsAgain(Dropout):
    """backward draws a mask of its own."""

    def backward(self, dy: Array) -> Array:
        return dy * (self.seed_generator.next().random(dy.shape) >= self.rate) / (1 - self.rate)


@dropout.mistake("dropout-pays-where-x-is-not-zero", (6, 8), 0.4)
class DropoutPaysWhereXIsNotZero(Dropout):
    """The mask is kept as the numbers that came out, so dx takes in the numbers themselves."""

    def backward(self, dy: Array) -> Array:
        return dy * self._y

    def forward(self, x: Array, training: bool = False) -> Array:
        self._y = super().forward(x, training)
        return self._y.copy()


@dropout.mistake("dropout-in-place", (6, 8), 0.4)
class DropoutInPlace(Dropout):
    """forward drops numbers in x itself."""

    def forward(self, x: Array, training: bool = False) -> Array:
        y = super().forward(x, training)
        x[...] = y
        return y
