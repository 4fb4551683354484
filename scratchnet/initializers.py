"""Where the weights start.

A layer adds up ``fan_in`` products, so weights of variance 1 would make outputs of variance ``fan_in``, and deep
networks would explode. Glorot and He choose the variance of the weights so that the variance of the signal stays
about the same from layer to layer: 2 / (fan_in + fan_out) keeps forward and backward pass in balance (Glorot and
Bengio, 2010); 2 / fan_in makes up for the half of the signal that a ReLU cuts off (He et al., 2015).
"""

from __future__ import annotations

import math
from typing import Any, ClassVar, overload

import numpy as np

from scratchnet.typing import Array
from scratchnet.utils.naming import look_up, snake_case
from scratchnet.utils.numbers import real_number, seed_or_none
from scratchnet.utils.random import new_generator


def compute_fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """Return ``(fan_in, fan_out)``: how many numbers a weight's layer adds up, forward and backward.

    A dense kernel (D, U) has (D, U); a convolution kernel (KH, KW, C, F) has (KH·KW·C, KH·KW·F), as in Keras; a
    vector (U,) has (U, U).
    """
    if len(shape) == 1:
        return shape[0], shape[0]
    receptive_field = math.prod(shape[:-2])
    return receptive_field * shape[-2], receptive_field * shape[-1]


class Initializer:
    """Base class: a callable ``(shape, dtype) -> array``."""

    def __call__(self, shape: tuple[int, ...], dtype: str) -> Array:
        """Return initial values of that shape and float dtype."""
        raise NotImplementedError(f"{type(self).__name__} has no __call__(shape, dtype).")

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal initializer."""
        return {}


class Zeros(Initializer):
    """All zeros; Keras's default for a bias."""

    def __call__(self, shape: tuple[int, ...], dtype: str) -> Array:
        """Return zeros."""
        return np.zeros(shape, dtype)


class Ones(Initializer):
    """All ones."""

    def __call__(self, shape: tuple[int, ...], dtype: str) -> Array:
        """Return ones."""
        return np.ones(shape, dtype)


class RandomUniform(Initializer):
    """Uniform from ``minval`` to ``maxval``, whatever the shape; the default for an embedding, named "uniform"."""

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None) -> None:
        self.minval = real_number("minval of RandomUniform", minval)
        self.maxval = real_number("maxval of RandomUniform", maxval)
        self.seed = seed_or_none("seed of RandomUniform", seed)

    def __call__(self, shape: tuple[int, ...], dtype: str) -> Array:
        """Draw from [minval, maxval)."""
        return new_generator(self.seed).uniform(self.minval, self.maxval, shape).astype(dtype)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal initializer."""
        return {"minval": self.minval, "maxval": self.maxval, "seed": self.seed}


class _Random(Initializer):
    """Numbers of mean 0 and variance ``scale / fan``.

    With ``seed`` every call returns the same numbers; without, each call takes a fresh generator of the global seed.
    """

    scale: ClassVar[float]
    uses_fan_out: ClassVar[bool]

    def __init__(self, seed: int | None = None) -> None:
        self.seed = seed_or_none(f"seed of {type(self).__name__}", seed)

    def variance(self, shape: tuple[int, ...]) -> float:
        """Return the variance that the numbers of this shape are to have."""
        fan_in, fan_out = compute_fans(shape)
        fan = (fan_in + fan_out) / 2 if self.uses_fan_out else fan_in
        return self.scale / max(1.0, fan)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal initializer."""
        return {"seed": self.seed}


class _Uniform(_Random):
    def __call__(self, shape: tuple[int, ...], dtype: str) -> Array:
        """Draw from [-limit, limit), whose variance is limit² / 3."""
        limit = math.sqrt(3 * self.variance(shape))
        return new_generator(self.seed).uniform(-limit, limit, shape).astype(dtype)


class _TruncatedNormal(_Random):
    #: Standard deviation of a standard normal cut off at ±2: cutting narrows it.
    NARROWING = 0.87962566103423978

    def __call__(self, shape: tuple[int, ...], dtype: str) -> Array:
        """Draw from a normal distribution, drawing again whatever lies beyond two standard deviations."""
        generator = new_generator(self.seed)
        z = generator.standard_normal(shape)
        while (beyond := np.abs(z) > 2).any():
            z[beyond] = generator.standard_normal(int(beyond.sum()))
        return (z * (math.sqrt(self.variance(shape)) / self.NARROWING)).astype(dtype)


class GlorotUniform(_Uniform):
    """Uniform with variance 2 / (fan_in + fan_out); the default for kernels."""

    scale, uses_fan_out = 1.0, True


class GlorotNormal(_TruncatedNormal):
    """Truncated normal with variance 2 / (fan_in + fan_out)."""

    scale, uses_fan_out = 1.0, True


class HeUniform(_Uniform):
    """Uniform with variance 2 / fan_in."""

    scale, uses_fan_out = 2.0, False


class HeNormal(_TruncatedNormal):
    """Truncated normal with variance 2 / fan_in."""

    scale, uses_fan_out = 2.0, False


INITIALIZERS: dict[str, type[Initializer]] = {
    snake_case(c.__name__): c for c in (GlorotUniform, GlorotNormal, HeUniform, HeNormal, RandomUniform, Zeros, Ones)
}
INITIALIZERS["uniform"] = RandomUniform


@overload
def get(initializer: None) -> None: ...
@overload
def get(initializer: str | Initializer | dict[str, Any]) -> Initializer: ...
def get(initializer: str | Initializer | dict[str, Any] | None) -> Initializer | None:
    """Return the initializer of a name, of a saved configuration, or the object itself; None stays None.

    Raises:
        ValueError: for an unknown name, with the nearest known one.
        TypeError: for anything else.
    """
    if initializer is None or isinstance(initializer, Initializer):
        return initializer
    if isinstance(initializer, dict):
        return look_up("initializer", initializer.get("name"), INITIALIZERS)(**initializer.get("config", {}))
    if isinstance(initializer, str):
        return look_up("initializer", initializer, INITIALIZERS)()
    raise TypeError(f"An initializer is given as a name or as an Initializer object, got {initializer!r}.")


def get_or_default(initializer: str | Initializer | dict[str, Any] | None) -> Initializer:
    """As ``get``, for a layer's argument: None is what Keras takes for want of another, ``glorot_uniform``."""
    return GlorotUniform() if initializer is None else get(initializer)


def serialize(initializer: Initializer) -> dict[str, Any]:
    """Return what ``get`` makes an equal initializer from; it can be written as JSON."""
    return {"name": snake_case(type(initializer).__name__), "config": initializer.get_config()}
