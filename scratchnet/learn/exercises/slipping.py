"""Writes down an exercise's mistakes in few words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scratchnet.learn.exercise import Slip

Hints = tuple[str, str, str]


def slips(function: str, hints: Hints, **wrong: tuple[Callable[..., Any], str]) -> dict[str, Slip]:
    """Return mistakes in one function or class.

    Args:
        function: what the learner writes.
        hints: the exercise's own, which lead to the right code from any of its mistakes.
        wrong: by name, with ``_`` for ``-``: the wrong code, and the sentence for who wrote it.
    """
    return {
        name.replace("_", "-"): Slip(sentence, *hints, names={function: code})
        for name, (code, sentence) in wrong.items()
    }
