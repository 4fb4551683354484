"""Where batches come from: arrays, or anything that yields batches.

    source.begin_epoch() → for step, samples, rows in source.epoch(): samples.take(plan, rows) → source.end_epoch()

The loops know no more than that. A pass goes once through the data, an epoch is what ``fit`` counts. The two are the
same, unless ``steps_per_epoch`` is given: then an epoch has so many batches, and the next one goes on in the same pass.
Where a pass ends too early, the epoch ends with it, with Keras's warning, and the next epoch begins a new pass.

- ``Arrays``    all samples are in memory, and have been checked before the first step
- ``Dataset``   batches by their number, as ``utils.PyDataset``: each epoch in a new order, if shuffled
- ``Stream``    batches as they come, from a generator, an iterator, or what can be iterated over again and again

Batches of the last two are checked one by one, as arrays are, and fetched ahead by ``ahead.Ahead``.
"""

from __future__ import annotations

import inspect
import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from scratchnet.training.ahead import END, Ahead
from scratchnet.training.samples import Samples, check_compiled, check_inputs, check_samples
from scratchnet.typing import Array
from scratchnet.utils.numbers import shown, whole_number
from scratchnet.utils.py_dataset import PyDataset
from scratchnet.utils.random import new_generator

if TYPE_CHECKING:
    from scratchnet.graph.network import Network

Piece = tuple[Samples, Any]
"""Samples, and which rows of them to take."""


