"""Stop when nothing gets better any more."""

from __future__ import annotations

from typing import Any

from scratchnet.callbacks.callback import Logs
from scratchnet.callbacks.checks import real_number, switch, verbosity
from scratchnet.callbacks.monitor import Monitor
from scratchnet.utils.numbers import whole_number
from scratchnet.utils.screen import say


class EarlyStopping(Monitor):
    """Stop ``fit`` when a metric has not become better for some epochs.

    Args:
        monitor: the name of the metric in ``logs``. If it does not come, ``fit`` is
            refused, at the latest at the end of its first epoch.
        min_delta: a change has to be larger than this to count as better.
        patience: how many epochs in a row may bring nothing better before ``fit`` stops.
        verbose: 1 to print when stopping and when restoring.
        mode: "min" if less is better, "max" if more; "auto" asks the metric, its ``better``; the loss is "min".
        baseline: an epoch only ends the waiting if it is also better than this.
        restore_best_weights: whether the model gets back, at the end of ``fit``, the weights of its best epoch. The
            baseline does not matter for what is best.
        start_from_epoch: the epochs before this one are not looked at.

    Attributes:
        stopped_epoch: the epoch, from 0, after which it stopped ``fit``; 0 if it did not.
        best, best_epoch: the best value, None before the first, and its epoch, from 0.

    Raises:
        ValueError: for an argument of another kind; in ``fit``, if the metric does not come, or if with mode="auto"
            nobody says what is better.
    """

    state_names = (*Monitor.state_names, "wait", "stopped_epoch", "best_epoch", "best_weights")

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        super().__init__(monitor, mode, min_delta)
        self.patience = whole_number("patience of EarlyStopping", patience, 0)
        self.verbose = verbosity(self, verbose)
        self.baseline = None if baseline is None else real_number(self, "baseline", baseline)
        self.restore_best_weights = switch(self, "restore_best_weights", restore_best_weights)
        self.start_from_epoch = whole_number("start_from_epoch of EarlyStopping", start_from_epoch, 0)
        self.on_train_begin()

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Forget the last run."""
        self.wait = 0
        self.stopped_epoch = 0
        self.best = None
        self.best_epoch = 0
        self.best_weights: Any = None

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Compare, remember or wait, and stop when the patience is at its end."""
        current = self.current(logs)
        if current is None or epoch < self.start_from_epoch:
            return
        better = self.is_better(current, self.best)
        if better:
            self.best, self.best_epoch = current, epoch
        if self.restore_best_weights and (better or self.best_weights is None):
            self.best_weights, self.best_epoch = self.model.get_weights(), epoch
        self.wait += 1
        if better and (self.baseline is None or self.is_better(current, self.baseline)):
            self.wait = 0
        # The first epoch never stops, even when all that it misses is the baseline: Keras's rule.
        if not better and self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Give the best weights back, if asked to."""
        if self.stopped_epoch and self.verbose:
            say(f"Epoch {self.stopped_epoch + 1}: early stopping\n")
        if self.best_weights is not None:
            if self.verbose:
                say(f"Restoring model weights from the end of the best epoch: {self.best_epoch + 1}.\n")
            self.model.set_weights(self.best_weights)
