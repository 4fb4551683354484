"""Compares a learner's output with the right one."""

from __future__ import annotations

import numpy as np

from scratchnet.learn.observing import Answer
from scratchnet.learn.report import Difference
from scratchnet.typing import Array


def complaint_of_form(output: str, answer: Answer, right: Array, words: str) -> str:
    """Return what is wrong with an output's kind or shape, or nothing."""
    expected = f"an array of shape {right.shape}" if right.ndim else "a number"
    if words:
        expected += f", that is {words}"
    if output in answer.strange:
        said = answer.strange[output]
        if said == "...":
            return f"{output} is still the three dots: that line is yours to write."
        return f"{output} should be {expected}, got {said}."
    if output not in answer.outputs:
        return f"{output} is missing."
    yours = answer.outputs[output]
    if yours is None:
        return f"{output} should be {expected}, got None: is a return missing?"
    if not isinstance(yours, (np.ndarray, np.generic, int, float)):
        return f"{output} should be {expected}, got a {type(yours).__name__}."
    if np.shape(yours) != right.shape:
        got = f"shape {np.shape(yours)}" if np.ndim(yours) else "a single number"
        return f"{output} should be {expected}, got {got}."
    if np.asarray(yours).dtype.kind not in "biuf":
        return f"{output} should be {expected}, of real numbers, got {np.asarray(yours).dtype}."
    return ""


def differing(output: str, yours: Array, right: Array, oracle: str, tolerance: float) -> Difference | None:
    """Return where two arrays of one shape differ by more than ``tolerance``, or None.

    The tolerance is relative to the entry, and to the array's root mean square where the entry is smaller.
    """
    with np.errstate(all="ignore"):
        a, b = yours.astype(np.float64), right.astype(np.float64)
        finite = b[np.isfinite(b)]
        size = float(np.sqrt(np.mean(finite**2))) if finite.size else 0.0
        near = np.abs(a - b) <= tolerance * np.maximum(np.abs(b), size) + 1e-12
        same = near | (a == b) | (np.isnan(a) & np.isnan(b))
    if same.all():
        return None
    return Difference(output, a, b, ~same, oracle)
