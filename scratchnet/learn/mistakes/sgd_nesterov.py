"""SGD with Nesterov's momentum, with one mistake each."""

from __future__ import annotations

from typing import Any

from scratchnet.learn.mistakes.mistake import register
from scratchnet.learn.protocols.optimizers import Options, optimizer_protocol
from scratchnet.optimizers import SGD

Array = Any

SETTINGS = [
    Options({"learning_rate": 0.1, "momentum": 0.9, "nesterov": True}),
    Options({"learning_rate": 0.2, "momentum": 0.5, "nesterov": True}, falling=True),
]

sgd_nesterov = register("sgd_nesterov", optimizer_protocol(SETTINGS), SGD)


@sgd_nesterov.mistake("looks-not-ahead", learning_rate=0.01, momentum=0.9, nesterov=True)
class LooksNotAhead(SGD):
    """Nesterov's variant is accepted and plain momentum is done."""

    def update(self, w: Array, g: Array, slots: tuple[Array, ...], learning_rate: float) -> None:
        (v,) = slots
        v *= self.momentum
        v -= learning_rate * g
        w += v


@sgd_nesterov.mistake("looks-ahead-twice", learning_rate=0.01, momentum=0.9, nesterov=True)
class LooksAheadTwice(SGD):
    """Nesterov's w ← w + μ v - η g takes the velocity before this step's update, v, as well as after."""

    def update(self, w: Array, g: Array, slots: tuple[Array, ...], learning_rate: float) -> None:
        (v,) = slots
        w += self.momentum * v
        super().update(w, g, slots, learning_rate)
