"""Who trains a model: this process alone, or several together. The loops ask here, wherever that makes a difference.

``Distribution`` is one process; ``data_parallel.py`` overrides what is different for several.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from scratchnet.training.step import Compiled, train_step

if TYPE_CHECKING:
    from scratchnet.graph.network import Network
    from scratchnet.training.interrupts import Interruption
    from scratchnet.training.means import RunningMeans
    from scratchnet.training.run import Run
    from scratchnet.training.samples import Samples


class Distribution:
    """One process that trains alone, and the base class of others.

    Attributes:
        rank, size: which of the processes this is, from 0, and how many there are.
    """

    rank, size = 0, 1

    @property
    def writes(self) -> bool:
        """Whether this process prints and writes files."""
        return self.rank == 0

    @contextmanager
    def scope(self) -> Iterator[Distribution]:
        """Let every ``fit`` inside the ``with`` be run like this."""
        global _current
        before, _current = _current, self
        try:
            yield self
        finally:
            _current = before

    # For the training loop ----------------------------------------------------------------------------------------

    def together(self) -> AbstractContextManager[Any]:
        """Return the context of a whole ``fit``."""
        return nullcontext()

    def prepared(self, prepare: Callable[[], Run]) -> Run:
        """Return the run that ``prepare`` makes, once nobody has refused."""
        return prepare()

    def begin(self, run: Run) -> None:
        """Make sure that everybody begins with the same."""

    def go_on(self, run: Run, interruption: Interruption) -> None:
        """Go on from where the run stands now, everybody; stop from now on when all have agreed on it."""

    def step(self, run: Run, samples: Samples, rows: Any, number: int, interruption: Interruption) -> tuple[float, int]:
        """Learn from a batch; return its loss and how many samples it has."""
        batch = samples.take(run.parts.plan, rows)
        return train_step(run.model, run.parts, batch, number), len(batch.x[0])

    def any(self, here: bool) -> bool:
        """Whether this is true of anybody."""
        return here

    def shares_pass(self, parts: Compiled, watched: bool) -> bool:
        """Whether a validation is divided among several, each of whom sees the rows that ``share`` returns."""
        return False

    def share(self, rows: Any) -> Any:
        """Return the rows of a batch that are this process's own."""
        return rows

    def add_up(self, means: RunningMeans) -> None:
        """Let the figures of a pass that was divided be those of all samples."""

    def end_epoch(self, model: Network, interruption: Interruption) -> None:
        """Make sure that all still agree."""

    def refuse_single_batch(self, where: str) -> None:
        """Refuse what takes a step by itself, if that is not one for all."""


_current = Distribution()


def current() -> Distribution:
    """Return who trains now: the innermost ``scope`` that is open."""
    return _current
