"""Initial values that are drawn with the variance that suits a layer: Glorot, He, LeCun."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from scratchnet.errors import one_of
from scratchnet.initializers.drawn import Random
from scratchnet.initializers.initializer import compute_fans
from scratchnet.typing import Array
from scratchnet.utils.numbers import real_number
from scratchnet.utils.random import new_generator


class VarianceScaling(Random):
    """Numbers of mean 0 and variance ``scale / fan``; Glorot's, He's and LeCun's initializers are cases of it.

    Args:
        scale: the variance of what a layer adds up, in units of its inputs'.
        mode: which fan: ``"fan_in"``, ``"fan_out"`` or ``"fan_avg"``, their mean.
        distribution: ``"truncated_normal"`` (or ``"normal"``, the same), ``"untruncated_normal"`` or ``"uniform"``.
        seed: see above.

    Raises:
        ValueError: for a scale that is not positive, or another mode or distribution.
    """

    #: Standard deviation of a standard normal cut off at ±2: cutting narrows it.
    NARROWING = 0.87962566103423978

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: int | None = None,
    ) -> None:
        super().__init__(seed)
        self.scale = real_number("scale of VarianceScaling", scale, 0, open_ends="least")
        kind = one_of(
            "distribution of VarianceScaling",
            distribution.lower() if isinstance(distribution, str) else distribution,
            ("truncated_normal", "untruncated_normal", "uniform", "normal"),
        )
        self.distribution = "truncated_normal" if kind == "normal" else kind
        self.mode = one_of("mode of VarianceScaling", mode, ("fan_in", "fan_out", "fan_avg"))

    def variance(self, shape: tuple[int, ...]) -> float:
        """Return the variance that the numbers of this shape are to have."""
        fan_in, fan_out = compute_fans(shape)
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        return self.scale / max(1.0, fan)

    def values(self, shape: tuple[int, ...]) -> Array:
        """Return the numbers; a uniform distribution on [-limit, limit) has the variance limit² / 3."""
        variance = self.variance(shape)
        if self.distribution == "uniform":
            limit = math.sqrt(3 * variance)
            return new_generator(self.seed).uniform(-limit, limit, shape)
        if self.distribution == "untruncated_normal":
            return new_generator(self.seed).standard_normal(shape) * math.sqrt(variance)
        return self.truncated_normal(shape) * (math.sqrt(variance) / self.NARROWING)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal initializer."""
        return {"scale": self.scale, "mode": self.mode, "distribution": self.distribution, "seed": self.seed}


class _Named(VarianceScaling):
    """A case of ``VarianceScaling`` that has a name of its own."""

    case: ClassVar[tuple[float, str, str]]

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(*self.case, seed)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal initializer."""
        return {"seed": self.seed}


class GlorotUniform(_Named):
    """Uniform with variance 2 / (fan_in + fan_out); the default for kernels."""

    case = (1.0, "fan_avg", "uniform")


class GlorotNormal(_Named):
    """Truncated normal with variance 2 / (fan_in + fan_out)."""

    case = (1.0, "fan_avg", "truncated_normal")


class HeUniform(_Named):
    """Uniform with variance 2 / fan_in."""

    case = (2.0, "fan_in", "uniform")


class HeNormal(_Named):
    """Truncated normal with variance 2 / fan_in."""

    case = (2.0, "fan_in", "truncated_normal")


class LecunUniform(_Named):
    """Uniform with variance 1 / fan_in, for functions that keep the signal's size, such as selu (LeCun, 1998)."""

    case = (1.0, "fan_in", "uniform")


class LecunNormal(_Named):
    """Truncated normal with variance 1 / fan_in."""

    case = (1.0, "fan_in", "truncated_normal")
