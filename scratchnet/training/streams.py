"""Batches that others make: by their number (``Dataset``), or as they come (``Stream``).

One is fetched ahead while the step before it runs, and each is checked as arrays are.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from scratchnet.training.ahead import END, Ahead
from scratchnet.training.samples import Samples, check_samples, unlabelled
from scratchnet.training.sources import Piece, Source
from scratchnet.utils.numbers import shown, whole_number
from scratchnet.utils.py_dataset import PyDataset
from scratchnet.utils.random import given_back

if TYPE_CHECKING:
    from scratchnet.graph.network import Network


class Batches(Source):
    """What ``Dataset`` and ``Stream`` share: batches that others make, fetched ahead and checked one by one.

    Args:
        where: the call, for error messages; "predict" needs no labels.
        model: for which the batches are; one without an input is built by the first.
        batches: what they come from.
        steps: batches of an epoch, if not a whole pass.
        class_weight: as for ``Model.fit``.
    """

    def __init__(self, where: str, model: Network, batches: Any, steps: int | None, class_weight: Any = None) -> None:
        self.where, self.limit = where, steps
        self._model, self._batches, self._class_weight = model, batches, class_weight
        self._at_hand: Samples | None = None
        self._number = 0  # of the batch to come, for error messages
        self.ahead = Ahead(self._fetch)

    def fetch_ahead(self, on: bool) -> None:
        """Say whether batches may be fetched ahead."""
        self.ahead.on = on

    @property
    def fetches_ahead(self) -> bool:
        """Whether batches are fetched ahead."""
        return self.ahead.on

    def wait(self) -> None:
        """Wait for the batch that is being fetched."""
        self.ahead.wait()

    def close(self) -> None:
        """Wait for the batch that is being fetched, and end the thread."""
        self.ahead.close()

    def settings(self) -> dict[str, Any]:
        """Return what a resumed ``fit`` must find unchanged."""
        return {"batches from": type(self._batches).__name__, "batches": self.length, **super().settings()}

    @abstractmethod
    def _fetch(self) -> Any:
        """Return the next batch of the pass, or END."""

    def _next(self) -> Samples | None:
        """Return the next batch, checked."""
        batch = self.ahead.get()
        return None if batch is END else self._checked(batch)

    def _begin_pass(self) -> None:
        super()._begin_pass()
        self.ahead.wait()
        self._at_hand = None

    def _has_more(self) -> bool:
        if self._at_hand is None:
            self._at_hand = self._next()
        return self._at_hand is not None

    def _take(self, room: float) -> Piece | None:
        samples = self._next() if self._at_hand is None else self._at_hand
        self._at_hand = None
        if samples is None:
            return None
        self._hand_out(1)
        self._number += 1
        # Only within an epoch: whatever runs between two of them, no thread draws random numbers beside it, and of a
        # generator as many batches are taken as were asked for.
        if room > 1 and self.done != self.length:
            self.ahead.start()
        return samples, slice(None)

    def _checked(self, batch: Any) -> Samples:
        where = f"batch {self._number_of_batch()} of {self.where}"
        if self.where == "predict":
            return unlabelled(self._model, batch[0] if isinstance(batch, tuple) and batch else batch, where)
        if not isinstance(batch, (tuple, list)) or not 1 <= len(batch) <= 3:
            raise ValueError(
                f"{where} expected a tuple (x, y) or (x, y, sample_weight), got {shown(batch)}: let the data yield "
                f"whole batches."
            )
        x, y, weight = (*batch, None, None)[:3]
        return check_samples(self._model, x, y, weight, self._class_weight, where)

    def _number_of_batch(self) -> int:
        return self._number


class Dataset(Batches):
    """Batches by their number, from ``utils.PyDataset`` or what looks like it."""

    def __init__(self, where: str, model: Network, batches: Any, steps: int | None, class_weight: Any = None) -> None:
        super().__init__(where, model, batches, steps, class_weight)
        self.length = number_of_batches(batches)
        self._fetched = 0

    def begin_epoch(self, anew: bool = False) -> bool:
        """Begin an epoch, and let the dataset hear of it."""
        self._tell("on_epoch_begin")
        return super().begin_epoch(anew)

    def end_epoch(self) -> None:
        """End the epoch, and let the dataset hear of it."""
        super().end_epoch()
        self._tell("on_epoch_end")

    def look(self, saved: bool) -> None:
        """Check batch 0, which will be asked for again; not if it may only be made when an epoch has begun."""
        if getattr(type(self._batches), "on_epoch_begin", None) in (None, PyDataset.on_epoch_begin):
            with given_back():
                self._checked(self._batches[0])

    def get_state(self) -> dict[str, Any]:
        """Return where the source stands, and what the dataset itself says that it keeps."""
        own = getattr(self._batches, "get_state", None)
        return {**super().get_state(), **({} if own is None else {"dataset": own()})}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Go where another source stood."""
        if state["begun"]:
            self._tell("on_epoch_begin")
        super().set_state(state)
        self._fetched = self.done
        if "dataset" in state:
            self._batches.set_state(state["dataset"])

    def _tell(self, hook: str) -> None:
        getattr(self._batches, hook, lambda: None)()

    def _begin_pass(self) -> None:
        super()._begin_pass()
        self.length = number_of_batches(self._batches)
        self._draw_order(self.length or 0)
        self._fetched = 0

    def _index(self, place: int) -> int:
        return place if self._order is None or self.length is None else int(self._order[place])

    def _fetch(self) -> Any:
        place = self._fetched
        if place == self.length:
            return END
        self._fetched += 1
        return self._batches[self._index(place)]

    def _number_of_batch(self) -> int:
        return self._index(self.done)


