"""Where the weights start.

A layer adds up ``fan_in`` products, so weights of variance 1 would make outputs of variance ``fan_in``, and deep
networks would explode. Glorot and He choose the variance of the weights so that the variance of the signal stays
about the same from layer to layer: 2 / (fan_in + fan_out) keeps forward and backward pass in balance (Glorot and
Bengio, 2010); 2 / fan_in makes up for the half of the signal that a ReLU cuts off (He et al., 2015).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, overload

import numpy as np

from scratchnet import config
from scratchnet.errors import one_of
from scratchnet.typing import Array
from scratchnet.utils.blas import single_threaded_blas
from scratchnet.utils.naming import described, made_from, snake_case
from scratchnet.utils.numbers import real_array, real_number, seed_or_none, shown, sizes
from scratchnet.utils.random import new_generator


def compute_fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """Return ``(fan_in, fan_out)``: how many numbers a weight's layer adds up, forward and backward.

    A dense kernel (D, U) has (D, U); a convolution kernel (KH, KW, C, F) has (KH·KW·C, KH·KW·F), as in Keras; a
    vector (U,) has (U, U), a single number (1, 1).
    """
    if not shape:
        return 1, 1
    if len(shape) == 1:
        return shape[0], shape[0]
    receptive_field = math.prod(shape[:-2])
    return receptive_field * shape[-2], receptive_field * shape[-1]


class Initializer:
    """Base class: a callable ``(shape, dtype) -> array``. One of your own defines ``values`` or ``__call__``."""

    def values(self, shape: tuple[int, ...]) -> Array:
        """Return initial values of that shape."""
        raise NotImplementedError(f"{type(self).__name__} has neither values(shape) nor __call__(shape, dtype).")

    def __call__(self, shape: tuple[int, ...], dtype: str | None = None) -> Array:
        """Return initial values of that shape in a float dtype, ``config.floatx()`` if not given."""
        kind = config.floatx() if dtype is None else config.check_float(dtype)
        return self.values(sizes(f"shape of {type(self).__name__}", shape)).astype(kind)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal initializer."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Initializer:
        """Make an initializer from what ``get_config`` returned."""
        return cls(**config)


class Zeros(Initializer):
    """All zeros; Keras's default for a bias."""

    def values(self, shape: tuple[int, ...]) -> Array:
        """Return zeros."""
        return np.zeros(shape)


class Ones(Initializer):
    """All ones."""

    def values(self, shape: tuple[int, ...]) -> Array:
        """Return ones."""
        return np.ones(shape)


class Constant(Initializer):
    """The same number everywhere; or an array's numbers, if it has the weights' shape or is broadcast to it.

    Raises:
        ValueError: if ``value`` is neither a finite number nor an array of them.
    """

    def __init__(self, value: float | Sequence[Any] | Array = 0.0) -> None:
        if not isinstance(value, (list, tuple)) and np.ndim(value) == 0:
            self.value: Any = real_number("value of Constant", value)
            return
        self.value = real_array("value of Constant", value).astype(np.float64)
        if not np.isfinite(self.value).all():
            raise ValueError(f"value of Constant expected finite numbers, got {shown(value)}.")

    def values(self, shape: tuple[int, ...]) -> Array:
        """Return the number, as often as it takes.

        Raises:
            ValueError: if an array does not fit the shape.
        """
        try:
            return np.broadcast_to(self.value, shape)
        except ValueError:
            raise ValueError(
                f"Constant expected weights of its value's shape {self.value.shape}, got {shape}."
            ) from None

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal initializer."""
        return {"value": self.value.tolist() if isinstance(self.value, np.ndarray) else self.value}


class Identity(Initializer):
    """``gain`` times the identity matrix: a layer that begins by handing on what it gets. For matrices only."""

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = real_number("gain of Identity", gain)

    def values(self, shape: tuple[int, ...]) -> Array:
        """Return the matrix.

        Raises:
            ValueError: if the shape is none of a matrix.
        """
        if len(shape) != 2:
            raise ValueError(f"Identity expected the shape of a matrix, (rows, columns), got {shape}.")
        return self.gain * np.eye(*shape)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal initializer."""
        return {"gain": self.gain}


