"""A smaller learning rate when nothing gets better any more."""

from __future__ import annotations

from scratchnet.callbacks.callback import Logs
from scratchnet.callbacks.checks import refuse_schedule, verbosity
from scratchnet.callbacks.monitor import Monitor
from scratchnet.utils.numbers import real_number, whole_number
from scratchnet.utils.screen import say


class ReduceLROnPlateau(Monitor):
    """Multiply the learning rate by ``factor`` when a metric has not become better for ``patience`` epochs.

    Near a minimum, steps of one length jump over it to and fro; shorter ones come nearer. The rate is added to
    ``logs``.

    Args:
        monitor: the name of the metric in ``logs``. If it does not come, ``fit`` is refused, at the latest at the end
            of its first epoch.
        factor: what the rate is multiplied by, below 1.
        patience: how many epochs in a row may bring nothing better before that.
        verbose: 1 to print each new rate.
        mode: "min" if less is better, "max" if more; "auto" asks the metric, its ``better``; the loss is "min".
        min_delta: a change has to be larger than this to count as better.
        cooldown: how many epochs after a reduction do not count as waiting.
        min_lr: the rate is not made smaller than this.

    Attributes:
        best: the best value so far, None before the first.
        wait: how many epochs have brought nothing better.
        cooldown_counter: how many epochs are left to cool down.

    Raises:
        ValueError: for an argument of another kind; in ``fit``, if the metric does not come, if with mode="auto" nobody
            says what is better, or if the optimizer follows a schedule.
    """

    state_names = (*Monitor.state_names, "wait", "cooldown_counter")

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
    ) -> None:
        super().__init__(monitor, mode, min_delta)
        self.factor = real_number("factor of ReduceLROnPlateau", factor, 0, 1, open_ends="most")
        self.patience = whole_number("patience of ReduceLROnPlateau", patience, 0)
        self.verbose = verbosity(self, verbose)
        self.cooldown = whole_number("cooldown of ReduceLROnPlateau", cooldown, 0)
        self.min_lr = real_number("min_lr of ReduceLROnPlateau", min_lr, 0)
        self.on_train_begin()

    def _check_fit(self) -> None:
        super()._check_fit()
        refuse_schedule(self, self.model)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Forget the last run."""
        self.best = None
        self.wait = 0
        self.cooldown_counter = 0

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Compare, wait or cool down, and make the rate smaller when the patience is at its end."""
        refuse_schedule(self, self.model)  # a callback may have given the optimizer one meanwhile
        if logs is not None:
            logs["learning_rate"] = float(self.model.optimizer.learning_rate)
        current = self.current(logs)
        if current is None:
            return
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.wait = 0
        if self.is_better(current, self.best):
            self.best, self.wait = current, 0
        elif self.cooldown_counter == 0:
            self.wait += 1
            if self.wait >= self.patience:
                self._reduce(epoch)

    def _reduce(self, epoch: int) -> None:
        optimizer = self.model.optimizer
        rate = float(optimizer.learning_rate)
        if rate <= self.min_lr:
            return
        optimizer.learning_rate = max(rate * self.factor, self.min_lr)
        self.wait, self.cooldown_counter = 0, self.cooldown
        if self.verbose:
            say(f"\nEpoch {epoch + 1}: ReduceLROnPlateau reducing learning rate to {float(optimizer.learning_rate)}.\n")
