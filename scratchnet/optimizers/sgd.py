"""Gradient descent, with or without momentum."""

from __future__ import annotations

from typing import Any, Unpack

from scratchnet.optimizers.optimizer import Optimizer
from scratchnet.optimizers.options import Options
from scratchnet.schedules import LearningRate
from scratchnet.typing import Array
from scratchnet.utils.numbers import real_number, true_or_false


class SGD(Optimizer):
    """Stochastic gradient descent: straight down the slope, w ← w - η g (1).

    With momentum μ the parameters move with a velocity that remembers earlier gradients, v ← μ v - η g (2), w ← w + v;
    with Nesterov's variant they move to where the velocity will have carried them, w ← w + μ v - η g (3)
    (Sutskever et al., 2013).

    Raises:
        ValueError: if ``momentum`` is not in 0…1.
    """

    def __init__(
        self,
        learning_rate: LearningRate = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float | None = None,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(learning_rate, weight_decay, **options)
        self.momentum = real_number("momentum of SGD", momentum, 0, 1)
        self.nesterov = true_or_false("nesterov of SGD", nesterov)

    @property
    def slot_names(self) -> tuple[str, ...]:  # type: ignore[override]
        """The velocity, if there is one."""
        return ("momentum",) if self.momentum else ()

    def update(self, w: Array, g: Array, slots: tuple[Array, ...], learning_rate: float) -> None:
        """Take one step in place."""
        if not slots:
            w -= learning_rate * g  # (1)
            return
        (v,) = slots
        v *= self.momentum
        v -= learning_rate * g  # (2)
        w += self.momentum * v - learning_rate * g if self.nesterov else v  # (3)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal optimizer."""
        return {**super().get_config(), "momentum": self.momentum, "nesterov": self.nesterov}
