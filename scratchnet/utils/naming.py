"""Names: automatic ones for layers and models, and looking things up by name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, TypeVar

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


def made_from(kind: str, given: Any, table: Mapping[str, type[T]], base: type[T]) -> T | None:
    """Return the object that a name, a saved configuration or the object itself stands for; None stays None.

    Raises:
        ValueError: for an unknown name, with the nearest known one.
        TypeError: for anything else.
    """
    if given is None or isinstance(given, base):
        return given
    if isinstance(given, dict):
        return look_up(kind, given.get("name", given.get("class_name")), table)(**given.get("config", {}))
    if isinstance(given, str):
        return look_up(kind, given, table)()
    article = "An" if kind[0] in "aeiou" else "A"
    raise TypeError(
        f"{article} {kind} is given as a name or as {article.lower()} {base.__name__} object, got {given!r}."
    )


def described(thing: Any) -> dict[str, Any] | None:
    """Return what ``made_from`` makes an equal object from; None stays None."""
    return None if thing is None else {"name": snake_case(type(thing).__name__), "config": thing.get_config()}
