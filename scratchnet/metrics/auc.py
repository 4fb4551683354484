"""AUC, the area under a curve of all thresholds: how well the outputs part yes from no, whatever the threshold.

The threshold of ``confusion.py`` is a choice: a low one finds more and errs more. A curve shows all choices at once,
one point for each threshold:

    ROC    up: recall TP/(TP + FN)             to the right: FP/(FP + TN), the share of no's that were answered yes
    PR     up: precision TP/(TP + FP)          to the right: recall

The area under the ROC curve is 1 if some threshold parts yes from no, 1/2 for guesses. It is the chance that a true yes
was rated above a true no. The area under the PR curve is the mean precision over all shares that may be found; where
yeses are rare it tells good models apart that have nearly the same ROC.

Between two points. On the ROC curve TP and FP both move in straight lines from one threshold to the next, so the curve
does (1). Precision does not (Davis and Goadrich, 2006): with P = TP + FP, both straight,

    TP = TP₀ + s (P - P₀)    with the slope s = (TP₁ - TP₀)/(P₁ - P₀)    so precision = TP/P = s + (TP₀ - s P₀)/P    (2)
    area = ∫ TP/P dTP / (TP + FN) = s ∫ TP/P dP / (TP + FN)                             since dTP = s dP
         = s [ (TP₁ - TP₀) + (TP₀ - s P₀) log(P₁/P₀) ] / (TP + FN)                      integrating (2)          (3)

If P₀ = 0, then TP₀ = 0 and precision is s all the way: the logarithm's term is left out (4).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from scratchnet.metrics.metric import Metric, same_shape
from scratchnet.typing import Array
from scratchnet.utils.naming import look_up
from scratchnet.utils.numbers import listed_numbers, real_number, true_or_false, whole_number
from scratchnet.utils.weights import spread_weights

MOST = 10_000_000
"""Thresholds that fit into memory, with room for a few outputs."""

_HEIGHTS: dict[str, Callable[[Array, Array], Array]] = {
    "interpolation": lambda left, right: (left + right) / 2,
    "minoring": np.minimum,
    "majoring": np.maximum,
}
"""How high the curve is taken to be between two points."""


class AUC(Metric):
    """The area under the ROC or PR curve, drawn through some thresholds.

    Thresholds lie evenly, at k / (n - 1) for k = 0…n-1, where the first is meant to be below 0 and the last above 1.
    Only how many outputs fall between one and the next is kept, so memory does not grow with the data. Outputs are
    probabilities; beyond 0 and 1 they count as 0 and 1, and NaN, which is rated above nothing, as 0.

    Args:
        num_thresholds: n, at least 2.
        curve: "ROC" or "PR".
        summation_method: what the curve does between two thresholds: "interpolation", as derived above; "minoring", it
            stays at the lower of the two heights, or "majoring", at the higher: the true area lies between these two.
        name, dtype: see ``Metric``.
        thresholds: numbers from 0 to 1 in place of the even ones; those below 0 and above 1 are added.
        multi_label: whether each output is a question of its own (N, L), with an area of its own; the figure is their
            mean. Otherwise all outputs answer the same question.
        num_labels: L, if it is to be checked; only with ``multi_label``.
        label_weights: (L,), the areas' weights in their mean; without ``multi_label``, the outputs' weights (C,).
        from_logits: whether the outputs are logits, which a sigmoid turns into probabilities.

    Raises:
        ValueError: if an argument is out of its range, or the shapes do not fit.
    """

    default_name = "auc"
    better = "max"

    def __init__(
        self,
        num_thresholds: int | None = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str | None = None,
        dtype: str | None = None,
        thresholds: Sequence[float] | None = None,
        multi_label: bool = False,
        num_labels: int | None = None,
        label_weights: Sequence[float] | Array | None = None,
        from_logits: bool = False,
    ) -> None:
        if thresholds is None:
            self.num_thresholds = whole_number("num_thresholds of AUC", num_thresholds, 2, MOST)
            self.given_thresholds: list[float] | None = None
        else:
            self.given_thresholds = sorted(
                real_number("thresholds of AUC", t, 0, 1) for t in listed_numbers("thresholds of AUC", thresholds)
            )
            self.num_thresholds = len(self.given_thresholds) + 2
        self.curve = look_up("curve of AUC", curve, {"ROC": "ROC", "roc": "ROC", "PR": "PR", "pr": "PR"})
        self.summation_method = summation_method
        self._height = look_up("summation_method of AUC", summation_method, _HEIGHTS)
        self.multi_label = true_or_false("multi_label of AUC", multi_label)
        self.num_labels = None if num_labels is None else whole_number("num_labels of AUC", num_labels, 1)
        if self.num_labels is not None and not self.multi_label:
            raise ValueError(f"num_labels of AUC expected multi_label=True, got num_labels={num_labels} without it.")
        self.label_weights: list[float] | None = None
        if label_weights is not None:
            listed = listed_numbers("label_weights of AUC", label_weights)
            self.label_weights = [real_number("label_weights of AUC", w, 0) for w in listed]
        self.from_logits = true_or_false("from_logits of AUC", from_logits)
        super().__init__(name, dtype)

    @property
    def thresholds(self) -> list[float]:
        """The n thresholds, the one below 0 and the one above 1 included."""
        inner = np.arange(1, self.num_thresholds - 1) / (self.num_thresholds - 1)
        return [-1e-7, *(inner.tolist() if self.given_thresholds is None else self.given_thresholds), 1 + 1e-7]

    sums = ("yes", "no")

    def reset_state(self) -> None:
        """Forget everything."""
        self.yes, self.no = np.zeros((2, self.num_thresholds, 1))  # how many lie between threshold k and k+1: (n, L)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count a batch: labels (0 is no, all else yes) and predictions of one shape.

        A weight for all, for each sample (N,) or for each output counts it that many times.
        """
        y_true, y_pred = same_shape(*self.arrays(y_true, y_pred))
        L = self._labels(y_pred)
        weight = spread_weights(self.name, sample_weight, y_pred.shape)
        if self.label_weights is not None and not self.multi_label:
            weight = weight * self.label_weights  # (N, …, C)
        place = self._place(y_pred) * L + (np.arange(L) if self.multi_label else 0)
        for counts, found in (("yes", y_true != 0), ("no", y_true == 0)):
            new = np.bincount(place[found], weight[found], minlength=self.num_thresholds * L)
            setattr(self, counts, getattr(self, counts) + new.reshape(-1, L))  # (n, L)

    def _labels(self, y_pred: Array) -> int:
        """Return how many areas there are, once the predictions' shape has been found to fit them."""
        if self.multi_label and y_pred.ndim != 2:
            raise ValueError(f"{self.name} with multi_label expected predictions of shape (N, L), got {y_pred.shape}.")
        L: int = y_pred.shape[-1]
        seen = self.yes.shape[1] if self.multi_label and self.yes.shape[1] > 1 else None
        weights = None if self.label_weights is None else len(self.label_weights)
        for what, expected in (("num_labels", self.num_labels), ("label_weights", weights), ("earlier batches", seen)):
            if expected not in (None, L):
                raise ValueError(f"{self.name} expected {expected} outputs, as {what} say, got {L}.")
        return L if self.multi_label else 1

    def _place(self, y_pred: Array) -> Array:
        """Return the highest threshold that each output is above, numbered from 0, the one below 0."""
        p = y_pred
        if self.from_logits:
            small = np.exp(-np.abs(p))  # from 0 to 1, whatever p
            p = np.where(p >= 0, 1, small) / (1 + small)
        p = np.nan_to_num(np.clip(p, 0, 1), nan=0.0)
        if self.given_thresholds is None:
            return np.maximum(np.ceil(p * (self.num_thresholds - 1)) - 1, 0).astype(np.int64)
        return np.searchsorted(np.asarray(self.given_thresholds, p.dtype if p.dtype.kind == "f" else float), p)

    def result(self) -> float:
        """Return the area so far; 0.0 while there is no yes or no no."""
        TP, FP = (np.cumsum(counts[::-1], axis=0)[::-1] for counts in (self.yes, self.no))  # (n, L): the ones above
        yes, no = TP[0], FP[0]
        if self.curve == "PR" and self.summation_method == "interpolation":
            P = TP + FP
            slope = _over(TP[:-1] - TP[1:], P[:-1] - P[1:])
            start = TP[1:] - slope * P[1:]
            straight = np.where(P[1:] > 0, P[1:], P[:-1])  # (4)
            logarithm = np.log(_over(P[:-1], straight, empty=1.0))
            areas = _over(slope * (TP[:-1] - TP[1:] + start * logarithm), yes)  # (3)
        else:
            right, up = (_over(FP, no), _over(TP, yes)) if self.curve == "ROC" else (_over(TP, yes), _over(TP, TP + FP))
            areas = (right[:-1] - right[1:]) * self._height(up[:-1], up[1:])  # (1)
        return float(np.average(areas.sum(axis=0), weights=self.label_weights if self.multi_label else None))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal metric."""
        names = "num_thresholds curve summation_method multi_label num_labels label_weights from_logits"
        own = {name: getattr(self, name) for name in names.split()}
        return {**own, "thresholds": self.given_thresholds, **super().get_config()}


def _over(part: Array, whole: Array, empty: float = 0.0) -> Array:
    """Return part / whole, and ``empty`` where there is no whole."""
    some = whole > 0
    return np.where(some, part / np.where(some, whole, 1), empty)