class Source:
    """What the loops see of a source of batches.

    Attributes:
        limit: the batches of an epoch, if the user said how many.
        length: the batches of a pass, if known.
        count: the samples of an epoch, if known.
        taken, done: how many batches of this epoch, and of this pass, have been handed out.
        begun: whether an epoch has begun and not ended.
        once: whether there is a single pass, and no way back.
        generator: what shuffles; None for batches in their own order.
    """

    where: str
    limit: int | None
    length: int | None = None
    count: int | None = None
    batch_size: Any = None  # of batches that are cut here; None where they come as they are
    taken = done = 0
    begun = once = False
    generator: np.random.Generator | None = None
    _in_pass = False
    _order: Array | None = None
    _before: dict[str, Any] | None = None  # the generator's state before it drew the order of this pass
    _warned = False

    @property
    def steps(self) -> int | None:
        """How many batches an epoch has, if known."""
        return self.limit or self.length

    def begin_epoch(self, anew: bool = False) -> bool:
        """Begin an epoch, with a new pass if it is time, or if ``anew``; return False if there is no batch any more."""
        self.taken, self.begun = 0, True
        if anew or self.limit is None or self.done == self.length:
            self._in_pass = False
        if not self._in_pass:
            self._begin_pass()
        if not self._has_more() and self.done and not self.once:  # the pass ended just where the last epoch did
            self._begin_pass()
        return self._has_more()

    def epoch(self) -> Iterator[tuple[int, Samples, Any]]:
        """Yield what is left of the epoch: the number of the step, samples, and which rows of them are the batch."""
        while self.limit is None or self.taken < self.limit:
            step = self.taken
            piece = self._take(math.inf if self.limit is None else self.limit - self.taken)
            if piece is None:
                self._in_pass = False
                if self.limit is not None:
                    self.warn(f"{self.limit} batches, got {self.taken}")
                break
            yield step, *piece

    def end_epoch(self) -> None:
        """End the epoch."""
        self.begun = False

    def warn(self, expected: str) -> None:
        """Say, as Keras does, that the data have come to their end too early."""
        self._warned = True
        warnings.warn(
            f"Your input ran out of data; interrupting training: {self.where} expected {expected}. Make sure that the "
            f"dataset or generator can yield at least `steps_per_epoch * epochs` batches.",
            stacklevel=4,
        )

    def at_end(self) -> None:
        """Warn that no epoch comes any more, unless a warning has said so."""
        if not self._warned:
            self.warn("batches for another epoch, got none")

    def shuffle(self, on: bool) -> None:
        """Take a generator from the global seed; if ``on``, draw a new order from it in each pass."""
        generator = new_generator()
        self.generator = generator if on else None

    def take_at_once(self, samples: int) -> None:
        """Hand out batches together from now on that make so many samples, where that is possible."""

    def fetch_ahead(self, on: bool) -> None:
        """Say whether batches may be fetched ahead."""

    def wait(self) -> None:
        """Wait until nothing happens beside the caller."""

    def close(self) -> None:
        """Let go of everything."""

    def settings(self) -> dict[str, Any]:
        """Return what a resumed ``fit`` must find unchanged, ready for JSON."""
        return {"steps_per_epoch": self.limit, "samples": self.count, "shuffle": self.generator is not None}

    def get_state(self) -> dict[str, Any]:
        """Return where the source stands: not the data, but what it takes to find the place again."""
        state = self._before if self._in_pass else self._generator_state()
        return {"begun": self.begun, "taken": self.taken, "done": self.done, "in_pass": self._in_pass, "order": state}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Go where another source stood."""
        if self.generator is not None:
            self.generator.bit_generator.state = state["order"]
        if state["in_pass"]:
            self._begin_pass()
        self._in_pass, self.begun = state["in_pass"], state["begun"]
        self.taken, self.done = state["taken"], state["done"]

    def _generator_state(self) -> Any:
        return None if self.generator is None else self.generator.bit_generator.state

    def _begin_pass(self) -> None:
        self.done, self._in_pass = 0, True

    def _draw_order(self, number: int) -> None:
        self._before = self._generator_state()
        self._order = None if self.generator is None else self.generator.permutation(number)

    def _has_more(self) -> bool:
        return True

    def _take(self, room: float) -> Piece | None:
        """Return the next batch, or at most ``room`` batches together; None at the end of the pass."""
        raise NotImplementedError

    def _hand_out(self, batches: int) -> None:
        self.taken += batches
        self.done += batches


class Arrays(Source):
    """Batches of samples in memory; the last of a pass may be smaller.

    Args:
        where: the call, for error messages.
        samples: the samples, checked.
        batch_size: how many a batch has; 32 if not given, or what makes ``steps`` batches of them, as in Keras.
        steps: batches of an epoch, if not all.
    """

    def __init__(self, where: str, samples: Samples, batch_size: int | None, steps: int | None) -> None:
        self.where, self.samples, self.limit = where, samples, steps
        self.batch_size: int = batch_size or (math.ceil(len(samples) / steps) if steps else 32)
        self.length = math.ceil(len(samples) / self.batch_size)
        self.count = min(len(samples), self.batch_size * (steps or self.length))
        self._at_once = 1

    def take_at_once(self, samples: int) -> None:
        """Hand out batches together from now on that make so many samples."""
        self._at_once = max(1, samples // self.batch_size)

    def settings(self) -> dict[str, Any]:
        """Return what a resumed ``fit`` must find unchanged."""
        return {"batch_size": self.batch_size, **super().settings(), "samples": len(self.samples)}

    def _begin_pass(self) -> None:
        super()._begin_pass()
        self._draw_order(len(self.samples))

    def _take(self, room: float) -> Piece | None:
        start = self.done * self.batch_size
        stop = min(start + int(min(self._at_once, room)) * self.batch_size, len(self.samples))
        if start >= stop:
            return None
        self._hand_out(math.ceil((stop - start) / self.batch_size))
        return self.samples, slice(start, stop) if self._order is None else self._order[start:stop]


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

    def wait(self) -> None:
        """Wait for the batch that is being fetched."""
        self.ahead.wait()

    def close(self) -> None:
        """Wait for the batch that is being fetched, and end the thread."""
        self.ahead.close()

    def settings(self) -> dict[str, Any]:
        """Return what a resumed ``fit`` must find unchanged."""
        return {"batches from": type(self._batches).__name__, "batches": self.length, **super().settings()}

    def _fetch(self) -> Any:
        """Return the next batch of the pass, or END."""
        raise NotImplementedError

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
        self.length = _number_of_batches(batches)
        self._fetched = 0

    def begin_epoch(self, anew: bool = False) -> bool:
        """Begin an epoch, and let the dataset hear of it."""
        self._tell("on_epoch_begin")
        return super().begin_epoch(anew)

    def end_epoch(self) -> None:
        """End the epoch, and let the dataset hear of it."""
        super().end_epoch()
        self._tell("on_epoch_end")

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
        self.length = _number_of_batches(self._batches)
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
        try:
            self.length = None if self.once else len(batches)
        except TypeError:  # it has no length, or none that is known
            self.length = None

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
        if not self.once:
            self._iterator = iter(self._batches)

    def _take(self, room: float) -> Piece | None:
        piece = super()._take(room)
        if piece is None and not self.once and self.limit is None:
            self.length = self.done  # so that the next epoch's bar knows it
        return piece

    def _fetch(self) -> Any:
        return next(self._iterator, END)


# Which of them ---------------------------------------------------------------------------------------------------


def make_source(
    where: str,
    model: Network,
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    batch_size: int | None = None,
    steps: int | None = None,
    class_weight: Any = None,
) -> Source:
    """Return the source for what a call was given as x; arrays are checked.

    Raises:
        ValueError: if arguments do not go together, or arrays do not fit the model.
        RuntimeError: if the model is not compiled, and needs to be.
    """
    if steps is not None:
        steps = whole_number(f"{'steps_per_epoch' if where == 'fit' else 'steps'} of {where}", steps, 1)
    if batch_size is not None:
        batch_size = whole_number("batch_size", batch_size, 1)
    if inspect.isgeneratorfunction(x):
        raise ValueError(f"{where} expected a generator as x, got the function {x.__name__} that makes one: call it.")
    if not yields_batches(x):
        if where == "predict":
            return Arrays(where, unlabelled(model, x, where), batch_size, steps)
        return Arrays(where, check_samples(model, x, y, sample_weight, class_weight, where), batch_size, steps)
    for name, given, instead in (
        ("y", y, "let it yield (x, y)"),
        ("sample_weight", sample_weight, "let it yield (x, y, sample_weight)"),
        ("batch_size", batch_size, "its batches are as large as they come"),
    ):
        if given is not None:
            raise ValueError(f"{where} expected no {name} beside a {type(x).__name__} as x, got one: {instead}.")
    if where != "predict":
        check_compiled(model, where)
    if not _has_numbers(x):
        return Stream(where, model, x, steps, class_weight)
    if _number_of_batches(x) is None and steps is None:
        raise ValueError(f"{where} expected a number of steps for a {type(x).__name__} without end, got None.")
    return Dataset(where, model, x, steps, class_weight)


def unlabelled(model: Network, x: Any, where: str) -> Samples:
    """Return checked samples without labels."""
    return Samples(check_inputs(model, x, where))


def yields_batches(x: Any) -> bool:
    """Whether x gives batches, rather than being arrays, or what arrays are made of."""
    if isinstance(x, PyDataset):
        return True
    if isinstance(x, (Sequence, Mapping, bytearray, memoryview)) or hasattr(x, "__array__"):
        return False
    return isinstance(x, Iterator) or hasattr(type(x), "__iter__") or _has_numbers(x)


def _has_numbers(x: Any) -> bool:
    """Whether batches can be asked for by their number."""
    cls = type(x)
    return hasattr(cls, "__getitem__") and (hasattr(cls, "__len__") or hasattr(cls, "num_batches"))


def _number_of_batches(dataset: Any) -> int | None:
    number = dataset.num_batches if hasattr(dataset, "num_batches") else len(dataset)
    return None if number is None else whole_number(f"number of batches of {type(dataset).__name__}", number, 1)
