"""Softmax layers with one mistake each."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.layers import Softmax
from scratchnet.learn.mistakes.mistake import register
from scratchnet.learn.protocols.layers import Setting, layer_protocol

Array = Any

BATCHES = ("drawn", "rounded", "far")
SETTINGS = [Setting((4, 6), (), {}, BATCHES), Setting((4, 4), (), {}, BATCHES)]

softmax = register("softmax", layer_protocol(SETTINGS), Softmax)


@softmax.mistake("softmax-without-off-diagonal", (4, 6))
class SoftmaxWithoutOffDiagonal(Softmax):
    """The softmax's Jacobian has only its diagonal, y(1 - y), as if it were a sigmoid."""

    def backward(self, dy: Array) -> Array:
        return dy * self._y * (1 - self._y)


@softmax.mistake("softmax-plain-sum", (4, 6))
class SoftmaxPlainSum(Softmax):
    """The row's Σ dy·y is taken as Σ dy."""

    def backward(self, dy: Array) -> Array:
        return self._y * (dy - dy.sum(axis=-1, keepdims=True))


@softmax.mistake("softmax-unweighted-mean", (4, 6))
class SoftmaxUnweightedMean(Softmax):
    """The row's Σ dy·y, a mean of dy weighted by y, is taken as the plain mean of dy."""

    def backward(self, dy: Array) -> Array:
        return self._y * (dy - dy.mean(axis=-1, keepdims=True))


@softmax.mistake("softmax-gradient-through-mean", (4, 6))
class SoftmaxGradientThroughMean(Softmax):
    """The row's Σ dy·y is taken as its mean."""

    def backward(self, dy: Array) -> Array:
        return self._y * (dy - (dy * self._y).mean(axis=-1, keepdims=True))


@softmax.mistake("softmax-sums-the-batch", (4, 6))
class SoftmaxSumsTheBatch(Softmax):
    """backward sums over the batch in place of the classes."""

    def backward(self, dy: Array) -> Array:
        return self._y * (dy - (dy * self._y).sum(axis=0, keepdims=True))


@softmax.mistake("softmax-over-the-batch", (4, 6))
class SoftmaxOverTheBatch(Softmax):
    """The softmax runs down the batch, forward and backward, so samples influence each other."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(axis=0, **kwargs)


@softmax.mistake("softmax-without-shift", (4, 6))
class SoftmaxWithoutShift(Softmax):
    """The row's maximum is not taken off first: eˣ overflows."""

    def forward(self, x: Array, training: bool = False) -> Array:
        e = np.exp(x)
        self._y = e / e.sum(axis=-1, keepdims=True)
        return self._y.copy()
