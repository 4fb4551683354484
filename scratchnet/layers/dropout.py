"""Dropout: while training, set a random part of the numbers to zero, so that no unit can rely on another one.

    x (N, …) → mask (N, …) → y = x·mask (N, …)

Forward. Each number is dropped with probability ``rate``, by itself. What stays is made larger:

    mask[i] = 0 with probability rate,   else   1 / (1 - rate)        (1)
    y[i] = x[i] mask[i]                                               (2)

Why larger: then each number keeps its mean, E y[i] = x[i]·(1 - rate)·1 / (1 - rate) = x[i]. The layer behind sees sums
of the usual size, and nothing is left to do at inference, where y = x. This is called inverted dropout.

Backward. The mask is drawn, not computed from x, so for x it is a constant factor. It is the same that forward used:

    dx[i] = dy[i] mask[i]                                             (3)

Nothing comes back to a number that was dropped: it had no part in the loss.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scratchnet.layers.layer import Layer
from scratchnet.typing import Array, Shape
from scratchnet.utils.numbers import real_number, seed_or_none, shown, whole_number
from scratchnet.utils.random import SeedGenerator


class Dropout(Layer):
    """Drops numbers at random in training; does nothing at inference.

    Args:
        rate: the probability that a number is dropped, 0 to 1.
        noise_shape: the mask's shape, where one draw shall count for several numbers: ``(None, 1, 1, None)`` drops
            whole channels of an image. None is the input's length along that axis; 1 is repeated along it.
        seed: a whole number ≥ 0, to draw the same masks each time; else they follow from the global seed.

    Shapes: x (N, …) → y (N, …). No parameters.

    Raises:
        ValueError: if an argument makes no sense, or the mask cannot be repeated to the input's shape.
    """

    def __init__(
        self, rate: float, noise_shape: Sequence[int | None] | None = None, seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.rate = real_number("rate of Dropout", rate, 0, 1)
        self.noise_shape = None if noise_shape is None else _lengths(noise_shape)
        self.seed = seed_or_none("seed of Dropout", seed)
        self.seed_generator = SeedGenerator(self.seed)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return the input's shape."""
        self._mask_shape(input_shape)
        return tuple(input_shape)

    def _mask_shape(self, x_shape: Any) -> Any:
        """Return the mask's shape for an input, with as many axes as that; new ones come in front, of length 1."""
        if self.noise_shape is None:
            return x_shape
        given = (1,) * (len(x_shape) - len(self.noise_shape)) + self.noise_shape
        lengths = tuple(n if m is None else m for n, m in zip(x_shape, given))
        if len(given) > len(x_shape) or any(m != 1 and None is not n != m for n, m in zip(x_shape, lengths)):
            raise self.refuse(
                "a noise_shape of the input's lengths or ones", f"{self.noise_shape} for an input of shape {x_shape}"
            )
        return lengths

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return x·mask in training, else x."""
        self._dropping = training and self.rate > 0
        if not self._dropping:
            return x.copy()
        draws = self.seed_generator.next().random(self._mask_shape(x.shape))
        larger = 1 / (1 - self.rate) if self.rate < 1 else 0.0
        self._mask = (draws >= self.rate).astype(x.dtype) * larger  # (1)
        return x * self._mask  # (2)

    def backward(self, dy: Array) -> Array:
        """Return dy·mask."""
        return dy * self._mask if self._dropping else dy.copy()  # (3)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal layer."""
        return {**super().get_config(), "rate": self.rate, "noise_shape": self.noise_shape, "seed": self.seed}


def _lengths(noise_shape: Any) -> tuple[int | None, ...]:
    if not isinstance(noise_shape, (list, tuple)):
        raise ValueError(
            f"noise_shape of Dropout expected whole numbers ≥ 1 or None, one for each axis, got {shown(noise_shape)}."
        )
    return tuple(None if n is None else whole_number("noise_shape of Dropout", n, 1) for n in noise_shape)
