"""Dropout and GaussianNoise with one mistake each; most of Dropout's are those of the library's catalogue."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.layers import Dropout, GaussianNoise
from tests.mutants.catalogue import adopt, layer

Array = Any

adopt("layer", "random_layers", "dropout")


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
