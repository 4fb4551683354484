"""Calls what a learner wrote and gives its results their names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scratchnet.learn.namespace import Namespace, NotAsked


def calling(function: str, *outputs: str) -> Callable[..., dict[str, Any]]:
    """Return an exercise's ``run`` that calls one function with the inputs in their order.

    Args:
        function: its name in the learner's file.
        outputs: what it returns, in order; several as a tuple.
    """

    def run(solution: Namespace, **inputs: Any) -> dict[str, Any]:
        return named(getattr(solution, function)(*inputs.values()), function, *outputs)

    return run


def named(result: Any, function: str, *outputs: str) -> dict[str, Any]:
    """Return results by name.

    Raises:
        NotAsked: if there are more or fewer than ``outputs``.
    """
    if len(outputs) == 1:
        return {outputs[0]: result}
    if result is ...:
        return dict.fromkeys(outputs, result)
    wanted = f"{function} should return {', '.join(outputs)}"
    if result is None:
        raise NotAsked(f"{wanted}; it returned None: is a return missing?")
    if not isinstance(result, (tuple, list)):
        raise NotAsked(f"{wanted}; it returned one thing, of type {type(result).__name__}.")
    if len(result) != len(outputs):
        raise NotAsked(f"{wanted}; it returned {len(result)} things.")
    return dict(zip(outputs, result))
