"""Whether anything has been set on a layer or activation function since: how a plan knows that it may be out of date.

Counting is cheap, comparing is not: a plan compares what it was made from only when the count has moved on.
"""

from __future__ import annotations

_count = 0


def note() -> None:
    """Say that something was set."""
    global _count
    _count += 1


def count() -> int:
    """Return how often something was set so far."""
    return _count
