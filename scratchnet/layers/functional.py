"""The merging layers as functions: ``add([x, y])`` is ``Add()([x, y])``, for those who need no layer object.

Each makes a new layer of its name, so the graph, the summary and a saved model do not tell the two ways apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scratchnet.layers.add import Add
from scratchnet.layers.average import Average
from scratchnet.layers.concatenate import Concatenate
from scratchnet.layers.multiply import Multiply
from scratchnet.layers.subtract import Subtract


def add(inputs: Sequence[Any], **options: Any) -> Any:
    """Return ``Add(**options)(inputs)``: the sum."""
    return Add(**options)(inputs)


def average(inputs: Sequence[Any], **options: Any) -> Any:
    """Return ``Average(**options)(inputs)``: the mean."""
    return Average(**options)(inputs)


def concatenate(inputs: Sequence[Any], axis: int = -1, **options: Any) -> Any:
    """Return ``Concatenate(axis, **options)(inputs)``: the inputs side by side."""
    return Concatenate(axis, **options)(inputs)


def multiply(inputs: Sequence[Any], **options: Any) -> Any:
    """Return ``Multiply(**options)(inputs)``: the product, number by number."""
    return Multiply(**options)(inputs)


def subtract(inputs: Sequence[Any], **options: Any) -> Any:
    """Return ``Subtract(**options)(inputs)``: the first of two inputs less the second."""
    return Subtract(**options)(inputs)
