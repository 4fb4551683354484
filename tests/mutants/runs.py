"""What a run that goes on after a crash may forget: one thing each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from scratchnet.callbacks import BackupAndRestore, CallbackList, CSVLogger, EarlyStopping, History, ReduceLROnPlateau
from scratchnet.training.means import RunningMeans
from scratchnet.training.run import Run
from scratchnet.training.sources import Arrays, Source
from scratchnet.training.streams import Batches, Dataset, Stream
from tests.mutants.catalogue import run
from tests.oracles.runs import Mistake

_source_state, _go_to, _become = Source.get_state, Source.set_state, Run.go_on
_stream_to, _run_state, _follow = Stream.set_state, Run._state, BackupAndRestore.follow


@run()
class OrderAfterItWasDrawn(Mistake):
    """The shuffling's generator is saved as it is after it has drawn the order, so that another order is drawn."""

    of = Source

    def get_state(self: Any) -> dict[str, Any]:
        return {**_source_state(self), "order": self._generator_state()}


@run()
class OrderFromTheStart(Mistake):
    """The shuffling's generator begins anew."""

    of = Arrays

    def set_state(self: Any, state: Mapping[str, Any]) -> None:
        _go_to(self, {**state, "order": self._generator_state()})


@run()
class PassFromTheStart(Mistake):
    """A half pass begins again with its first batch."""

    of = Arrays

    def set_state(self: Any, state: Mapping[str, Any]) -> None:
        _go_to(self, state)
        self.done = 0


@run()
class EpochFromTheStart(Mistake):
    """The steps that a half epoch has taken are not counted."""

    of = Arrays

    def set_state(self: Any, state: Mapping[str, Any]) -> None:
        _go_to(self, state)
        self.taken = 0


@run()
class DatasetFromTheStart(Mistake):
    """A dataset is asked for the first batches of a half pass again."""

    of = Dataset

    def set_state(self: Any, state: Mapping[str, Any]) -> None:
        _go_to(self, state)
        self._fetched = 0


@run()
class StreamFromTheStart(Mistake):
    """The batches that an iterator has given are not discarded."""

    of = Stream

    def _discard(self: Any, batches: float) -> None:
        pass


@run()
class StreamOneBatchFurther(Mistake):
    """One batch too many is discarded, as if the next one had been fetched."""

    of = Stream

    def set_state(self: Any, state: Mapping[str, Any]) -> None:
        _stream_to(self, {**state, "number": state["number"] + 1})
        self._number -= 1


@run()
class AheadOfTheBackup(Mistake):
    """A batch is fetched ahead of a backup, so that its random numbers are drawn twice."""

    of = Batches

    def fetch_ahead(self: Any, on: bool) -> None:
        pass


@run()
class MeansFromTheStart(Mistake):
    """The loss of a half epoch is the mean over its second part."""

    of = RunningMeans

    def set_state(self: Any, state: Mapping[str, Any]) -> None:
        for metric, counted in zip(self.metrics, state["metrics"]):
            vars(metric).update(counted)


@run()
class MetricsFromTheStart(Mistake):
    """The metrics of a half epoch count its second part only."""

    of = RunningMeans

    def set_state(self: Any, state: Mapping[str, Any]) -> None:
        self.loss_sum, self.count = state["loss_sum"], state["count"]


@run()
class HistoryFromHere(Mistake):
    """The epochs before the crash are missing in the history."""

    of = History

    def set_state(self: Any, state: Mapping[str, Any]) -> None:
        pass


@run()
class StoppingWaitsAgain(Mistake):
    """EarlyStopping begins to wait anew."""

    of = EarlyStopping

    def set_state(self: Any, state: Mapping[str, Any]) -> None:
        for name in self.state_names:
            if name != "wait":
                setattr(self, name, state[name])


@run()
class BestWeightsAreLost(Mistake):
    """EarlyStopping does not know the best weights from before the crash."""

    of = EarlyStopping

    def set_state(self: Any, state: Mapping[str, Any]) -> None:
        for name in self.state_names:
            if name != "best_weights":
                setattr(self, name, state[name])


@run()
class PlateauForgotten(Mistake):
    """ReduceLROnPlateau does not know the best value from before the crash."""

    of = ReduceLROnPlateau

    def set_state(self: Any, state: Mapping[str, Any]) -> None:
        self.wait, self.cooldown_counter = state["wait"], state["cooldown_counter"]


@run()
class LogBegunAnew(Mistake):
    """The CSV file has only the epochs after the crash."""

    of = CSVLogger

    def set_state(self: Any, state: Mapping[str, Any]) -> None:
        pass


@run()
class CallbacksBeforeTheyBegin(Mistake):
    """No callback gets its state back."""

    of = CallbackList

    def set_state(self: Any, state: Mapping[str, Any]) -> None:
        pass


@run()
class ModelAsItWasMade(Mistake):
    """Weights and optimizer are not put back."""

    of = Run

    def go_on(self: Any, announce: Callable[[], None]) -> bool:
        if self._found is not None:
            self._found = self._found[0], lambda: None
        return _become(self, announce)


@run()
class OneEpochAgain(Mistake):
    """The epoch that has just ended is run again."""

    of = Run

    def _state(self: Any) -> dict[str, Any]:
        state = _run_state(self)
        return {**state, "epoch": state["epoch"] - (not self.training.begun)}


@run()
class GlobalSeedAsItIs(Mistake):
    """The global seed goes on from where the new program has brought it."""

    of = Run

    def go_on(self: Any, announce: Callable[[], None]) -> bool:
        from scratchnet.utils.random import global_state

        if self._found is not None:
            self._found[0]["seeds"] = global_state()
        return _become(self, announce)


@run()
class NumpysStateAsItIs(Mistake):
    """NumPy's global random numbers go on from where the new program has brought them."""

    of = Run

    def go_on(self: Any, announce: Callable[[], None]) -> bool:
        if self._found is not None:
            self._found[0]["numpy"] = np.random.get_state()
        return _become(self, announce)


@run()
class ValidationFromTheStart(Mistake):
    """The stream of validation data begins anew."""

    of = Run

    def go_on(self: Any, announce: Callable[[], None]) -> bool:
        validation, found = self.validation, self._found
        if found is not None:
            self.validation = None
        announced = _become(self, announce)
        self.validation = validation
        return announced
