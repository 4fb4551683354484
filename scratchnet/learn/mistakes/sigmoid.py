"""Sigmoid layers with one mistake each."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.layers import Activation
from scratchnet.learn.mistakes.mistake import register
from scratchnet.learn.protocols.layers import Setting, layer_protocol

Array = Any

BATCHES = ("drawn", "rounded", "far")

sigmoid = register("sigmoid", layer_protocol([Setting((4, 6), ("sigmoid",), {}, BATCHES)]), Activation)


@sigmoid.mistake("sigmoid-of-the-output", (4, 6), "sigmoid")
class SigmoidOfTheOutput(Activation):
    """The sigmoid's slope is worked out at y in place of x."""

    def backward(self, dy: Array) -> Array:
        s = 1 / (1 + np.exp(-self._y))
        return dy * s * (1 - s)


@sigmoid.mistake("sigmoid-without-the-other", (4, 6), "sigmoid")
class SigmoidWithoutTheOther(Activation):
    """The sigmoid's slope is taken as y in place of y(1 - y)."""

    def backward(self, dy: Array) -> Array:
        return dy * self._y


@sigmoid.mistake("sigmoid-overflows", (4, 6), "sigmoid")
class SigmoidOverflows(Activation):
    """The sigmoid is eˣ / (1 + eˣ), which is inf / inf for large x."""

    def forward(self, x: Array, training: bool = False) -> Array:
        self._y = np.exp(x) / (1 + np.exp(x))
        return self._y.copy()
