"""The catalogue of planted mistakes: how one is written down, and the list of all.

A mutant is a class of ours with one mistake. Its docstring says the mistake in one sentence, its code shows it, and
the decorator says on what to check it:

    @layer((4, 5), 5, activation="relu")        # the batch's shape, then the constructor's arguments
    class BiasDoubled(Dense):
        '''The bias's gradient is added up twice.'''
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

Class = TypeVar("Class", bound=type)

MODULES = (
    "dense",
    "conv2d",
    "pooling",
    "image_layers",
    "activations",
    "shapes",
    "merging",
    "embedding",
    "normalization",
    "random_layers",
    "augmentations",
    "losses",
    "optimizers",
    "schedules",
    "callbacks",
    "runs",
)
_all: list[Mutant] = []


@dataclass(frozen=True, eq=False)
class Mutant:
    """One planted mistake.

    ``kind`` is layer, loss, optimizer, schedule, callback or run; ``make`` makes a fresh wrong object, and for an
    optimizer or schedule ``make_right`` the arguments of its reference; ``shape`` is the batch to check a layer on, and
    ``checking`` what ``check_layer`` is told besides.
    """

    kind: str
    group: str
    name: str
    mistake: str
    make: Callable[[], Any]
    shape: Any = None
    settings: dict[str, Any] | None = None
    checking: dict[str, Any] = field(default_factory=dict)


def _register(
    kind: str,
    shape: Any,
    arguments: tuple[Any, ...],
    options: dict[str, Any],
    checking: dict[str, Any] | None = None,
) -> Callable[[Class], Class]:
    def register(cls: Class) -> Class:
        group = cls.__module__.rpartition(".")[2]
        mistake = " ".join((cls.__doc__ or "").split())
        make = lambda: cls(*arguments, **options)  # noqa: E731
        _all.append(Mutant(kind, group, cls.__name__, mistake, make, shape, dict(options), checking or {}))
        return cls

    return register


def layer(
    shape: Any, *arguments: Any, checking: dict[str, Any] | None = None, **options: Any
) -> Callable[[Class], Class]:
    """Register a wrong layer; ``checking`` is for ``check_layer``, such as ``{"training": False}``."""
    return _register("layer", shape, arguments, options, checking)


def loss(*arguments: Any, **options: Any) -> Callable[[Class], Class]:
    """Register a wrong loss."""
    return _register("loss", None, arguments, options)


def optimizer(**options: Any) -> Callable[[Class], Class]:
    """Register a wrong optimizer; its reference gets the same options."""
    return _register("optimizer", None, (), options)


def schedule(**options: Any) -> Callable[[Class], Class]:
    """Register a wrong learning-rate schedule; its reference gets the same options."""
    return _register("schedule", None, (), options)


def callback(**options: Any) -> Callable[[Class], Class]:
    """Register a wrong callback; its reference gets the same options."""
    return _register("callback", None, (), options)


def run() -> Callable[[Class], Class]:
    """Register a mistake in how a ``fit`` that was interrupted goes on; see ``tests.oracles.runs``."""
    return _register("run", None, (), {})


def all_mutants() -> list[Mutant]:
    """Return every mutant, in the order of ``MODULES`` and of their files."""
    for name in MODULES:
        importlib.import_module(f"tests.mutants.{name}")
    return sorted(_all, key=lambda mutant: MODULES.index(mutant.group))
