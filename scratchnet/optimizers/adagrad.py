"""Adagrad: a direction that has been steep often gets smaller steps."""

from __future__ import annotations

from typing import Any, Unpack

import numpy as np

from scratchnet.optimizers.optimizer import Optimizer
from scratchnet.optimizers.options import Options
from scratchnet.schedules import LearningRate
from scratchnet.typing import Array
from scratchnet.utils.numbers import real_number


class Adagrad(Optimizer):
    """Adagrad: the gradient over the root of the sum of all its squares so far (Duchi et al., 2011).

        (1)  a ← a + g²
        (2)  w ← w - η g / √(a + ε)

    a only grows, by about the same in every step, so the steps fall like 1/√t without a schedule. A weight whose
    gradient is mostly 0 (a rare word, a dark pixel) keeps its large steps. The sum starts at
    ``initial_accumulator_value``, so that the first steps are not all of size η. Keras's η of 0.001 is small for this
    rule; the paper's is 1.

    Raises:
        ValueError: if the initial value or epsilon is negative or no finite number.
    """

    slot_names = ("accumulator",)

    def __init__(
        self,
        learning_rate: LearningRate = 0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
        weight_decay: float | None = None,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(learning_rate, weight_decay, **options)
        what = "initial_accumulator_value of Adagrad"
        self.initial_accumulator_value = real_number(what, initial_accumulator_value, 0)
        self.epsilon = real_number("epsilon of Adagrad", epsilon, 0)

    def initial_value(self, slot: str) -> float:
        """Return the number that a vector is full of before the first step."""
        return self.initial_accumulator_value if slot == "accumulator" else super().initial_value(slot)

    def update(self, w: Array, g: Array, slots: tuple[Array, ...], learning_rate: float) -> None:
        """Take one step in place."""
        (a,) = slots
        a += g * g  # (1)
        w -= learning_rate * g / np.sqrt(a + self.epsilon)  # (2)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal optimizer."""
        return {
            **super().get_config(),
            "initial_accumulator_value": self.initial_accumulator_value,
            "epsilon": self.epsilon,
        }
