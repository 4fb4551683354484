"""ReduceLROnPlateau with one mistake each."""

from __future__ import annotations

from typing import Any

from scratchnet.callbacks import ReduceLROnPlateau
from tests.mutants.catalogue import callback

WATCH: dict[str, Any] = {"monitor": "loss", "mode": "min", "factor": 0.5, "patience": 2, "min_delta": 0.25}


@callback(**WATCH)
class WaitsOneMore(ReduceLROnPlateau):
    """The rate falls only when more epochs than the patience have brought nothing."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.patience += 1


@callback(**WATCH)
class NeverStopsWaiting(ReduceLROnPlateau):
    """After a reduction the waiting is not counted anew, so that the rate falls in every epoch."""

    def _reduce(self, epoch: int) -> None:
        waited = self.wait
        super()._reduce(epoch)
        self.wait = waited


@callback(**WATCH)
class BetterDoesNotEndTheWait(ReduceLROnPlateau):
    """A better epoch does not end the waiting."""

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        before = self.wait
        super().on_epoch_end(epoch, logs)
        self.wait = max(self.wait, before) if self.wait == 0 and self.best == logs["loss"] else self.wait


@callback(**WATCH)
class ComparesWithTheLast(ReduceLROnPlateau):
    """Each epoch is compared with the one before, not with the best."""

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        super().on_epoch_end(epoch, logs)
        self.best = logs["loss"]


@callback(**WATCH)
class AnyChangeIsBetter(ReduceLROnPlateau):
    """min_delta is accepted and ignored."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options | {"min_delta": 0.0})


@callback(**WATCH)
class DeltaTheOtherWay(ReduceLROnPlateau):
    """min_delta is allowed as a loss, in place of being asked for as a gain."""

    def is_better(self, value: float, reference: float | None) -> bool:
        return reference is None or value - self.min_delta < reference


@callback(**{**WATCH, "mode": "max"})
class LessIsAlwaysBetter(ReduceLROnPlateau):
    """mode="max" is accepted and ignored."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options | {"mode": "min"})


@callback(**WATCH, cooldown=2)
class NoCooldown(ReduceLROnPlateau):
    """cooldown is accepted and ignored."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options | {"cooldown": 0})


@callback(**WATCH, cooldown=2)
class CooldownOneLonger(ReduceLROnPlateau):
    """The epoch that ends the cooldown does not count as waiting either."""

    def _reduce(self, epoch: int) -> None:
        super()._reduce(epoch)
        self.cooldown_counter += 1


@callback(**WATCH, cooldown=2)
class NothingIsBetterWhileCoolingDown(ReduceLROnPlateau):
    """A better epoch within the cooldown is not remembered as the best."""

    def is_better(self, value: float, reference: float | None) -> bool:
        return self.cooldown_counter == 0 and super().is_better(value, reference)


@callback(**WATCH, min_lr=0.2)
class FallsBelowTheLeast(ReduceLROnPlateau):
    """min_lr only forbids further reductions, so that the last one may go below it."""

    def _reduce(self, epoch: int) -> None:
        least, self.min_lr = self.min_lr, 0.0
        if self.model.optimizer.learning_rate > least:
            super()._reduce(epoch)
        self.min_lr = least


@callback(**WATCH, min_lr=0.2)
class AlwaysTheLeast(ReduceLROnPlateau):
    """The first reduction goes down to min_lr at once."""

    def _reduce(self, epoch: int) -> None:
        super()._reduce(epoch)
        self.model.optimizer.learning_rate = self.min_lr


@callback(**WATCH)
class SubtractsTheFactor(ReduceLROnPlateau):
    """The factor is the share that is taken off, not the one that stays."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options | {"factor": 0.4})


@callback(**WATCH)
class RemembersTheLastRun(ReduceLROnPlateau):
    """The best value of the last fit still has to be beaten."""

    def on_train_begin(self, logs: Any = None) -> None:
        best = getattr(self, "best", None)
        super().on_train_begin(logs)
        self.best = best


@callback(**WATCH)
class LogsTheNewRate(ReduceLROnPlateau):
    """The logs get the rate of the next epoch, not the one that this epoch was trained with."""

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        super().on_epoch_end(epoch, logs)
        logs["learning_rate"] = self.model.optimizer.learning_rate
