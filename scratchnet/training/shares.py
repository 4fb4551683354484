"""Shares of a batch, and the flat vector in which what the shares have given is added up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from scratchnet.typing import Array

if TYPE_CHECKING:
    from scratchnet.metrics import Metric


def share(rows: Any, rank: int, size: int) -> Any:
    """Return this rank's part of a batch's rows, a slice or an array of numbers.

    The parts follow one another and are as equal as can be: of 10 rows for 4 ranks, 3, 3, 2 and 2. Rank 0 never has
    fewer than another, and of fewer rows than ranks the last ranks get none.
    """
    N = length(rows)
    start = rank * (N // size) + min(rank, N % size)
    stop = start + N // size + (rank < N % size)
    return slice(rows.start + start, rows.start + stop) if isinstance(rows, slice) else rows[start:stop]


def length(rows: Any) -> int:
    """Return how many rows these are."""
    return rows.stop - rows.start if isinstance(rows, slice) else len(rows)


class FlatVector:
    """Several arrays, one behind the other in one vector, so that one Allreduce adds all of them up.

    Args:
        dtype: the float type of the vector.
    """

    def __init__(self, dtype: Any) -> None:
        self.numbers = np.empty(0, dtype)

    def fill(self, weighted: Sequence[Array], weight: float, counted: Iterable[Any]) -> None:
        """Take in arrays that are multiplied by ``weight``, and behind them others, and numbers, as they are."""
        others = [np.asarray(part) for part in counted]
        size = sum(part.size for part in [*weighted, *others])
        if self.numbers.size != size:
            self.numbers = np.empty(size, self.numbers.dtype)
        stop = 0
        for part in weighted:
            start, stop = stop, stop + part.size
            np.multiply(part.ravel(), weight, out=self.numbers[start:stop])
        for part in others:
            start, stop = stop, stop + part.size
            self.numbers[start:stop] = part.ravel()

    def split(self, like: Iterable[Any]) -> list[Array]:
        """Return the vector cut up again, views in the shapes of these arrays and numbers."""
        parts, stop = [], 0
        for part in map(np.asarray, like):
            start, stop = stop, stop + part.size
            parts.append(self.numbers[start:stop].reshape(part.shape))
        return parts


def sums(metrics: Iterable[Metric]) -> list[Array]:
    """Return what metrics have counted, as arrays."""
    return [np.asarray(getattr(metric, name), np.float64) for metric in metrics for name in metric.sums]


def set_sums(metrics: Iterable[Metric], counted: Iterable[Any]) -> None:
    """Let metrics have counted this."""
    values = iter(counted)
    for metric in metrics:
        for name in metric.sums:
            value = next(values)
            setattr(metric, name, value if np.ndim(value) else float(value))


def adds_up(metric: Metric) -> bool:
    """Whether what a metric counts in two parts of the samples, added, is what it counts in all of them.

    A class says so with ``sums``: one that counts in a way of its own, and does not say it, is not believed.
    """
    for cls in type(metric).__mro__:
        if "sums" in vars(cls):
            return bool(metric.sums)
        if {"update_state", "reset_state", "update", "reset"} & vars(cls).keys():
            return False
    return False
