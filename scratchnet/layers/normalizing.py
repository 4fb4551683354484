"""What the normalizing layers share: their arguments, and γ and β, which scale and shift what has been normalized."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet import initializers
from scratchnet.layers.weighted import Weighted
from scratchnet.typing import Array
from scratchnet.utils.numbers import real_number, true_or_false

AnyInitializer = str | initializers.Initializer | dict[str, Any] | None


class Normalizing(Weighted):
    """Base class: y = γ·x̂ + β, where x̂ is what the subclass makes of x."""

    weight_options = ("beta", "gamma")
    _shared: tuple[int, ...]
    """The axes of x over which γ and β are the same; set by ``forward``."""

    def __init__(
        self,
        epsilon: float,
        center: bool,
        scale: bool,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        whose = type(self).__name__
        self.epsilon = real_number(f"epsilon of {whose}", epsilon, 0)
        self.center = true_or_false(f"center of {whose}", center)
        self.scale = true_or_false(f"scale of {whose}", scale)

    def add_gamma_and_beta(self, shape: tuple[int, ...]) -> None:
        """Make the parameters, those that there are."""
        if self.scale:
            self.add_weight("gamma", shape, **self.options_of("gamma"))
        if self.center:
            self.add_weight("beta", shape, **self.options_of("beta"))

    def gamma_and_beta(self) -> tuple[Any, Any]:
        """Return γ and β in shapes that repeat them over the shared axes; 1 and 0 where there is none."""
        gamma = self.repeated(self.params["gamma"]) if self.scale else 1.0
        beta = self.repeated(self.params["beta"]) if self.center else 0.0
        return gamma, beta

    def repeated(self, array: Array) -> Array:
        """Return an array of γ's shape with an axis of length 1 for each of the shared ones."""
        return np.expand_dims(array, self._shared)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal layer."""
        return {
            **super().get_config(),
            "epsilon": self.epsilon,
            "center": self.center,
            "scale": self.scale,
        }
