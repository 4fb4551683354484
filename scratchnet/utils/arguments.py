"""Arguments and names that are not there: the error says which one is near, or that Keras has it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection
from functools import lru_cache, wraps
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
