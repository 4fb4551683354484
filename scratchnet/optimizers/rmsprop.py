"""RMSprop: every direction's gradient is divided by its usual size."""

from __future__ import annotations

from typing import Any, Unpack

import numpy as np

from scratchnet.optimizers.optimizer import Optimizer
from scratchnet.optimizers.options import Options
from scratchnet.schedules import LearningRate
from scratchnet.typing import Array
from scratchnet.utils.numbers import real_number, true_or_false


class RMSprop(Optimizer):
    """RMSprop: the gradient over the root of the running mean of its square (Hinton, 2012, lecture 6e).

        (1)  v ← ρ v + (1 - ρ) g²
        (2)  s = η g / √(v + ε)
        (3)  w ← w - s

    v starts at zero and is not corrected for that, as Adam's is: the first step is larger, η / √(1 - ρ), three times
    the learning rate for ρ = 0.9. The mean of the square is the square of the mean plus the variance; ``centered``
    takes the mean's square off and divides by the spread alone (Graves, 2013):

        (4)  a ← ρ a + (1 - ρ) g          and v - a² for v in (2)

    With ``momentum`` μ the steps add up in a velocity, which already has the learning rates in it:

        (5)  b ← μ b + s                  and b for s in (3)

    Raises:
        ValueError: if ``rho`` or ``momentum`` is not in 0…1, or epsilon is negative or no finite number.
    """

    def __init__(
        self,
        learning_rate: LearningRate = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        weight_decay: float | None = None,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(learning_rate, weight_decay, **options)
        self.rho = real_number("rho of RMSprop", rho, 0, 1)
        self.momentum = real_number("momentum of RMSprop", momentum, 0, 1)
        self.epsilon = real_number("epsilon of RMSprop", epsilon, 0)
        self.centered = true_or_false("centered of RMSprop", centered)

    @property
    def slot_names(self) -> tuple[str, ...]:  # type: ignore[override]
        """The mean of the squares, and what the options need."""
        mean = ["average_gradient"] if self.centered else []
        return ("velocity", *mean, *(["momentum"] if self.momentum else []))

    def update(self, w: Array, g: Array, slots: tuple[Array, ...], learning_rate: float) -> None:
        """Take one step in place."""
        v, *others = slots
        v *= self.rho
        v += (1 - self.rho) * g * g  # (1)
        spread = v
        if self.centered:
            a = others[0]
            a *= self.rho
            a += (1 - self.rho) * g  # (4)
            spread = v - a * a
        s = learning_rate * g / np.sqrt(spread + self.epsilon)  # (2)
        if self.momentum:
            b = others[-1]
            b *= self.momentum
            b += s  # (5)
            s = b
        w -= s  # (3)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal optimizer."""
        return {
            **super().get_config(),
            "rho": self.rho,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "centered": self.centered,
        }
