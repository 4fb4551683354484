"""Optimizers: how the parameters move, once the gradient is known.

All parameters of a model lie in one flat vector w and all gradients in one vector g, so an optimizer is a few lines
on vectors. ``update`` defines the rule in NumPy; it changes w and the optimizer's own vectors in place. One file for
each rule; what all of them can do round it (weight decay, clipping, …) is in ``optimizer.py``.
"""

from __future__ import annotations

from typing import Any, overload

from scratchnet.optimizers import schedules
from scratchnet.optimizers.adagrad import Adagrad
from scratchnet.optimizers.adam import Adam, AdamW
from scratchnet.optimizers.optimizer import Optimizer, UpdateRule
from scratchnet.optimizers.rmsprop import RMSprop
from scratchnet.optimizers.sgd import SGD
from scratchnet.utils.naming import look_up

__all__ = [
    "OPTIMIZERS",
    "SGD",
    "Adagrad",
    "Adam",
    "AdamW",
    "Optimizer",
    "RMSprop",
    "UpdateRule",
    "get",
    "schedules",
    "serialize",
]

OPTIMIZERS: dict[str, type[Optimizer]] = {c.__name__.lower(): c for c in (Adagrad, Adam, AdamW, RMSprop, SGD)}


@overload
def get(optimizer: None) -> None: ...
@overload
def get(optimizer: str | Optimizer | dict[str, Any]) -> Optimizer: ...
def get(optimizer: str | Optimizer | dict[str, Any] | None) -> Optimizer | None:
    """Return the optimizer of a name with its default settings, of a saved configuration, or the object itself.

    None stays None.

    Raises:
        ValueError: for an unknown name, with the nearest known one.
        TypeError: for anything else.
    """
    if optimizer is None or isinstance(optimizer, Optimizer):
        return optimizer
    if isinstance(optimizer, str):
        return look_up("optimizer", optimizer.lower(), OPTIMIZERS)()  # type: ignore[call-arg]
    if isinstance(optimizer, dict):
        return look_up("optimizer", optimizer.get("name"), OPTIMIZERS).from_config(optimizer.get("config", {}))
    raise TypeError(f"An optimizer is given as a name ({', '.join(OPTIMIZERS)}) or as an Optimizer, got {optimizer!r}.")


def serialize(optimizer: Optimizer) -> dict[str, Any]:
    """Return what ``get`` makes an equal optimizer from; it can be written as JSON."""
    return {"name": type(optimizer).__name__.lower(), "config": optimizer.get_config()}
