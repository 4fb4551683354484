"""What a loss promises beside right gradients."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from scratchnet.gradient_check.contract import EXACT, FAR, SINGLE, Finding
from scratchnet.typing import Array


@dataclass
class LossCase:
    """A loss with a batch for it; ``is_kernel`` if a compiled kernel computes it, which may reuse its buffers."""

    loss: Any
    y_true: Array
    y_pred: Array
    is_kernel: bool = False

    @property
    def is_sum(self) -> bool:
        """Whether the loss says that it is a sum over the batch, not a mean."""
        return getattr(self.loss, "reduction", None) == "sum"

    def count(self, rows: Any = slice(None)) -> int:
        """Return how many of some rows count in the mean: all, or the places whose label the loss does not ignore."""
        ignored = getattr(self.loss, "ignore_class", None)
        return len(self.y_true[rows]) if ignored is None else int((self.y_true[rows] != ignored).sum())

    def run(self, rows: Any = slice(None), weight: Array | None = None) -> tuple[float, Array]:
        """Return loss and gradient of some rows of the batch."""
        value = self.loss.forward(self.y_true[rows].copy(), self.y_pred[rows].copy(), weight)
        return value, np.array(self.loss.backward())


def inputs_unchanged(case: LossCase) -> str:
    """``forward`` and ``backward`` leave y_true and y_pred alone."""
    y_true, y_pred = case.y_true.copy(), case.y_pred.copy()
    case.loss.forward(y_true, y_pred)
    case.loss.backward()
    names = [n for n, a, b in (("y_true", y_true, case.y_true), ("y_pred", y_pred, case.y_pred)) if (a != b).any()]
    return f"{' and '.join(names)} changed in place" if names else ""


def one_number(case: LossCase) -> str:
    """``forward`` returns one float."""
    value = case.loss.forward(case.y_true.copy(), case.y_pred.copy())
    return "" if isinstance(value, float) else f"forward returns {type(value).__name__} in place of one float"


def same_again(case: LossCase) -> str:
    """A second pass, and a second ``backward``, give the same bits."""
    first = case.run()
    case.run(slice(0, 1))
    second = case.run()
    if first[0] != second[0] or not np.array_equal(first[1], second[1]):
        return "a second pass over the same batch gives other numbers"
    return "" if np.array_equal(case.loss.backward(), first[1]) else "a second call of backward gives other numbers"


def caches_are_own(case: LossCase) -> str:
    """What happens to the arrays outside after ``forward`` does not reach ``backward``."""
    expected = case.run()[1]
    for name in ("y_pred", "y_true"):
        arrays = {"y_true": case.y_true.copy(), "y_pred": case.y_pred.copy()}
        case.loss.forward(arrays["y_true"], arrays["y_pred"])
        arrays[name][...] = arrays[name][::-1] if name == "y_true" else 7.25
        if not np.array_equal(case.loss.backward(), expected):
            return f"changing {name} after forward changes what backward returns: remember a copy"
    case.run()[1][...] = 7.25
    returned = case.loss.backward()
    returned[...] = 7.25
    if not np.array_equal(case.loss.backward(), expected):
        return "changing what backward returned changes its next result: return a copy"
    return ""


def mean_over_batch(case: LossCase) -> str:
    """The loss is the mean over the batch: parts, weighted by their sizes, give the whole."""
    if case.is_sum:
        return _adds_up(case)
    N = case.count()
    whole, gradient = case.run()
    parts = [(case.run(rows), case.count(rows)) for rows in (slice(0, 1), slice(1, None))]
    mean = sum(part[0] * size for part, size in parts) / N
    if not np.isclose(mean, whole, rtol=EXACT, atol=EXACT):
        return f"the loss of a batch of {N} is {whole:.6g}, but the mean over its samples is {mean:.6g}"
    joined = np.concatenate([part[1] * size for part, size in parts]) / N
    if not np.allclose(joined, gradient, rtol=EXACT, atol=EXACT * np.abs(gradient).max()):
        return "the gradient of a batch is not made of its samples' gradients over N"
    return ""


def _adds_up(case: LossCase) -> str:
    whole, gradient = case.run()
    parts = [case.run(rows) for rows in (slice(0, 1), slice(1, None))]
    total, joined = sum(part[0] for part in parts), np.concatenate([part[1] for part in parts])
    fits = np.allclose(joined, gradient, rtol=EXACT, atol=EXACT * np.abs(gradient).max())
    agrees = np.isclose(total, whole, rtol=EXACT, atol=EXACT) and fits
    return "" if agrees else "reduction='sum', but the loss of a batch is not the sum of its samples' losses"


def weighted(case: LossCase) -> str:
    """Weights of one change nothing; a sample's weight multiplies its loss and its gradient."""
    N = len(case.y_pred)
    plain = case.run()
    ones = case.run(weight=np.ones(N))
    if not np.isclose(plain[0], ones[0], rtol=EXACT) or not np.allclose(plain[1], ones[1], rtol=EXACT, atol=0):
        return "sample weights of 1 give other numbers than no weights"
    weight = np.arange(N) % 3 / 2.0
    value, gradient = case.run(weight=weight)
    each = [slice(n, n + 1) for n in range(N)]
    counts = np.array([1 if case.is_sum else case.count(rows) for rows in each])
    alone = np.array([case.run(rows)[0] for rows in each]) * counts
    by_weights = getattr(case.loss, "reduction", None) == "mean_with_sample_weight"
    whole = (weight * counts).sum() if by_weights else 1 if case.is_sum else case.count()
    mean = (weight * alone).sum() / whole
    if not np.isclose(value, mean, rtol=EXACT, atol=EXACT):
        return f"the weighted loss is {value:.6g}, but the mean of weight times loss is {mean:.6g}"
    weight = weight * counts.sum() / whole if by_weights else weight
    expected = plain[1] * weight.reshape(N, *[1] * (gradient.ndim - 1))
    if not np.allclose(gradient, expected, rtol=EXACT, atol=EXACT * np.abs(expected).max()):
        return "a sample's weight does not multiply its gradient"
    return ""


