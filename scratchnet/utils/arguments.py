"""Arguments and names that are not there: the error says which one is near, or that Keras has it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection
from functools import cache, lru_cache, wraps
from typing import Any, Self, TypeVar, cast

from scratchnet.errors import unexpected_arguments

F = TypeVar("F", bound=Callable[..., Any])


def argument_names(cls: type) -> list[str]:
    """Return the names of all arguments of a class, those that its ``**options`` hand to the classes above included."""
    names: dict[str, None] = {}
    for owner in cls.__mro__:
        if "__init__" not in vars(owner):
            continue
        arguments = list(inspect.signature(vars(owner)["__init__"]).parameters.values())[1:]
        names |= {one.name: None for one in arguments if one.kind not in (one.VAR_KEYWORD, one.VAR_POSITIONAL)}
        if not any(one.kind is one.VAR_KEYWORD for one in arguments):
            break
    return list(dict.fromkeys([*names, *getattr(cls, "more_arguments", list)()]))


class CheckedWhenSet:
    """In a class below, an argument that is set later, as an attribute, is checked and kept as ``__init__`` would."""

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, as_an_argument(self, name, value))

    def present_arguments(self, cls: Any) -> dict[str, Any]:
        """Return what would make an equal object of a class of ours."""
        arguments: dict[str, Any] = cls.get_config(self)
        return arguments


def as_an_argument(thing: Any, name: str, value: Any) -> Any:
    """Return what ``__init__`` makes of an argument that is set again; whatever else is set comes back as it is.

    Raises:
        ValueError, TypeError: what ``__init__`` would raise.
    """
    cls = _class_of_ours(type(thing))  # type: ignore[arg-type]  # which mypy takes for no key
    if name not in names_to_set(cls) or name not in vars(thing):
        return value
    try:
        present = thing.present_arguments(cls)
    except AttributeError:  # ``__init__`` is under way
        return value
    made = cls.from_config if hasattr(cls, "from_config") else lambda arguments: cls(**arguments)
    return vars(made({**present, name: value}))[name]


def argument_values(thing: Any) -> list[Any]:
    """Return what the arguments of an object are now: two lists of it differ if one has been set in between."""
    return [vars(thing).get(name) for name in names_to_set(_class_of_ours(type(thing)))]  # type: ignore[arg-type]


@cache
def _class_of_ours(cls: Any) -> Any:
    """Return the class that a user's own is made of; what the arguments of the user's mean, we cannot know."""
    return next(one for one in cls.__mro__ if one.__module__.startswith("scratchnet."))


@cache
def names_to_set(cls: Any) -> frozenset[str]:
    """Return the names of the arguments that can be set later as well; a name may have rules of its own."""
    return frozenset(argument_names(cls)) - {"name"}


class ArgumentsByName:
    """A class below refuses an argument that it does not take in a sentence, unless it takes ``**options``."""

    def __new__(cls, *arguments: Any, **named: Any) -> Self:
        """Return a new object of the class, whose ``__init__`` is yet to be called."""
        if named:
            _refuse_unknown(cls.__name__, cls.__init__, named)
        return super().__new__(cls)


def arguments_by_name(function: F) -> F:
    """Let a function refuse an argument that it does not take in a sentence."""

    @wraps(function)
    def called(*arguments: Any, **named: Any) -> Any:
        if named:
            _refuse_unknown(function.__name__, function, named)
        return function(*arguments, **named)

    return cast(F, called)


def _refuse_unknown(owner: str, function: Callable[..., Any], named: Collection[str]) -> None:
    known, takes_others = _names_of(function)
    unknown = [] if takes_others else [name for name in named if name not in known]
    if unknown:
        raise unexpected_arguments(owner, unknown, known)


@lru_cache(maxsize=1024)  # a step makes new objects of some classes, and to look at a signature takes longer than that
def _names_of(function: Callable[..., Any]) -> tuple[list[str], bool]:
    """Return the names by which a function takes arguments, and whether it takes any others."""
    arguments = inspect.signature(function).parameters.values()
    known = [one.name for one in arguments if one.kind is not one.POSITIONAL_ONLY and one.name != "self"]
    return known, any(one.kind is one.VAR_KEYWORD for one in arguments)
