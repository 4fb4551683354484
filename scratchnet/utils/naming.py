"""Names: automatic ones for layers and models, and looking things up by name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import TypeVar

from scratchnet.errors import unknown_name

T = TypeVar("T")

_names_given: Counter[str] = Counter()


def snake_case(name: str) -> str:
    """``MaxPooling2D`` → ``max_pooling2d``, by Keras's rule."""
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def automatic_name(class_name: str) -> str:
    """Return ``dense`` for the first nameless Dense of the session, then ``dense_1``, ``dense_2``, …"""
    name = snake_case(class_name)
    earlier = _names_given[name]
    _names_given[name] += 1
    return name if earlier == 0 else f"{name}_{earlier}"


def clear_session() -> None:
    """Start counting automatic names anew: the next nameless Dense is ``dense`` again."""
    _names_given.clear()


def look_up(kind: str, name: object, table: Mapping[str, T]) -> T:
    """Return ``table[name]``, or raise the error of ``unknown_name``."""
    if isinstance(name, str) and name in table:
        return table[name]
    raise unknown_name(kind, name, table)
