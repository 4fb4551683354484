"""Constraints: after every update the weights are moved back to where they are allowed to be.

A penalty (``regularizers.py``) only makes a weight dear; a constraint forbids it. Each is a function of the weight that
gives the nearest allowed one, or nearly so: a projection. It is no part of the loss, and has no slope.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np

from scratchnet.errors import nothing_else
from scratchnet.typing import Array
from scratchnet.utils.arguments import ArgumentsByName, CheckedWhenSet
from scratchnet.utils.naming import described, made_from, snake_case
from scratchnet.utils.numbers import axes_within, real_array, real_number, whole_number

EPSILON = 1e-7
"""Added to a length before something is divided by it, as in Keras; so a weight of length 0 stays where it is."""


class Constraint(CheckedWhenSet, ArgumentsByName):
    """Base class. A constraint of your own defines ``__call__``."""

    def __call__(self, w: Array) -> Array:
        """Return, in w's shape, the weight that takes the place of w; w itself stays as it is."""
        raise NotImplementedError(f"{type(self).__name__} has no __call__(w).")

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal constraint."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Constraint:
        """Make a constraint from what ``get_config`` returned."""
        return cls(**config)


class NonNeg(Constraint):
    """Weights below 0 become 0."""

    def __call__(self, w: Array) -> Array:
        """Return max(w, 0)."""
        return np.maximum(real_array("w of NonNeg", w), 0)


class _OfLengths(Constraint, ABC):
    """Base of the constraints on lengths: the square root of the sum of squares along ``axis``."""

    def __init__(self, axis: int | Sequence[int]) -> None:
        what = f"axis of {type(self).__name__}"
        several = isinstance(axis, (list, tuple))
        self.axis = [whole_number(what, i) for i in axis] if several else whole_number(what, axis)  # type: ignore[union-attr]

    def __call__(self, w: Array) -> Array:
        """Return w, scaled along ``axis`` to the length wanted."""
        w = real_array(f"w of {type(self).__name__}", w)
        axes = axes_within(f"axis of {type(self).__name__}", self.axis, w.shape)
        lengths = np.sqrt(np.square(w).sum(axis=axes, keepdims=True))
        return w * (self.wanted(lengths) / (EPSILON + lengths))

    @abstractmethod
    def wanted(self, lengths: Array) -> Any:
        """Return which length each shall have."""

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal constraint."""
        return {"axis": self.axis}


class MaxNorm(_OfLengths):
    """No vector of weights is longer than ``max_value``; a longer one is scaled down.

    Args:
        max_value: ≥ 0.
        axis: along which lengths are taken. 0 takes, in a Dense kernel (D, U), all that comes into one unit; in a
            Conv2D kernel (KH, KW, C, F) [0, 1, 2] takes all that comes into one filter.
    """

    def __init__(self, max_value: float = 2, axis: int | Sequence[int] = 0) -> None:
        super().__init__(axis)
        self.max_value = real_number("max_value of MaxNorm", max_value, 0)

    def wanted(self, lengths: Array) -> Any:
        """Return the lengths, cut off at the largest."""
        return np.minimum(lengths, self.max_value)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal constraint."""
        return {"max_value": self.max_value, "axis": self.axis}


class UnitNorm(_OfLengths):
    """Every vector of weights has length 1.

    Args:
        axis: as for ``MaxNorm``.
    """

    def __init__(self, axis: int | Sequence[int] = 0) -> None:
        super().__init__(axis)

    def wanted(self, lengths: Array) -> Any:
        """Return 1."""
        return 1


class MinMaxNorm(_OfLengths):
    """Every vector of weights has a length between two bounds.

    Args:
        min_value, max_value: the bounds, ≥ 0.
        rate: how much of the way to the nearer bound is gone at each step, 0 to 1.
        axis: as for ``MaxNorm``.
    """

    def __init__(
        self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0, axis: int | Sequence[int] = 0
    ) -> None:
        super().__init__(axis)
        self.min_value = real_number("min_value of MinMaxNorm", min_value, 0)
        self.max_value = real_number("max_value of MinMaxNorm", max_value, self.min_value)
        self.rate = real_number("rate of MinMaxNorm", rate, 0, 1)

    def wanted(self, lengths: Array) -> Any:
        """Return lengths on the way to the bounds."""
        return self.rate * np.clip(lengths, self.min_value, self.max_value) + (1 - self.rate) * lengths

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal constraint."""
        return {"min_value": self.min_value, "max_value": self.max_value, "rate": self.rate, "axis": self.axis}


max_norm, min_max_norm, non_neg, unit_norm = MaxNorm, MinMaxNorm, NonNeg, UnitNorm

CONSTRAINTS: dict[str, type[Constraint]] = {
    name: c for c in (MaxNorm, MinMaxNorm, NonNeg, UnitNorm) for name in (snake_case(c.__name__), c.__name__)
}


def get(constraint: Any) -> Constraint | None:
    """Return the constraint of a name, of a saved configuration, or the object itself; None stays None.

    Raises:
        ValueError: for an unknown name, with the nearest known one.
        TypeError: for anything else.
    """
    return made_from("constraint", constraint, CONSTRAINTS, Constraint)


def serialize(constraint: Constraint | None) -> dict[str, Any] | None:
    """Return what ``get`` makes an equal constraint from; it can be written as JSON."""
    return described(constraint)


__getattr__ = nothing_else("constraint", __name__)
