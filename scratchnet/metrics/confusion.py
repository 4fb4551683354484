"""Yes-or-no figures: of the four ways in which answer and truth can meet, how many of each.

                          truly yes                truly no
    answered yes          TP, true positive        FP, false positive
    answered no           FN, false negative       TN, true negative

An output above the threshold is answered yes. Precision TP/(TP + FP) is how far a yes can be trusted, recall
TP/(TP + FN) how many of the true yeses were found. Neither is a mean over samples, so the counts are kept over the pass
and divided at its end: the precision of a pass is not the mean of its batches' precisions. Nothing over nothing is 0,
as in Keras.

The threshold is a choice: a low one finds more and errs more. The ROC curve shows all choices at once: recall, up,
over the share of no's that were answered yes, FP/(FP + TN), to the right. AUC is the area under it: 1 if some threshold
parts yes from no, 1/2 for guesses. It is the chance that a true yes was rated above a true no.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from scratchnet.metrics.metric import Metric, same_shape
from scratchnet.utils.numbers import real_number, whole_number


class _Found(Metric):
    """What precision and recall share: the true positives, and the count that they are divided by.

    ``of_the_answers`` says which: those that were answered yes, or those that are yes.
    """

    better = "max"
    of_the_answers: ClassVar[bool]

    def __init__(self, thresholds: float | None = None, *, name: str | None = None, dtype: str | None = None) -> None:
        what = f"thresholds of {type(self).__name__}, one for one figure in the logs,"
        self.thresholds = None if thresholds is None else real_number(what, thresholds, 0, 1)
        super().__init__(name, dtype)

    def reset_state(self) -> None:
        """Forget everything."""
        self.true_positives = self.out_of = 0

    def update_state(self, y_true: Any, y_pred: Any) -> None:
        """Count a batch: labels (0 is no, all else yes) and predictions of one shape, each output by itself."""
        y_true, y_pred = same_shape(*self.arrays(y_true, y_pred))
        yes, answered_yes = y_true != 0, y_pred > (0.5 if self.thresholds is None else self.thresholds)
        self.true_positives += int((yes & answered_yes).sum())
        self.out_of += int((answered_yes if self.of_the_answers else yes).sum())

    def result(self) -> float:
        """Return the quotient of the counts so far; 0.0 where there is nothing to divide by."""
        return self.true_positives / self.out_of if self.out_of else 0.0

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal metric."""
        return {"thresholds": self.thresholds, **super().get_config()}


class Precision(_Found):
    """TP / (TP + FP): of what was answered yes, the share that is yes.

    Args:
        thresholds: one number; an output above it is answered yes. None is 0.5.
        name, dtype: see ``Metric``.

    Raises:
        ValueError: if ``thresholds`` is no number from 0 to 1, or the shapes of labels and predictions do not fit.
    """

    default_name = "precision"
    of_the_answers = True


class Recall(_Found):
    """TP / (TP + FN): of what is yes, the share that was answered yes.

    Args:
        thresholds: one number; an output above it is answered yes. None is 0.5.
        name, dtype: see ``Metric``.

    Raises:
        ValueError: if ``thresholds`` is no number from 0 to 1, or the shapes of labels and predictions do not fit.
    """

    default_name = "recall"
    of_the_answers = False


class AUC(Metric):
    """The area under the ROC curve, drawn through some thresholds and straight between them.

    Thresholds lie evenly, at k / (n - 1) for k = 0…n-1, where the first is meant to be below 0 and the last above 1.
    Only how many outputs fall between one and the next is kept, so memory does not grow with the data. Outputs are
    probabilities; beyond 0 and 1 they count as 0 and 1, and NaN, which is rated above nothing, as 0.

    Args:
        num_thresholds: n, at least 2.
        name, dtype: see ``Metric``.

    Raises:
        ValueError: if ``num_thresholds`` is no whole number from 2 on, or the shapes do not fit.
    """

    default_name = "auc"
    better = "max"

    def __init__(self, num_thresholds: int = 200, *, name: str | None = None, dtype: str | None = None) -> None:
        self.num_thresholds = whole_number("num_thresholds of AUC", num_thresholds, 2)
        super().__init__(name, dtype)

    def reset_state(self) -> None:
        """Forget everything."""
        self.yes, self.no = np.zeros((2, self.num_thresholds), np.int64)  # how many lie between threshold k and k+1

    def update_state(self, y_true: Any, y_pred: Any) -> None:
        """Count a batch: labels (0 is no, all else yes) and probabilities of one shape, each output by itself."""
        y_true, y_pred = same_shape(*self.arrays(y_true, y_pred))
        p = np.nan_to_num(np.clip(y_pred, 0, 1), nan=0.0).ravel()
        n, is_yes = self.num_thresholds, y_true.ravel() != 0
        place = np.maximum(np.ceil(p * (n - 1)) - 1, 0).astype(np.int64)  # the highest threshold that p is above
        self.yes += np.bincount(place[is_yes], minlength=n)
        self.no += np.bincount(place[~is_yes], minlength=n)

    def result(self) -> float:
        """Return the area so far; 0.0 while there is no yes or no no."""
        if not (self.yes.any() and self.no.any()):
            return 0.0
        true_positives, false_positives = np.cumsum(self.yes[::-1]), np.cumsum(self.no[::-1])  # thresholds downwards
        recall, fallout = true_positives / true_positives[-1], false_positives / false_positives[-1]
        return float(((fallout[1:] - fallout[:-1]) * (recall[1:] + recall[:-1]) / 2).sum())

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal metric."""
        return {"num_thresholds": self.num_thresholds, **super().get_config()}
