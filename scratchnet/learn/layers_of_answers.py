"""Puts a learner's function in the place of one part of a layer of the library, for the catalogue to look at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from scratchnet.learn.namespace import Namespace
from scratchnet.typing import Array

Named = dict[str, Any] | None


def dense_with(**functions: str) -> Callable[[Namespace], Named]:
    """Return what asks the catalogue about a Dense whose ``dkernel``, ``dbias`` or ``dx`` is the learner's."""

    def ask(solution: Namespace) -> Named:
        from scratchnet.layers import Dense

        mine = {part: getattr(solution, name) for part, name in functions.items()}

        class WithAnswer(Dense):
            def backward(self, dy: Array) -> Array:
                dx = super().backward(dy)
                dz = self.activation.gradient(dy, self._y, self._z)
                if "dkernel" in mine:
                    self.grads["kernel"][...] = mine["dkernel"](self._x, dz)
                if "dbias" in mine and self.use_bias:
                    self.grads["bias"][...] = mine["dbias"](dz)
                return mine["dx"](dz, self.params["kernel"]) if "dx" in mine else dx

        return in_catalogue("dense", WithAnswer)

    return ask


def conv2d_with(function: str) -> Callable[[Namespace], Named]:
    """Return what asks the catalogue about a Conv2D whose gradients are the learner's."""

    def ask(solution: Namespace) -> Named:
        from scratchnet.layers import Conv2D

        mine = getattr(solution, function)

        class WithAnswer(Conv2D):
            def forward(self, x: Array, training: bool = False) -> Array:
                self._seen = x.copy()
                return super().forward(x, training)

            def backward(self, dy: Array) -> Array:
                dz = self.activation.gradient(dy, self._y, self._z)
                parts = [
                    _strided(mine, x, kernel, part, self._windows(x.shape[1:3]))
                    for x, kernel, part in zip(
                        np.split(self._seen, self.groups, axis=3),
                        np.split(self.params["kernel"], self.groups, axis=3),
                        np.split(dz, self.groups, axis=3),
                    )
                ]
                dx, dkernel, dbias = (np.concatenate(each, axis=-1) for each in zip(*parts))
                self.grads["kernel"][...] = dkernel
                if self.use_bias:
                    self.grads["bias"][...] = dbias
                return dx

        return in_catalogue("conv2d", WithAnswer)

    return ask


def _strided(backward: Callable[..., Any], x: Array, kernel: Array, dz: Array, windows: Any) -> tuple[Array, ...]:
    """Return dx, dkernel, dbias of any convolution by a ``backward`` for windows that step by one.

    A dilated kernel is a larger one with zeros between; a stride is a dz with zeros at the places that were left out.
    """
    (top, left), (bottom, right), (rows, columns) = windows.pad_before, windows.pad_after, windows.dilation
    padded = np.pad(x, ((0, 0), (top, bottom), (left, right), (0, 0)))
    KH, KW, C, F = kernel.shape
    spread = np.zeros(((KH - 1) * rows + 1, (KW - 1) * columns + 1, C, F), kernel.dtype)
    spread[::rows, ::columns] = kernel
    N, H, W, _ = padded.shape
    full = np.zeros((N, H - spread.shape[0] + 1, W - spread.shape[1] + 1, F), dz.dtype)
    OH, OW = windows.count
    down, across = windows.strides
    full[:, : (OH - 1) * down + 1 : down, : (OW - 1) * across + 1 : across] = dz
    dx, dkernel, dbias = backward(padded, spread, full)
    inside = dx[:, top : H - bottom, left : W - right].copy()
    return inside, dkernel[::rows, ::columns], dbias


def in_catalogue(kind: str, candidate: Any) -> Named:
    """Return the mistake that the library's catalogue knows by all that it does, or None."""
    from scratchnet.learn.naming import name

    naming = name(kind, candidate)
    if naming is None or not naming.mistakes:
        return None
    first = naming.mistakes[0]
    return {
        "name": " + ".join(mistake.name for mistake in naming.mistakes),
        "sentence": naming.sentence,
        "hints": [first.question, first.formula, first.operation],
    }
