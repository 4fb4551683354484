"""ReLU layers with one mistake each."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.layers import ReLU
from scratchnet.learn.mistakes.mistake import register
from scratchnet.learn.protocols.layers import Setting, layer_protocol

Array = Any

relu = register("relu", layer_protocol([Setting((4, 6)), Setting((2, 3, 4))]), ReLU)


@relu.mistake("relu-mask-from-gradient", (4, 6))
class ReLUMaskFromGradient(ReLU):
    """Lets through what is positive in dy in place of what was positive in x."""

    def backward(self, dy: Array) -> Array:
        return np.maximum(dy, 0)


@relu.mistake("relu-guided", (4, 6))
class ReLUGuided(ReLU):
    """Lets dy through only where both x and dy are positive, as in guided backpropagation."""

    def backward(self, dy: Array) -> Array:
        return np.where((self._y > 0) & (dy > 0), dy, 0)


@relu.mistake("relu-slope-one-at-zero", (4, 6))
class ReLUSlopeOneAtZero(ReLU):
    """The slope at 0 is taken as 1 (`>=` for `>`)."""

    def forward(self, x: Array, training: bool = False) -> Array:
        self._mask = x >= 0
        return super().forward(x, training)

    def backward(self, dy: Array) -> Array:
        return np.where(self._mask, dy, 0)


@relu.mistake("relu-leaks-backward", (4, 6))
class ReLULeaksBackward(ReLU):
    """Where x was negative, a hundredth of dy leaks through; forward has no leak."""

    def backward(self, dy: Array) -> Array:
        return np.where(self._y > 0, dy, 0.01 * dy)


@relu.mistake("relu-in-place", (4, 6))
class ReLUInPlace(ReLU):
    """forward cuts x off in place, on the caller's array."""

    def forward(self, x: Array, training: bool = False) -> Array:
        self._y = np.maximum(x, 0, out=x)
        return self._y.copy()


@relu.mistake("relu-masks-in-place", (4, 6))
class ReLUMasksInPlace(ReLU):
    """backward writes its zeros into dy, on the caller's array."""

    def backward(self, dy: Array) -> Array:
        dy[self._y <= 0] = 0
        return dy.copy()


@relu.mistake("relu-hands-out-its-memory", (4, 6))
class ReLUHandsOutItsMemory(ReLU):
    """forward returns the array that backward reads its mask from."""

    def forward(self, x: Array, training: bool = False) -> Array:
        self._y = np.maximum(x, 0)
        return self._y