def keeps_float32(case: LossCase) -> str:
    """The gradient has y_pred's dtype, and float32 gives nearly the numbers of float64."""
    value, gradient = case.run()
    if gradient.dtype != np.float64:
        return f"with float64 in, the gradient comes out as {gradient.dtype}"
    single, single_gradient = LossCase(case.loss, case.y_true, case.y_pred.astype(np.float32)).run()
    if single_gradient.dtype != np.float32:
        return f"with float32 in, the gradient comes out as {single_gradient.dtype}"
    if not np.isclose(single, value, rtol=SINGLE, atol=SINGLE):
        return f"the loss is {single:.6g} in float32 and {value:.6g} in float64"
    return ""


def finite_when_far_off(case: LossCase) -> str:
    """Logits of ±10,000, right and wrong, give a finite loss and the right gradient."""
    C = case.y_pred.shape[-1]
    places = np.arange(case.y_pred.size // C).reshape(*case.y_pred.shape[:-1], 1)
    far = np.where(np.arange(C) == places % C, FAR, -FAR)  # (N, …, C)
    for dtype in (np.float64, np.float32):
        value, gradient = LossCase(case.loss, case.y_true, far.astype(dtype)).run()
        if not (np.isfinite(value) and np.isfinite(gradient).all()):
            return f"logits of ±{FAR:,.0f} give a loss of {value:.6g} and a gradient that is {_kinds(gradient)}"
    return ""


def _kinds(gradient: Array) -> str:
    return "partly NaN" if np.isnan(gradient).any() else "partly infinite" if np.isinf(gradient).any() else "finite"


PROMISES: list[tuple[str, Callable[[LossCase], str]]] = [
    ("y_true and y_pred stay unchanged", inputs_unchanged),
    ("the loss is one number", one_number),
    ("a second pass gives the same bits", same_again),
    ("memory is the loss's own", caches_are_own),
    ("the loss is the mean over the batch", mean_over_batch),
    ("sample weights multiply", weighted),
    ("float32 and float64 are kept", keeps_float32),
    ("extreme logits stay finite", finite_when_far_off),
]


def check_loss_contract(case: LossCase) -> list[Finding]:
    """Check every promise and return one finding for each."""
    findings = []
    for promise, look in PROMISES:
        skipped = ""
        if look is finite_when_far_off and not getattr(case.loss, "from_logits", False):
            skipped = "for losses of logits"
        if look is caches_are_own and case.is_kernel:
            skipped = "kernels reuse their buffers; the training step guards them"
        if look is mean_over_batch and len(case.y_pred) < 2:
            skipped = "needs a batch of two samples or more"
        problem = ""
        if not skipped:
            try:
                with np.errstate(all="ignore"):
                    problem = look(case)
            except Exception as error:
                problem = f"{type(error).__name__}: {error}"
        findings.append(Finding(promise, problem, skipped))
    return findings
