"""SGD with momentum, with one mistake each."""

from __future__ import annotations

from typing import Any

from scratchnet.learn.mistakes.mistake import register
from scratchnet.learn.protocols.optimizers import Options, optimizer_protocol
from scratchnet.optimizers import SGD
from scratchnet.schedules import ExponentialDecay

Array = Any

FALLING = ExponentialDecay(0.1, decay_steps=20, decay_rate=0.5)
SETTINGS = [
    Options({"learning_rate": 0.1, "momentum": 0.9}),
    Options({"learning_rate": 0.2, "momentum": 0.5}, falling=True),
]

sgd_momentum = register("sgd_momentum", optimizer_protocol(SETTINGS), SGD)


@sgd_momentum.mistake("climbs", learning_rate=0.01)
class Climbs(SGD):
    """The step goes up the slope."""

    def update(self, w: Array, g: Array, slots: tuple[Array, ...], learning_rate: float) -> None:
        super().update(w, -g, slots, learning_rate)


@sgd_momentum.mistake("forgets-its-velocity", learning_rate=0.01, momentum=0.9)
class ForgetsItsVelocity(SGD):
    """The velocity is not kept from step to step."""

    def update(self, w: Array, g: Array, slots: tuple[Array, ...], learning_rate: float) -> None:
        slots[0][...] = 0
        super().update(w, g, slots, learning_rate)


@sgd_momentum.mistake("momentum-as-a-mean", learning_rate=0.01, momentum=0.9)
class MomentumAsAMean(SGD):
    """The velocity is a running mean, μ v - (1 - μ) η g."""

    def update(self, w: Array, g: Array, slots: tuple[Array, ...], learning_rate: float) -> None:
        super().update(w, g, slots, learning_rate * (1 - self.momentum))


@sgd_momentum.mistake("rate-outside-the-velocity", learning_rate=FALLING, momentum=0.9)
class RateOutsideTheVelocity(SGD):
    """The velocity is μ v - g and the step η v, as in PyTorch: a new rate acts on old gradients, too."""

    def update(self, w: Array, g: Array, slots: tuple[Array, ...], learning_rate: float) -> None:
        (v,) = slots
        v *= self.momentum
        v -= g
        w += learning_rate * v
