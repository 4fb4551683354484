"""The catalogue of planted mistakes: how one is written down, and the list of all.

A mutant is a class of ours with one mistake. Its docstring says the mistake in one sentence, its code shows it, and
the decorator says on what to check it. Those that learners make, too, stand in ``scratchnet/learn/mistakes``, with
words for the learner, and are adopted here:

    @layer((4, 5), 5, activation="relu")        # the batch's shape, then the constructor's arguments
    class BiasDoubled(Dense):
        '''The bias's gradient is added up twice.'''
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar
from unittest import mock

from scratchnet.layers import Dense
from scratchnet.learn.mistakes import subject

Class = TypeVar("Class", bound=type)
Function = TypeVar("Function", bound=Callable[..., Any])

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
    "penalties",
    "losses",
    "optimizers",
    "schedules",
    "nested",
    "objectives",
    "callbacks",
    "runs",
)
_all: list[Mutant] = []


@dataclass(frozen=True, eq=False)
class Mutant:
    """One planted mistake.

    ``kind`` is layer, loss, optimizer, schedule, constraint, penalties, nested, objective, callback or run; ``make``
    makes a fresh wrong object (for nested models, a context in which a function is wrong), and for an optimizer or
    schedule ``settings`` are the arguments of its reference; ``shape`` is the batch to check a layer on, for a
    constraint the name of the right one, and ``checking`` what ``check_layer`` is told besides.
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


def nested(owner: Any, attribute: str) -> Callable[[Function], Function]:
    """Register a function that is wrong in the place of one that makes nested models flat, or runs them."""

    def register(wrong: Function) -> Function:
        mistake = " ".join((wrong.__doc__ or "").split())
        _all.append(
            Mutant("nested", "nested", wrong.__name__, mistake, lambda: mock.patch.object(owner, attribute, wrong))
        )
        return wrong

    return register


def regularizer(where: str = "kernel_regularizer", **options: Any) -> Callable[[Class], Class]:
    """Register a wrong regularizer, as a Dense layer that has it."""

    def register(cls: Class) -> Class:
        mistake = " ".join((cls.__doc__ or "").split())
        make = lambda: Dense(4, **{where: cls(**options)})  # noqa: E731
        _all.append(Mutant("layer", cls.__module__.rpartition(".")[2], cls.__name__, mistake, make, (5, 3)))
        return cls

    return register


def constraint(name: str, **options: Any) -> Callable[[Class], Class]:
    """Register a wrong constraint; the right one's name goes with it."""

    def register(cls: Class) -> Class:
        _register("constraint", name, (), options)(cls)
        return cls

    return register


def penalties(cls: Class) -> Class:
    """Register a class that does in a training step what ``Penalties`` should do, and does it wrong."""
    mistake = " ".join((cls.__doc__ or "").split())
    _all.append(Mutant("penalties", cls.__module__.rpartition(".")[2], cls.__name__, mistake, lambda: cls))
    return cls


def objective(cls: Class) -> Class:
    """Register a wrong class of those that train and display several outputs; ``make`` returns the class itself."""
    mistake = " ".join((cls.__doc__ or "").split())
    _all.append(Mutant("objective", cls.__module__.rpartition(".")[2], cls.__name__, mistake, lambda: cls))
    return cls


def callback(**options: Any) -> Callable[[Class], Class]:
    """Register a wrong callback; its reference gets the same options."""
    return _register("callback", None, (), options)


def run() -> Callable[[Class], Class]:
    """Register a mistake in how a ``fit`` that was interrupted goes on; see ``tests.oracles.runs``."""
    return _register("run", None, (), {})


def adopt(kind: str, group: str, *names: str) -> None:
    """Register the library's mistakes in some subjects as mutants of a kind, in a group."""
    for mistake in (mistake for name in names for mistake in subject(name).mistakes.values()):
        _all.append(
            Mutant(
                kind,
                group,
                mistake.wrong.__name__,
                " ".join((mistake.wrong.__doc__ or "").split()),
                mistake.make,
                mistake.shape,
                dict(mistake.options),
                mistake.checking,
            )
        )


def all_mutants() -> list[Mutant]:
    """Return every mutant, in the order of ``MODULES`` and of their files."""
    for name in MODULES:
        importlib.import_module(f"tests.mutants.{name}")
    return sorted(_all, key=lambda mutant: MODULES.index(mutant.group))
