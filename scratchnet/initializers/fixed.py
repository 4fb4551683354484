"""Initial values that are not drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from scratchnet.initializers.initializer import Initializer
from scratchnet.typing import Array
from scratchnet.utils.numbers import real_array, real_number, shown


class Zeros(Initializer):
    """All zeros; Keras's default for a bias."""

    def values(self, shape: tuple[int, ...]) -> Array:
        """Return zeros."""
        return np.zeros(shape)


class Ones(Initializer):
    """All ones."""

    def values(self, shape: tuple[int, ...]) -> Array:
        """Return ones."""
        return np.ones(shape)


class Constant(Initializer):
    """The same number everywhere; or an array's numbers, if it has the weights' shape or is broadcast to it.

    Raises:
        ValueError: if ``value`` is neither a finite number nor an array of them.
    """

    def __init__(self, value: float | Sequence[Any] | Array = 0.0) -> None:
        if not isinstance(value, (list, tuple)) and np.ndim(value) == 0:
            self.value: Any = real_number("value of Constant", value)
            return
        self.value = real_array("value of Constant", value).astype(np.float64)
        if not np.isfinite(self.value).all():
            raise ValueError(f"value of Constant expected finite numbers, got {shown(value)}.")

    def values(self, shape: tuple[int, ...]) -> Array:
        """Return the number, as often as it takes.

        Raises:
            ValueError: if an array does not fit the shape.
        """
        try:
            return np.broadcast_to(self.value, shape)
        except ValueError:
            raise ValueError(
                f"Constant expected weights of its value's shape {self.value.shape}, got {shape}."
            ) from None

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal initializer."""
        return {"value": self.value.tolist() if isinstance(self.value, np.ndarray) else self.value}


class Identity(Initializer):
    """``gain`` times the identity matrix: a layer that begins by handing on what it gets. For matrices only."""

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = real_number("gain of Identity", gain)

    def values(self, shape: tuple[int, ...]) -> Array:
        """Return the matrix.

        Raises:
            ValueError: if the shape is none of a matrix.
        """
        if len(shape) != 2:
            raise ValueError(f"Identity expected the shape of a matrix, (rows, columns), got {shape}.")
        return self.gain * np.eye(*shape)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal initializer."""
        return {"gain": self.gain}
