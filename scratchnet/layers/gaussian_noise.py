"""GaussianNoise: while training, add noise of a normal distribution, so that no weight can rely on the exact numbers.

    x (N, …) → y = x + noise (N, …)

Forward:

    noise[i] ~ normal distribution of mean 0 and standard deviation stddev        (1)
    y[i] = x[i] + noise[i]                                                        (2)

The mean is 0, so E y[i] = x[i], and at inference y = x. Backward: noise[i] does not depend on x[i], so the slope is 1:

    dx[i] = dy[i]                                                                 (3)
"""

from __future__ import annotations

from typing import Any

from scratchnet.layers.layer import Layer
from scratchnet.typing import Array
from scratchnet.utils.numbers import real_number, seed_or_none
from scratchnet.utils.random import SeedGenerator


class GaussianNoise(Layer):
    """Adds noise in training; does nothing at inference.

    Args:
        stddev: the noise's standard deviation, 0 to 1 as in Keras.
        seed: a whole number ≥ 0, to draw the same noise each time; else it follows from the global seed.

    Shapes: x (N, …) → y (N, …). No parameters.

    Raises:
        ValueError: if an argument makes no sense.
    """

    def __init__(self, stddev: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.stddev = real_number("stddev of GaussianNoise", stddev, 0, 1)
        self.seed = seed_or_none("seed of GaussianNoise", seed)
        self.seed_generator = SeedGenerator(self.seed)

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return x + noise in training, else x."""
        if not training or self.stddev == 0:
            return x.copy()
        noise = self.seed_generator.next().normal(0, self.stddev, x.shape)  # (1)
        return x + noise.astype(x.dtype)  # (2)

    def backward(self, dy: Array) -> Array:
        """Return dy."""
        return dy.copy()  # (3)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal layer."""
        return {**super().get_config(), "stddev": self.stddev, "seed": self.seed}