class _Random(Initializer):
    """Random numbers.

    With ``seed`` every call returns the same numbers; without, each call takes a fresh generator of the global seed.
    """

    def __init__(self, seed: int | None = None) -> None:
        self.seed = seed_or_none(f"seed of {type(self).__name__}", seed)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal initializer."""
        return {"seed": self.seed}

    def truncated_normal(self, shape: tuple[int, ...]) -> Array:
        """Draw from a standard normal distribution, drawing again whatever lies beyond two standard deviations."""
        generator = new_generator(self.seed)
        z = generator.standard_normal(shape)
        while (beyond := np.abs(z) > 2).any():
            z[beyond] = generator.standard_normal(int(beyond.sum()))
        return z


class RandomNormal(_Random):
    """Normal with that mean and standard deviation."""

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        super().__init__(seed)
        self.mean = real_number(f"mean of {type(self).__name__}", mean)
        self.stddev = real_number(f"stddev of {type(self).__name__}", stddev, 0)

    def values(self, shape: tuple[int, ...]) -> Array:
        """Return the numbers."""
        return new_generator(self.seed).standard_normal(shape) * self.stddev + self.mean

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal initializer."""
        return {"mean": self.mean, "stddev": self.stddev, "seed": self.seed}


class TruncatedNormal(RandomNormal):
    """Normal, but nothing further than two ``stddev`` from the mean; the numbers' own deviation is 0.88 of that."""

    def values(self, shape: tuple[int, ...]) -> Array:
        """Return the numbers."""
        return self.truncated_normal(shape) * self.stddev + self.mean


class RandomUniform(_Random):
    """Anything from ``minval`` up to ``maxval``, all equally likely."""

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None) -> None:
        super().__init__(seed)
        self.minval = real_number("minval of RandomUniform", minval)
        self.maxval = real_number("maxval of RandomUniform", maxval, self.minval)

    def values(self, shape: tuple[int, ...]) -> Array:
        """Return the numbers."""
        return new_generator(self.seed).uniform(self.minval, self.maxval, shape)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal initializer."""
        return {"minval": self.minval, "maxval": self.maxval, "seed": self.seed}


class Orthogonal(_Random):
    """``gain`` times a random matrix Q with orthonormal columns, QᵀQ = 1, or rows, if it is wider than high.

    Such a matrix turns a signal and leaves its length as it is, through however many layers (Saxe et al., 2014). It is
    the Q of A = QR for a normal A. QR leaves the signs of Q's columns open; with those that make R's diagonal positive,
    every rotation is equally likely (Mezzadri, 2007). A convolution kernel is taken as the matrix (KH·KW·C, F).
    """

    def __init__(self, gain: float = 1.0, seed: int | None = None) -> None:
        super().__init__(seed)
        self.gain = real_number("gain of Orthogonal", gain)

    def values(self, shape: tuple[int, ...]) -> Array:
        """Return the matrix.

        Raises:
            ValueError: if the shape has fewer than two axes.
        """
        if len(shape) < 2:
            raise ValueError(f"Orthogonal expected a shape of at least two axes, got {shape}.")
        rows, columns = math.prod(shape[:-1]), shape[-1]
        a = new_generator(self.seed).standard_normal((max(rows, columns), min(rows, columns)))
        with single_threaded_blas():
            q, r = np.linalg.qr(a)
        q *= np.sign(np.diag(r))
        return (self.gain * (q.T if rows < columns else q)).reshape(shape)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal initializer."""
        return {"gain": self.gain, "seed": self.seed}


class VarianceScaling(_Random):
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


INITIALIZERS: dict[str, type[Initializer]] = {
    snake_case(c.__name__): c
    for c in (
        *(GlorotUniform, GlorotNormal, HeUniform, HeNormal, LecunUniform, LecunNormal, VarianceScaling),
        *(RandomNormal, RandomUniform, TruncatedNormal, Orthogonal, Identity, Constant, Zeros, Ones),
    )
}
INITIALIZERS |= {"uniform": RandomUniform, "normal": RandomNormal, "zero": Zeros, "one": Ones}
INITIALIZERS |= {"IdentityInitializer": Identity, "OrthogonalInitializer": Orthogonal}


def __getattr__(name: str) -> Any:
    """Classes are known by their names in snake_case too, as in Keras: ``initializers.he_normal()``."""
    if name in INITIALIZERS:
        return INITIALIZERS[name]
    raise AttributeError(f"module 'scratchnet.initializers' has no attribute {name!r}")


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