class Stream(Batches):
    """Batches as they come. An iterator, such as a generator, has one pass; what else can be iterated over has many.

    An iterator is never closed here: it is the caller's, who may let the next ``fit`` go on with it.
    """

    def __init__(self, where: str, model: Network, batches: Any, steps: int | None, class_weight: Any = None) -> None:
        super().__init__(where, model, batches, steps, class_weight)
        self.once = isinstance(batches, Iterator)
        self._iterator: Iterator[Any] = batches if self.once else iter(())
        self._passes = 0
        self._put_back: list[Any] = []
        try:
            self.length = None if self.once else len(batches)
        except TypeError:  # it has no length, or none that is known
            self.length = None

    def look(self, saved: bool) -> None:
        """Check the first batch and put it back; not if the run is saved.

        Raises:
            ValueError: if there is none, or it does not fit.
        """
        if saved:
            return
        if not self.once:
            self._iterator = iter(self._batches)
        batch = self.ahead.get()
        if batch is END:
            raise ValueError(
                f"{self.where} expected at least one batch, got none: an iterator can be used up only once."
            )
        self._put_back.append(batch)
        self._checked(batch)

    def get_state(self) -> dict[str, Any]:
        """Return where the source stands."""
        return {**super().get_state(), "passes": self._passes, "number": self._number}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Go where another source stood: a stream has no other way than to draw all that it drew, and discard it.

        Raises:
            ValueError: if it ends before.
        """
        self._number, self._passes = state["number"], state["passes"]
        if self.once:
            self._discard(self._number)
        else:
            for _ in range(self._passes - state["in_pass"]):
                self._iterator = iter(self._batches)
                self._discard(math.inf)
            if state["in_pass"]:
                self._iterator = iter(self._batches)
                self._discard(state["done"])
        self._in_pass, self.begun = state["in_pass"], state["begun"]
        self.taken, self.done = state["taken"], state["done"]

    def shuffle(self, on: bool) -> None:
        """Do nothing: the batches come as they come."""

    def _discard(self, batches: float) -> None:
        drawn = 0
        while drawn < batches and self.ahead.get() is not END:
            drawn += 1
        if drawn < batches < math.inf:
            raise ValueError(
                f"{self.where} expected the {batches} batches again that the interrupted run has drawn, got {drawn}: "
                f"begin with the same data, from their start."
            )

    def _begin_pass(self) -> None:
        super()._begin_pass()
        self._passes += 1
        if not self.once and not self._put_back:
            self._iterator = iter(self._batches)

    def _take(self, room: float) -> Piece | None:
        piece = super()._take(room)
        if piece is None and not self.once and self.limit is None:
            self.length = self.done  # so that the next epoch's bar knows it
        return piece

    def _fetch(self) -> Any:
        return self._put_back.pop() if self._put_back else next(self._iterator, END)


def number_of_batches(dataset: Any) -> int | None:
    """Return how many batches a dataset has; None if there is no end of them."""
    number = dataset.num_batches if hasattr(dataset, "num_batches") else len(dataset)
    return None if number is None else whole_number(f"number of batches of {type(dataset).__name__}", number, 1)
