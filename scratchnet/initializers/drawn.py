"""Initial values that are drawn at random."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from scratchnet.initializers.initializer import Initializer
from scratchnet.typing import Array
from scratchnet.utils.blas import single_threaded_blas
from scratchnet.utils.numbers import real_number, seed_or_none
from scratchnet.utils.random import new_generator


class Random(Initializer):
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


class RandomNormal(Random):
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


class RandomUniform(Random):
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


class Orthogonal(Random):
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
