"""Optimizers: how the parameters move, once the gradient is known.

All parameters of a model lie in one flat vector w and all gradients in one vector g, so an optimizer is a few lines
on vectors. ``update`` defines the rule in NumPy; it changes w and the optimizer's own vectors in place. One file for
each rule; what all of them can do round it (weight decay, clipping, …) is in ``optimizer.py``, and what becomes of an
argument that is set later in ``set_later.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, overload

from scratchnet.errors import nothing_else
from scratchnet.optimizers import schedules
from scratchnet.optimizers.adagrad import Adagrad
from scratchnet.optimizers.adam import Adam, AdamW
from scratchnet.optimizers.optimizer import Optimizer, UpdateRule
from scratchnet.optimizers.rmsprop import RMSprop
from scratchnet.optimizers.sgd import SGD
from scratchnet.utils.naming import described, made_from

__all__ = [
    "OPTIMIZERS",
    "SGD",
    "Adagrad",
    "Adam",
    "AdamW",
    "Optimizer",
    "RMSprop",
    "UpdateRule",
    "deserialize",
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
    return deserialize(optimizer)


def serialize(optimizer: Optimizer) -> dict[str, Any] | None:
    """Return what ``get`` makes an equal optimizer from; it can be written as JSON."""
    return described(optimizer)


def deserialize(config: Any, custom_objects: Mapping[str, type] | None = None) -> Optimizer | None:
    """Return what ``serialize`` was given, or an optimizer by name; ``custom_objects`` are your own classes by name.

    Raises:
        ValueError: for an unknown name, with the nearest known one.
        TypeError: for anything else.
    """
    name = config.lower() if isinstance(config, str) and config not in (custom_objects or {}) else config
    return made_from("optimizer", name, OPTIMIZERS, Optimizer, custom_objects)


__getattr__ = nothing_else("optimizer", __name__)
