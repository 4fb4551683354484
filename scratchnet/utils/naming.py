"""Names: automatic ones for layers and models, and looking things up by name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeVar

from scratchnet.errors import unknown_name
from scratchnet.utils.numbers import shown

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


def checked_name(what: str, name: Any) -> str:
    """Return the name of a layer, a model or one of its ends.

    Raises:
        ValueError: if it is no text, empty, or holds what cannot be printed: a terminal would obey it.
    """
    if not isinstance(name, str) or not name or not name.isprintable():
        raise ValueError(f"{what} expected a name of printable characters, got {shown(name)}.")
    return name


def look_up(kind: str, name: object, table: Mapping[str, T]) -> T:
    """Return ``table[name]``, or raise the error of ``unknown_name``."""
    if isinstance(name, str) and name in table:
        return table[name]
    raise unknown_name(kind, name, table)


def made_from(
    kind: str,
    given: Any,
    table: Mapping[str, type[T]],
    base: type[T],
    custom_objects: Mapping[str, type] | None = None,
) -> T | None:
    """Return the object that a name, a saved configuration or the object itself stands for; None stays None.

    Args:
        kind: what it is, for error messages.
        given: a name of ``table`` or the name of a class, what ``described`` returned, or the object.
        table: our own classes by name.
        base: what the object must be.
        custom_objects: the user's classes by name.

    Raises:
        ValueError: for an unknown name, with the nearest known one.
        TypeError: for anything else.
    """
    if given is None or isinstance(given, base):
        return given
    if isinstance(given, dict):
        cls: Any = _class_of(kind, given.get("class_name", given.get("name")), table, base, custom_objects)
        config = given.get("config", {})
        return cls.from_config(config) if hasattr(cls, "from_config") else cls(**config)
    if isinstance(given, str):
        return _class_of(kind, given, table, base, custom_objects)()
    article = "An" if kind[0] in "aeiou" else "A"
    raise TypeError(
        f"{article} {kind} is given as a name or as {article.lower()} {base.__name__} object, got {shown(given)}."
    )


def _class_of(
    kind: str, name: object, table: Mapping[str, type[T]], base: type[T], custom_objects: Mapping[str, type] | None
) -> type[T]:
    known = {cls.__name__: cls for cls in table.values()} | dict(custom_objects or {})
    cls = known[name] if isinstance(name, str) and name in known else look_up(kind, name, table)
    if not (isinstance(cls, type) and issubclass(cls, base)):
        raise TypeError(f"custom_objects expected a subclass of {base.__name__} for {name!r}, got {shown(cls)}.")
    return cls


def described(thing: Any) -> dict[str, Any] | None:
    """Return what ``made_from`` makes an equal object from, in Keras's form; None stays None."""
    if thing is not None and not hasattr(thing, "get_config"):
        raise TypeError(f"serialize expected an object with get_config(), got {shown(thing)}.")
    return None if thing is None else {"class_name": type(thing).__name__, "config": thing.get_config()}


def by_name(what: str, given: Mapping[Any, Any], names: Sequence[str], needed: Collection[str] = ()) -> list[Any]:
    """Return the entries of a dict in the order of ``names``; None for those that are not there.

    Args:
        what: the argument and whose it is, such as ``"x of fit"``, for the error message.
        given: the dict.
        names: all keys that it may have.
        needed: those that must be there.

    Raises:
        ValueError: if there are other keys, one is missing, or two of the names are the same.
    """
    expected = f"{what} expected the keys {', '.join(map(repr, names))}"
    if len(set(names)) < len(names):
        raise ValueError(f"{expected}, of which two are the same: give a list in their order.")
    for key in given:
        if key not in names:
            raise ValueError(f"{expected}, got {shown(key)}: leave it out or correct it.")
    for name in names:
        if name in needed and name not in given:
            got = ", ".join(map(repr, given)) or "none"
            raise ValueError(f"{expected}, got {got}: {name!r} is missing.")
    return [given.get(name) for name in names]
