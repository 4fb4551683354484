"""Where the weights start.

A layer adds up ``fan_in`` products, so weights of variance 1 would make outputs of variance ``fan_in``, and deep
networks would explode. Glorot and He choose the variance of the weights so that the variance of the signal stays
about the same from layer to layer: 2 / (fan_in + fan_out) keeps forward and backward pass in balance (Glorot and
Bengio, 2010); 2 / fan_in makes up for the half of the signal that a ReLU cuts off (He et al., 2015).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, overload

import numpy as np

from scratchnet.errors import nothing_else
from scratchnet.initializers.drawn import Orthogonal, RandomNormal, RandomUniform, TruncatedNormal
from scratchnet.initializers.fixed import Constant, Identity, Ones, Zeros
from scratchnet.initializers.initializer import Initializer, compute_fans
from scratchnet.initializers.scaled import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    VarianceScaling,
)
from scratchnet.typing import Array
from scratchnet.utils.naming import described, made_from, snake_case

__all__ = [
    "INITIALIZERS",
    "Constant",
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "Identity",
    "Initializer",
    "LecunNormal",
    "LecunUniform",
    "Ones",
    "Orthogonal",
    "RandomNormal",
    "RandomUniform",
    "TruncatedNormal",
    "VarianceScaling",
    "Zeros",
    "compute_fans",
    "deserialize",
    "get",
    "get_or_default",
    "serialize",
]

INITIALIZERS: dict[str, type[Initializer]] = {
    snake_case(c.__name__): c
    for c in (
        *(GlorotUniform, GlorotNormal, HeUniform, HeNormal, LecunUniform, LecunNormal, VarianceScaling),
        *(RandomNormal, RandomUniform, TruncatedNormal, Orthogonal, Identity, Constant, Zeros, Ones),
    )
}
INITIALIZERS |= {"uniform": RandomUniform, "normal": RandomNormal, "zero": Zeros, "one": Ones}
INITIALIZERS |= {"IdentityInitializer": Identity, "OrthogonalInitializer": Orthogonal}


_nothing_else = nothing_else("initializer", __name__)


def __getattr__(name: str) -> Any:
    """Classes are known by their names in snake_case too, as in Keras: ``initializers.he_normal()``."""
    if name in INITIALIZERS:
        return INITIALIZERS[name]
    return _nothing_else(name)


def __dir__() -> list[str]:
    return sorted({*globals(), *INITIALIZERS})


@overload
def get(initializer: None) -> None: ...
@overload
def get(initializer: str | Initializer | Array | dict[str, Any]) -> Initializer: ...
def get(initializer: str | Initializer | Array | dict[str, Any] | None) -> Initializer | None:
    """Return the initializer of a name, a class, a saved configuration or an array, or the object itself.

    None stays None.

    Raises:
        ValueError: for an unknown name, with the nearest known one.
        TypeError: for anything else.
    """
    if isinstance(initializer, type) and issubclass(initializer, Initializer):
        return initializer()
    if isinstance(initializer, np.ndarray):
        return Constant(initializer)
    return made_from("initializer", initializer, INITIALIZERS, Initializer)


def get_or_default(initializer: str | Initializer | dict[str, Any] | None) -> Initializer:
    """As ``get``, for a layer's argument: None is what Keras takes for want of another, ``glorot_uniform``."""
    return GlorotUniform() if initializer is None else get(initializer)


def serialize(initializer: Initializer) -> dict[str, Any] | None:
    """Return what ``get`` makes an equal initializer from; it can be written as JSON."""
    return described(initializer)


def deserialize(config: Any, custom_objects: Mapping[str, type] | None = None) -> Initializer | None:
    """Return what ``serialize`` was given, or an initializer by name; ``custom_objects`` are your own classes by name.

    Raises:
        ValueError, TypeError: as for ``get``.
    """
    return made_from("initializer", config, INITIALIZERS, Initializer, custom_objects)
