"""Layers of tanh with one mistake each."""

from __future__ import annotations

from typing import Any

from scratchnet.layers import Activation
from scratchnet.learn.mistakes.mistake import register
from scratchnet.learn.protocols.layers import Setting, layer_protocol

Array = Any

BATCHES = ("drawn", "rounded", "far")

tanh = register("tanh", layer_protocol([Setting((4, 6), ("tanh",), {}, BATCHES)]), Activation)


@tanh.mistake("tanh-not-squared", (4, 6), "tanh")
class TanhNotSquared(Activation):
    """The slope of tanh is taken as 1 - y in place of 1 - y²."""

    def backward(self, dy: Array) -> Array:
        return dy * (1 - self._y)
