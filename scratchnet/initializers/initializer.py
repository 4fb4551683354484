"""What all initializers share, and the fans of a shape."""

from __future__ import annotations

import math
from typing import Any

from scratchnet import config
from scratchnet.typing import Array
from scratchnet.utils.arguments import ArgumentsByName, CheckedWhenSet
from scratchnet.utils.numbers import sizes


def compute_fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """Return ``(fan_in, fan_out)``: how many numbers a weight's layer adds up, forward and backward.

    A dense kernel (D, U) has (D, U); a convolution kernel (KH, KW, C, F) has (KH·KW·C, KH·KW·F), as in Keras; a
    vector (U,) has (U, U), a single number (1, 1).
    """
    if not shape:
        return 1, 1
    if len(shape) == 1:
        return shape[0], shape[0]
    receptive_field = math.prod(shape[:-2])
    return receptive_field * shape[-2], receptive_field * shape[-1]


class Initializer(CheckedWhenSet, ArgumentsByName):
    """Base class: a callable ``(shape, dtype) -> array``. One of your own defines ``values`` or ``__call__``."""

    def values(self, shape: tuple[int, ...]) -> Array:
        """Return initial values of that shape."""
        raise NotImplementedError(f"{type(self).__name__} has neither values(shape) nor __call__(shape, dtype).")

    def __call__(self, shape: tuple[int, ...], dtype: str | None = None) -> Array:
        """Return initial values of that shape in a float dtype, ``config.floatx()`` if not given."""
        kind = config.floatx() if dtype is None else config.check_float(dtype)
        return self.values(sizes(f"shape of {type(self).__name__}", shape)).astype(kind)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal initializer."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Initializer:
        """Make an initializer from what ``get_config`` returned."""
        return cls(**config)
