"""Layers that only move, add or scale numbers, with one mistake each."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.layers import Add, Flatten, Rescaling
from tests.mutants.catalogue import layer

Array = Any

IMAGE = (3, 4, 5, 2)


@layer(IMAGE)
class FlattenColumnByColumn(Flatten):
    """backward fills the image column by column, though forward read it row by row."""

    def backward(self, dy: Array) -> Array:
        N, H, W, C = self._x_shape
        return dy.reshape(N, W, H, C).swapaxes(1, 2).copy()


@layer(IMAGE)
class FlattenChannelsFirst(Flatten):
    """backward puts the channels first, though forward read them last."""

    def backward(self, dy: Array) -> Array:
        N, H, W, C = self._x_shape
        return dy.reshape(N, C, H, W).transpose(0, 2, 3, 1).copy()


@layer(IMAGE)
class FlattenStaysFlat(Flatten):
    """backward returns dy as it came, not in the shape of x."""

    def backward(self, dy: Array) -> Array:
        return dy.copy()


@layer(IMAGE)
class FlattenReturnsAView(Flatten):
    """forward returns a view of x: whoever changes y changes x."""

    def forward(self, x: Array, training: bool = False) -> Array:
        self._x_shape = x.shape
        return x.reshape(len(x), -1)


@layer(IMAGE)
class FlattenMixesSamples(Flatten):
    """forward lays the batch out in the wrong order, and backward undoes it: samples trade places."""

    def forward(self, x: Array, training: bool = False) -> Array:
        self._x_shape = x.shape
        return x.reshape(-1, len(x)).T.copy()

    def backward(self, dy: Array) -> Array:
        return dy.T.reshape(self._x_shape).copy()


@layer([(4, 6), (4, 6)])
class AddPaysHalf(Add):
    """dy is divided among the summands."""

    def backward(self, dy: Array) -> list[Array]:
        return [dy / self._inputs for _ in range(self._inputs)]


@layer([(4, 6), (4, 6)])
class AddPaysTheFirst(Add):
    """Only the first summand gets a gradient."""

    def backward(self, dy: Array) -> list[Array]:
        return [dy.copy(), np.zeros_like(dy)]


@layer([(4, 6), (4, 6)])
class AddSharesOneArray(Add):
    """All summands get the same array: adding to one gradient changes the others."""

    def backward(self, dy: Array) -> list[Array]:
        dx = dy.copy()
        return [dx] * self._inputs


@layer([(4, 6), (4, 6)])
class AddInPlace(Add):
    """The second summand is added into the first one's array."""

    def forward(self, x: list[Array], training: bool = False) -> Array:
        self._inputs = len(x)
        x[0] += x[1]
        return x[0].copy()


@layer(IMAGE, 0.5, offset=0.25)
class RescalingDivides(Rescaling):
    """dx is dy divided by the scale."""

    def backward(self, dy: Array) -> Array:
        return dy / self.scale


@layer(IMAGE, 0.5, offset=0.25)
class RescalingAddsTheOffset(Rescaling):
    """The offset is added to the gradient, too."""

    def backward(self, dy: Array) -> Array:
        return dy * self.scale + self.offset


@layer(IMAGE, 0.5, offset=0.25)
class RescalingPromotes(Rescaling):
    """The scale is a float64 array, which turns float32 into float64."""

    def forward(self, x: Array, training: bool = False) -> Array:
        return x * np.full(1, self.scale) + self.offset
