"""A moment at which no batch runs: what is copied then belongs to one step.

A batch runs under the lock of its plan. Layers may have several plans, for training and prediction and in other models,
so whoever copies a model takes the locks of all plans that run any of its layers.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Protocol

from scratchnet.graph.graph import Graph
from scratchnet.layers.layer import Layer


class Plan(Protocol):
    """What ``plan.Plan`` is to this file."""

    graph: Graph
    lock: Any


_plans: dict[int, weakref.ref[Plan]] = {}  # written and copied in one go each, whichever thread does it


def add(plan: Plan) -> None:
    """Remember a plan for as long as it is alive."""
    number = id(plan)

    def forget(gone: weakref.ref[Plan]) -> None:
        if _plans.get(number) is gone:  # else its number is that of a newer plan
            del _plans[number]

    _plans[number] = weakref.ref(plan, forget)


@contextmanager
def between_steps(layers: Iterable[Layer]) -> Iterator[None]:
    """Wait until no batch runs through any of these layers, and let none run while the block does."""
    wanted = set(layers)
    held: set[Plan] = set()
    with ExitStack() as stack:
        while missing := [plan for plan in _alive() if plan not in held and not wanted.isdisjoint(plan.graph.layers)]:
            for plan in missing:  # in the order of their making, as everybody who takes several does
                stack.enter_context(plan.lock)
                held.add(plan)
        yield


def _alive() -> list[Plan]:
    return [plan for reference in _plans.copy().values() if (plan := reference()) is not None]
