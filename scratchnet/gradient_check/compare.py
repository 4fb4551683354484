"""Backward's gradient beside the numerical one, entry by entry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from scratchnet.gradient_check.differences import Estimate, Prober, differentiate
from scratchnet.gradient_check.runner import gradient_name
from scratchnet.typing import Array

LETTERS = {
    ("x", 2): ("n", "d"),
    ("x", 4): ("n", "h", "w", "c"),
    ("y_pred", 2): ("n", "c"),
    ("kernel", 2): ("d", "u"),
    ("kernel", 4): ("kh", "kw", "c", "f"),
    ("bias", 1): ("u",),
}
"""The letters of a tensor's axes, by its name and number of axes."""

MOST_UNSETTLED = 0.01
"""The share of entries whose numerical slope may be less exact than the tolerance, or that may lie on a kink."""

MOST_ON_KNOWN_KINKS = 0.5
"""The share that may lie on a kink where the layer has been seen, at the same x, to keep a known convention."""


@dataclass
class TensorResult:
    """How one gradient came out.

    Attributes:
        name: ``dx``, ``dkernel``, …
        letters: what its axes are called.
        shape: its shape.
        checked: the flat indices that were checked, (E,): all, or a random sample.
        analytic: what ``backward`` said for them, (E,).
        estimate: what the difference quotients said.
        wrong, unsettled: (E,) bool; unsettled are entries right beside a kink, whose numerical slope is less exact
            than the tolerance: they are compared as exactly as it allows.
        relative_error: (E,), |analytic - numerical| over ``estimate.scale``; at a kink, the distance from the slopes
            that are allowed there.
        problem: what was wrong with the array as a whole, such as its shape; empty if nothing.
        diagnosis: sentences that explain the mistake.
        curve: returns the difference quotient of the worst entry for an array of step sizes.
        most_on_a_kink: the share of entries that may lie on a kink, where two slopes say little about the one between.
    """

    name: str
    letters: tuple[str, ...]
    shape: tuple[int, ...]
    checked: Array
    analytic: Array
    estimate: Estimate
    wrong: Array
    unsettled: Array
    relative_error: Array
    problem: str = ""
    diagnosis: list[str] = field(default_factory=list)
    curve: Callable[[Array], Array] | None = None
    most_on_a_kink: float = MOST_UNSETTLED

    @property
    def failed(self) -> bool:
        """Whether some entry, or the array as a whole, is wrong."""
        return bool(self.problem) or bool(self.wrong.any())

    @property
    def on_kinks(self) -> int:
        """How many entries lie on a kink."""
        return int(self.estimate.kink.sum())

    @property
    def too_many_on_kinks(self) -> bool:
        """Whether so many entries lie on a kink that being between two slopes proves nothing."""
        return self.on_kinks > self.most_on_a_kink * len(self.checked)

    @property
    def passed(self) -> bool:
        """Whether every checked entry is right, and no more than a few are unsettled or on a kink."""
        unsettled = self.unsettled.sum() > MOST_UNSETTLED * len(self.checked)
        return not (self.failed or unsettled or self.too_many_on_kinks)

    @property
    def size(self) -> int:
        """The number of entries of the whole tensor."""
        return int(np.prod(self.shape))

    @property
    def complete(self) -> bool:
        """Whether every entry was checked."""
        return len(self.checked) == self.size

    @property
    def worst(self) -> int:
        """Which of the checked entries is furthest off."""
        return int(np.argmax(np.where(np.isnan(self.relative_error), np.inf, self.relative_error)))

    @property
    def worst_error(self) -> float:
        """The largest relative error."""
        return float(self.relative_error[self.worst]) if len(self.relative_error) else 0.0

    @property
    def worst_index(self) -> tuple[int, ...]:
        """Where that is in the tensor."""
        return tuple(int(i) for i in np.unravel_index(self.checked[self.worst], self.shape))

    def spread(self, values: Array, empty: Any) -> Array:
        """Return per-entry ``values`` (E,) in the tensor's shape, with ``empty`` where nothing was checked."""
        whole = np.full(self.size, empty, dtype=values.dtype)
        whole[self.checked] = values
        return whole.reshape(self.shape)

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the arrays, ready for JSON."""
        worst: dict[str, Any] = {}
        if len(self.checked):
            w = self.worst
            worst = {
                "index": list(self.worst_index),
                "backward": _number(self.analytic[w]),
                "numerical": _number(self.estimate.value[w]),
                "numerical_error": _number(self.estimate.error[w]),
                "relative_error": _number(self.worst_error),
            }
        return {
            "name": self.name,
            "shape": list(self.shape),
            "entries": self.size,
            "checked": len(self.checked),
            "wrong": int(self.wrong.sum()),
            "unsettled": int(self.unsettled.sum()),
            "kinks": int(self.estimate.kink.sum()),
            "worst": worst,
            "problem": self.problem,
            "diagnosis": self.diagnosis,
            "passed": self.passed,
        }


def _number(value: Any) -> float | None:
    value = float(value)
    return value if np.isfinite(value) else None


def choose_entries(size: int, most: int, generator: np.random.Generator) -> Array:
    """Return all flat indices below ``size``, or a random sample of ``most`` of them, sorted."""
    return np.arange(size) if size <= most else np.sort(generator.choice(size, most, replace=False))


def compare(prober: Prober, gradient: Array, entries: Array, tolerance: float) -> TensorResult:
    """Check one gradient at ``entries``.

    Args:
        prober: of the tensor that ``gradient`` belongs to.
        gradient: what ``backward`` gave, which should have the tensor's shape.
        entries: flat indices to check.
        tolerance: the relative error to allow.
    """
    tensor = prober.tensor
    letters = axis_letters(prober.name, tensor.ndim)
    name = gradient_name(prober.name)
    if np.shape(gradient) != tensor.shape:
        problem = f"{name} has the shape {np.shape(gradient)}, but {prober.name} has {tensor.shape}"
        if sorted(np.shape(gradient)) == sorted(tensor.shape):
            problem += ": its axes are in the wrong order"
        return not_compared(prober.name, tensor, problem)
    estimate = differentiate(prober, entries, tolerance)
    analytic = np.asarray(gradient, np.float64).reshape(-1)[entries]
    off = np.abs(analytic - estimate.value)
    outside = np.maximum(estimate.low - analytic, analytic - estimate.high)
    off = np.where(estimate.kink, np.maximum(outside, 0), off)
    off = np.where(np.isfinite(analytic), off, np.inf)
    known = estimate.error
    wrong = (off > tolerance * estimate.scale) & ((off > 2 * known) | ~np.isfinite(analytic))
    unsettled = ~wrong & ~estimate.kink & (known > tolerance * estimate.scale)
    result = TensorResult(
        name, letters, tensor.shape, entries, analytic, estimate, wrong, unsettled, off / estimate.scale
    )
    worst = int(entries[result.worst]) if len(entries) else 0
    result.curve = lambda steps: prober.curve(worst, steps)
    return result


def not_compared(name: str, tensor: Array, problem: str) -> TensorResult:
    """Return the result for a gradient that is wrong as a whole; ``name`` is the tensor's."""
    nothing, none = np.zeros(0), np.zeros(0, bool)
    empty = Estimate(nothing, nothing, none, nothing, nothing, nothing)
    letters = axis_letters(name, tensor.ndim)
    return TensorResult(gradient_name(name), letters, tensor.shape, none, nothing, empty, none, none, nothing, problem)


def axis_letters(name: str, ndim: int) -> tuple[str, ...]:
    """Return the letters of a tensor's axes, ``axis 0`` and so on where it has none."""
    plain = name.rpartition("/")[2].partition("[")[0]
    if ndim == 1 and (plain, ndim) not in LETTERS:
        return ("i",)
    first = ("n",) if plain in ("x", "y_pred") else ("axis 0",)
    default = (*first, *(f"axis {i}" for i in range(1, ndim)))[:ndim]
    return LETTERS.get((plain, ndim), default)
