"""Medians, spreads and ratios of repeated measurements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Summary:
    """What is reported of a list of measurements: the median and the middle half of them."""

    median: float
    low: float
    high: float
    count: int

    @property
    def spread(self) -> float:
        """The interquartile range."""
        return self.high - self.low


def summarise(values: Sequence[float]) -> Summary:
    """Return the median and the quartiles (linear between neighbours, as NumPy's).

    Raises:
        ValueError: if there are no values, or one is not finite.
    """
    array = np.asarray(values, float)
    if array.size == 0 or not np.isfinite(array).all():
        raise ValueError(f"summarise expected at least one value and finite ones, got {list(values)}.")
    low, median, high = np.percentile(array, [25, 50, 75])
    return Summary(float(median), float(low), float(high), int(array.size))


def pairwise_ratios(others: Sequence[float], ours: Sequence[float]) -> list[float]:
    """Return other / ours for each turn: the two were measured one right after the other, in the same weather.

    Raises:
        ValueError: if there are not equally many, or there are none.
    """
    if len(others) != len(ours) or not others:
        raise ValueError(f"pairwise_ratios expected equally many turns, got {len(others)} and {len(ours)}.")
    return [other / our for other, our in zip(others, ours)]


def seconds(value: float) -> str:
    """Write a time with three significant digits and its unit, such as ``1.66 ms``."""
    for unit, factor in (("s", 1), ("ms", 1e3), ("µs", 1e6)):
        if value * factor >= 1 or unit == "µs":
            return f"{three_digits(value * factor)} {unit}"
    raise AssertionError("unreachable")


def count_of_bytes(value: float) -> str:
    """Write a number of bytes, such as ``412 MB`` (powers of 1000)."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if value >= factor:
            return f"{three_digits(value / factor)} {unit}"
    return f"{value:.0f} B"


def three_digits(value: float) -> str:
    """Write a number with three significant digits and never an exponent."""
    if value <= 0:
        return "0"
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"
