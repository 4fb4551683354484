"""Yes-or-no figures: of the four ways in which answer and truth can meet, how many of each.

                          truly yes                truly no
    answered yes          TP, true positive        FP, false positive
    answered no           FN, false negative       TN, true negative

An output above the threshold is answered yes. Precision TP/(TP + FP) is how far a yes can be trusted, recall
TP/(TP + FN) how many of the true yeses were found. Neither is a mean over samples, so the counts are kept over the pass
and divided at its end: the precision of a pass is not the mean of its batches' precisions. Nothing over nothing is 0,
as in Keras. ``auc.py`` looks at all thresholds at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from scratchnet.metrics.metric import Metric, same_shape
from scratchnet.typing import Array
from scratchnet.utils.numbers import real_number, whole_number
from scratchnet.utils.weights import spread_weights


class _Counts(Metric):
    """What precision and recall share: how many answers of each kind there were, for each threshold."""

    better = "max"

    def __init__(
        self,
        thresholds: float | Sequence[float] | None = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        of = f"of {type(self).__name__}"
        if isinstance(thresholds, (list, tuple)):
            self.thresholds: Any = [real_number(f"thresholds {of}", threshold, 0, 1) for threshold in thresholds]
        else:
            self.thresholds = None if thresholds is None else real_number(f"thresholds {of}", thresholds, 0, 1)
        self.top_k = None if top_k is None else whole_number(f"top_k {of}", top_k, 1)
        self.class_id = None if class_id is None else whole_number(f"class_id {of}", class_id, 0)
        super().__init__(name, dtype)

    @property
    def all_thresholds(self) -> list[float]:
        """The thresholds, one at least."""
        if self.thresholds is None or self.thresholds == []:
            return [0.5 if self.top_k is None else -np.inf]
        return self.thresholds if isinstance(self.thresholds, list) else [self.thresholds]

    sums = ("true_positives", "false_positives", "false_negatives")

    def reset_state(self) -> None:
        """Forget everything."""
        self.true_positives, self.false_positives, self.false_negatives = np.zeros((3, len(self.all_thresholds)))

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count a batch: labels (0 is no, all else yes) and predictions of one shape, each output by itself.

        A weight for all, for each sample (N,) or for each output counts it that many times.
        """
        yes, y_pred, weight = self._that_count(*self.arrays(y_true, y_pred), sample_weight)
        for i, threshold in enumerate(self.all_thresholds):
            answered_yes = y_pred > threshold
            right = _total(yes & answered_yes, weight)
            self.true_positives[i] += right
            self.false_positives[i] += _total(answered_yes, weight) - right
            self.false_negatives[i] += _total(yes, weight) - right

    def _that_count(self, y_true: Array, y_pred: Array, sample_weight: Any) -> tuple[Array, Array, Array | None]:
        """Return which outputs are truly yes, what was predicted, and the weights, of those outputs that count."""
        if self.class_id is not None and y_pred.ndim < 2:
            raise ValueError(
                f"{self.name} expected predictions of shape (N, …, C), since class_id={self.class_id} is given, got "
                f"{y_pred.shape}."
            )
        if self.top_k is not None and y_pred.ndim == 1:
            y_true, y_pred = y_true[None], y_pred[None]  # (1, C): with nothing else to choose among, it is one row
            sample_weight = sample_weight if np.ndim(sample_weight) == 0 else np.asarray(sample_weight)[None]
        y_true, y_pred = same_shape(y_true, y_pred)
        C = y_pred.shape[-1]
        if max(self.top_k or 0, (self.class_id or 0) + 1) > C:
            asked = f"top_k={self.top_k}" if self.top_k and self.top_k > C else f"class_id={self.class_id}"
            raise ValueError(f"{self.name} expected more outputs, since {asked} is given, got {C}.")
        weight = None if sample_weight is None else spread_weights(self.name, sample_weight, y_pred.shape)
        if self.top_k is not None:
            order = np.argsort(-y_pred, axis=-1, kind="stable")  # NaN comes last
            rank = np.argsort(order, axis=-1)
            y_pred = np.where((rank < self.top_k) & ~np.isnan(y_pred), y_pred, np.nan)  # which no threshold is below
        one = slice(None) if self.class_id is None else slice(self.class_id, self.class_id + 1)
        return y_true[..., one] != 0, y_pred[..., one], None if weight is None else weight[..., one]

    def _quotient(self, others: Array) -> Any:
        """Return TP / (TP + others): one number, or with a list of thresholds an array."""
        whole = self.true_positives + others
        quotients = np.where(whole > 0, self.true_positives / np.where(whole > 0, whole, 1), 0.0)
        return float(quotients[0]) if len(quotients) == 1 else quotients

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal metric."""
        own = {"thresholds": self.thresholds, "top_k": self.top_k, "class_id": self.class_id}
        return {**own, **super().get_config()}


class Precision(_Counts):
    """TP / (TP + FP): of what was answered yes, the share that is yes.

    Args:
        thresholds: an output above it is answered yes; a number from 0 to 1, or a list of them, for as many figures.
            None is 0.5, or with ``top_k`` no threshold.
        top_k: if given, only the k largest outputs of a row can be answered yes; of equal ones the first.
        class_id: if given, the only output of a row that counts.
        name, dtype: see ``Metric``.

    Attributes:
        true_positives, false_positives, false_negatives: the counts so far, for each threshold.

    Raises:
        ValueError: if ``thresholds`` are no numbers from 0 to 1, ``top_k`` or ``class_id`` no whole numbers, the shapes
            of labels and predictions do not fit, or there are fewer outputs than ``top_k`` or ``class_id`` asks for.
    """

    default_name = "precision"

    def result(self) -> Any:
        """Return the quotient of the counts so far; 0.0 where there is nothing to divide by."""
        return self._quotient(self.false_positives)


class Recall(_Counts):
    """TP / (TP + FN): of what is yes, the share that was answered yes. Arguments as for ``Precision``."""

    default_name = "recall"

    def result(self) -> Any:
        """Return the quotient of the counts so far; 0.0 where there is nothing to divide by."""
        return self._quotient(self.false_negatives)


def _total(found: Array, weight: Array | None) -> float:
    return int(np.count_nonzero(found)) if weight is None else float(weight[found].sum())
