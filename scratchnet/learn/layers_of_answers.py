"""Puts a learner's function in the place of one part of a layer of the library, for the catalogue to look at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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


def conv2d_with(function: str) -> Callable[[Namespace], Named]:
    """Return what asks the catalogue about a Conv2D whose gradients are the learner's, where windows step by one."""

    def ask(solution: Namespace) -> Named:
        from scratchnet.layers import Conv2D

        mine = getattr(solution, function)

        class WithAnswer(Conv2D):
            def forward(self, x: Array, training: bool = False) -> Array:
                self._seen = x.copy()
                return super().forward(x, training)

            def backward(self, dy: Array) -> Array:
                y = self._y
                right = super().backward(dy)
                if (*self.strides, *self.dilation_rate, self.groups) != (1, 1, 1, 1, 1) or self.padding != "valid":
                    return right
                dx, dkernel, dbias = mine(self._seen, self.params["kernel"], self.activation.gradient(dy, y, self._z))
                self.grads["kernel"][...] = dkernel
                if self.use_bias:
                    self.grads["bias"][...] = dbias
                return dx

        return in_catalogue("conv2d", WithAnswer)

    return ask


def max_pooling_with(function: str) -> Callable[[Namespace], Named]:
    """Return what asks the catalogue about a MaxPooling2D whose backward is the learner's, for windows of 2 × 2."""

    def ask(solution: Namespace) -> Named:
        from scratchnet.layers import MaxPooling2D

        mine = getattr(solution, function)

        class WithAnswer(MaxPooling2D):
            def forward(self, x: Array, training: bool = False) -> Array:
                self._seen = x.copy()
                return super().forward(x, training)

            def backward(self, dy: Array) -> Array:
                if (self.pool_size, self.strides, self.padding) != ((2, 2), (2, 2), "valid"):
                    return super().backward(dy)
                return mine(dy, self._seen)

        return in_catalogue("max_pooling2d", WithAnswer)

    return ask
