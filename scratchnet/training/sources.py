"""Where batches come from: arrays, or anything that yields batches.

    source.begin_epoch() → for step, samples, rows in source.epoch(): samples.take(plan, rows) → source.end_epoch()

The loops know no more than that. A pass goes once through the data, an epoch is what ``fit`` counts. The two are the
same, unless ``steps_per_epoch`` is given: then an epoch has so many batches, and the next one goes on in the same pass.
Where a pass ends too early, the epoch ends with it, with Keras's warning, and the next epoch begins a new pass.

- ``Arrays``    all samples are in memory, and have been checked before the first step
- ``Dataset``   batches by their number, as ``utils.PyDataset``: each epoch in a new order, if shuffled
- ``Stream``    batches as they come, from a generator, an iterator, or what can be iterated over again and again

The last two stand in ``streams.py``; ``making.py`` tells which of the three a call is to have.
"""
# ruff: noqa: B027  # what a source need not do, such as fetching ahead, is a method that does nothing

from __future__ import annotations

import math
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from scratchnet.training.samples import Samples
from scratchnet.typing import Array
from scratchnet.utils.random import new_generator

DEFAULT_BATCH_SIZE = 32

Piece = tuple[Samples, Any]
"""Samples, and which rows of them to take."""


class Source(ABC):
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

    @property
    def through(self) -> bool:
        """Whether all batches of the epoch have been handed out, as far as is known."""
        return self.steps is not None and self.taken >= self.steps

    @property
    def fetches_ahead(self) -> bool:
        """Whether batches are made before they are asked for, so that random numbers may be used up already."""
        return False

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

    def look(self, saved: bool) -> None:
        """Check the first batch before its time, where nobody can tell afterwards: no epoch has begun, none is lost.

        Args:
            saved: whether the run may be taken up again, and what is drawn before its time would not be drawn then.
        """

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

    @abstractmethod
    def _take(self, room: float) -> Piece | None:
        """Return the next batch, or at most ``room`` batches together; None at the end of the pass."""

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
        self.batch_size: int = batch_size or (math.ceil(len(samples) / steps) if steps else DEFAULT_BATCH_SIZE)
        self.length: int = math.ceil(len(samples) / self.batch_size)
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
        batches = int(min(self._at_once, room, self.length - self.done))
        if not batches:
            return None
        start, stop = self.done * self.batch_size, (self.done + batches) * self.batch_size
        self._hand_out(batches)
        if self._order is None:
            return self.samples, slice(start, min(stop, len(self.samples)))
        return self.samples, self._order[start:stop]
