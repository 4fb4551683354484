"""Layers that put several inputs together, or give numbers other places, with one mistake each."""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np

from scratchnet.layers import Average, Concatenate, Multiply, Permute, Reshape, Subtract
from tests.mutants.catalogue import layer

Array = Any

THREE = [(4, 6), (4, 6), (4, 6)]


@layer([(4, 6), (4, 6)])
class SubtractAdds(Subtract):
    """The second input gets dy with the sign it came with."""

    def backward(self, dy: Array) -> list[Array]:
        return [dy.copy(), dy.copy()]


@layer([(4, 6), (4, 6)])
class SubtractTheOtherWay(Subtract):
    """The minus sign goes to the first input."""

    def backward(self, dy: Array) -> list[Array]:
        return [-dy, dy.copy()]


@layer(THREE)
class AveragePaysInFull(Average):
    """Each input gets dy whole, as if it were a sum."""

    def backward(self, dy: Array) -> list[Array]:
        return [dy.copy() for _ in range(self._inputs)]


@layer(THREE)
class AverageOfTwo(Average):
    """dy is halved, however many inputs there are."""

    def backward(self, dy: Array) -> list[Array]:
        return [dy / 2 for _ in range(self._inputs)]


@layer(THREE)
class MultiplyByItself(Multiply):
    """Each input's slope is taken as the input itself in place of the others."""

    def backward(self, dy: Array) -> list[Array]:
        return [dy * x for x in self._x]


@layer(THREE)
class MultiplyByTheNext(Multiply):
    """Each input's slope is one other input, which is enough for two of them only."""

    def backward(self, dy: Array) -> list[Array]:
        return [dy * x for x in (*self._x[1:], self._x[0])]


@layer(THREE)
class MultiplyByTheOutput(Multiply):
    """Each input's slope is taken as the whole product, the input included."""

    def backward(self, dy: Array) -> list[Array]:
        return [dy * reduce(np.multiply, self._x) for _ in self._x]


@layer(THREE)
class MultiplyDivides(Multiply):
    """The product of the others is taken as y/x, which is 0/0 where an input is zero."""

    def backward(self, dy: Array) -> list[Array]:
        y = reduce(np.multiply, self._x)
        return [dy * y / x for x in self._x]


@layer([(4, 6), (4, 6)])
class MultiplyRemembersTheInputs(Multiply):
    """forward remembers the caller's arrays themselves, which may change before backward."""

    def forward(self, x: list[Array], training: bool = False) -> Array:
        self._x = list(x)
        return np.asarray(reduce(np.multiply, x))


@layer([(4, 2), (4, 3)])
class ConcatenateSwapsTheParts(Concatenate):
    """backward counts the parts from the other end."""

    def backward(self, dy: Array) -> list[Array]:
        at = dy.shape[-1] - self._begins[0]
        return [dy[:, at:].copy(), dy[:, :at].copy()]


@layer([(4, 2), (4, 2), (4, 2)])
class ConcatenatePaysOneByOne(Concatenate):
    """backward deals dy out like cards, one number to each input in turn."""

    def backward(self, dy: Array) -> list[Array]:
        return [dy[:, i::3].copy() for i in range(3)]


@layer([(3, 2, 2), (3, 2, 2)], axis=1)
class ConcatenateCutsTheLastAxis(Concatenate):
    """backward cuts along the last axis, whichever it was."""

    def backward(self, dy: Array) -> list[Array]:
        return [dx.reshape(3, 2, 2).copy() for dx in np.split(dy.reshape(len(dy), 2, 4), [2], -1)]


@layer([(4, 2), (4, 3)])
class ConcatenateHandsOutViews(Concatenate):
    """The parts are views of dy: whoever adds to one changes dy."""

    def backward(self, dy: Array) -> list[Array]:
        return np.split(dy, self._begins, self.axis)


@layer((3, 4, 6), (8, 3))
class ReshapeColumnByColumn(Reshape):
    """backward fills x's shape column by column, though forward read row by row."""

    def backward(self, dy: Array) -> Array:
        return np.stack([d.reshape(self._x_shape[1:], order="F") for d in dy])


@layer((3, 4, 6), (8, 3))
class ReshapeReturnsAView(Reshape):
    """forward returns a view of x."""

    def forward(self, x: Array, training: bool = False) -> Array:
        self._x_shape = x.shape
        return x.reshape(len(x), *self.target_shape)


@layer((3, 4, 4, 4), (2, 3, 1))
class PermuteTwice(Permute):
    """backward takes the axes in the same order once more in place of putting them back."""

    def backward(self, dy: Array) -> Array:
        return dy.transpose(0, *self.dims).copy()


@layer((3, 4, 4, 4), (2, 3, 1))
class PermuteReversed(Permute):
    """The inverse of an order is taken as the order read backwards."""

    def backward(self, dy: Array) -> Array:
        return dy.transpose(0, *self.dims[::-1]).copy()


@layer((3, 4, 6), (2, 1))
class PermuteReshapes(Permute):
    """forward only renames the axes: the numbers stay in their order, and backward undoes just that."""

    def forward(self, x: Array, training: bool = False) -> Array:
        y = x.transpose(0, 2, 1)
        self._y_shape = y.shape
        return y.copy()

    def backward(self, dy: Array) -> Array:
        N, B, A = self._y_shape
        return dy.reshape(N, A, B).copy()
