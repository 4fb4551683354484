"""What the ranks of a data-parallel training have to agree on: how they begin, when they stop, and that all are well.

Whoever takes part in an Allreduce waits for all others. So a rank must never leave by itself: an error that all find is
raised by all (``agreed``), one that a single rank meets before the training is told to the others (``prepared``), and
one in the middle of it ends them all, as nobody could go on without that rank (``together``).
"""

from __future__ import annotations

import os
import time
import traceback
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from scratchnet import config
from scratchnet.errors import ScratchnetError
from scratchnet.training import shares
from scratchnet.training.distribution import Distribution
from scratchnet.training.sources import Arrays
from scratchnet.typing import Array
from scratchnet.utils import last_words
from scratchnet.utils import random as seeds
from scratchnet.utils.numbers import shown

if TYPE_CHECKING:
    from scratchnet.graph.network import Network
    from scratchnet.training.interrupts import Interruption
    from scratchnet.training.run import Run

_ROWS = 4096  # of the data, at once


class Agreement(Distribution):
    """MPI processes that train one model; see ``DataParallel``, which adds how they do a step.

    Attributes:
        comm: the processes.
        in_place: what tells an Allreduce to leave the sum where the summands were.
        vector: what the Allreduce of a step adds up.
    """

    def __init__(self, comm: Any = None) -> None:
        mpi = mpi4py()
        self.comm = mpi.COMM_WORLD if comm is None else comm
        if not isinstance(self.comm, mpi.Comm):
            raise ValueError(f"comm of DataParallel expected an mpi4py.MPI.Comm, got {shown(comm)}.")
        self.in_place: Any = mpi.IN_PLACE
        self.rank, self.size = self.comm.Get_rank(), self.comm.Get_size()
        local = self.comm.Split_type(mpi.COMM_TYPE_SHARED)
        self.on_this_machine = local.Get_size()
        local.Free()
        self.vector = shares.FlatVector(config.floatx())
        self._agreed: BaseException | None = None

    def agreed(self, error: Exception) -> Exception:
        """Return an error that every rank is about to raise."""
        self._agreed = error
        return error

    @contextmanager
    def together(self) -> Iterator[None]:
        """Give each rank its random numbers and its share of the cores; an error of one rank ends all of them."""
        try:
            with ExitStack() as stack:
                stack.enter_context(seeds.stream(self.rank))
                stack.enter_context(self._threads())
                yield
        except BaseException as error:
            if error is self._agreed or self.size == 1:
                raise
            last_words.say(
                f"{traceback.format_exc()}Error: rank {self.rank} of {self.size} has failed: {type(error).__name__}: "
                f"{error} All ranks are ended, as they would wait for it.\n"
            )
            self.comm.Abort(1)
            os._exit(1)  # an MPI may only have asked for it

    @contextmanager
    def _threads(self) -> Iterator[None]:
        """Let the kernels use this rank's share of the cores, unless NUMBA_NUM_THREADS says how many."""
        if config.backend() != "numba" or os.environ.get("NUMBA_NUM_THREADS"):
            yield
            return
        from scratchnet.kernels.machine import runtime

        threads = runtime.num_threads()
        runtime.set_num_threads(max(1, threads // self.on_this_machine))
        try:
            yield
        finally:
            runtime.set_num_threads(threads)

    # The beginning ------------------------------------------------------------------------------------------------

    def prepared(self, prepare: Callable[[], Run]) -> Run:
        """Return the run that ``prepare`` makes with the seed of rank 0, once no rank has refused.

        Raises:
            ScratchnetError: if another rank has; a rank that refuses raises its own error.
        """
        seeds.set_global_state(self.comm.bcast(seeds.global_state()))
        try:
            run, error = self._checked(prepare()), None
        except Exception as refused:
            error = refused
        refusals = self.comm.allgather(None if error is None else str(error))
        if error is not None:
            raise self.agreed(error)
        for rank, refusal in enumerate(refusals):
            if refusal is not None:
                raise self.agreed(ScratchnetError(f"Rank {rank} of {self.size} refused to train: {refusal}"))
        return run

    def _checked(self, run: Run) -> Run:
        """Return the run, if it is one that can be divided."""
        for source in (run.training, run.validation):
            if source is not None and not isinstance(source, Arrays):
                raise ValueError(
                    f"Data-parallel {source.where} expected arrays, of whose rows each rank takes its share, got what "
                    f"yields batches: give arrays, or train in one process."
                )
        assert isinstance(run.training, Arrays)
        smallest = min(run.training.batch_size, len(run.training.samples))
        if smallest < self.size:
            raise ValueError(
                f"Data-parallel fit expected batches of at least {self.size} samples, one for each rank, got "
                f"{smallest}: choose a larger batch_size, or fewer ranks."
            )
        if run.parts.objective.depends_on_batch:
            raise ValueError(
                "Data-parallel fit expected losses that are means over the samples, got one with another reduction or "
                "with ignore_class: its shares do not add up to that of the batch; train in one process."
            )
        for metric in run.parts.objective.metrics.values():
            if not shares.adds_up(metric):
                raise ValueError(
                    f"Data-parallel fit expected metrics whose counts add up, got {type(metric).__name__}: name the "
                    f"attributes that do in its class, sums = ('total', 'count'), or train in one process."
                )
        return run

    def begin(self, run: Run) -> None:
        """Check that all ranks were given the same, and let all go on with what rank 0 has found to go on with."""
        theirs = self.comm.allgather(_what_counts(run))
        for rank, what in enumerate(theirs):
            for name in {**theirs[0], **what}:
                if what.get(name) != theirs[0].get(name):
                    raise self.agreed(
                        ScratchnetError(
                            f"Data-parallel fit expected the same {name} on all ranks, got {shown(theirs[0].get(name))}"
                            f" on rank 0 and {shown(what.get(name))} on rank {rank}: let all run the same program, "
                            f"with the same data."
                        )
                    )
        state = self.comm.bcast(None if run._found is None else run._found[0])
        if self.rank and state is not None:
            run._found = state, lambda: None

    def go_on(self, run: Run, interruption: Interruption) -> None:
        """Let all have the weights, the optimizer and the random numbers of rank 0, and no one stop by itself."""
        interruption.decide(None)
        optimizer = run.parts.optimizer
        for array in run.model._run_arrays().values():
            self._broadcast(array)
        rate = None if optimizer.has_schedule else optimizer.learning_rate
        optimizer.batches, rate = self.comm.bcast((optimizer.batches, rate))
        if rate is not None:
            optimizer.learning_rate = rate
        self.vector = shares.FlatVector(run.model.dtype)

    def _broadcast(self, array: Array) -> None:
        numbers = np.ascontiguousarray(array)
        self.comm.Bcast(numbers)
        array[...] = numbers

    def share_counters(self, model: Network) -> None:
        """Let whole numbers, such as how often a layer has drawn, be those of rank 0, after others had no share."""
        for array in model._run_arrays().values():
            if array.dtype.kind != "f":
                self._broadcast(array)

    def rest(self) -> None:
        """Wait for all other ranks, without using the processor as MPI does while it waits."""
        barrier = self.comm.Ibarrier()
        while not barrier.Test():
            time.sleep(0.02)

    # The end ------------------------------------------------------------------------------------------------------

    def any(self, here: bool) -> bool:
        """Whether this is true on any rank."""
        return any(self.comm.allgather(here))

    def end_epoch(self, model: Network, interruption: Interruption) -> None:
        """Agree on whether to stop, and check that all ranks still have the same weights, bit for bit.

        Raises:
            ScratchnetError: if they have not.
        """
        weights = 0
        for array in model.named_weights.values():
            weights = zlib.crc32(array.tobytes(), weights)
        heard = self.comm.allgather((weights, model.stop_training, interruption.first))
        model.stop_training = any(asked for _, asked, _ in heard)
        interruption.decide(next((number for _, _, number in heard if number), None))
        for rank, (theirs, _, _) in enumerate(heard):
            if theirs != heard[0][0]:
                raise self.agreed(
                    ScratchnetError(
                        f"Data-parallel fit expected the same weights on all ranks after an epoch, but those of rank "
                        f"{rank} are not those of rank 0: a callback has changed them there, or the processors of the "
                        f"two round in different ways; let all ranks do the same, on machines of one kind."
                    )
                )

    def refuse_single_batch(self, where: str) -> None:
        """Refuse a step that would be this rank's alone."""
        if self.size > 1:
            raise RuntimeError(f"{where} expected one process, got {self.size}: data-parallel training is done by fit.")


def _what_counts(run: Run) -> dict[str, str]:
    """Return, by names, what must be the same on all ranks; of the data a checksum."""
    found = {name: repr(value) for name, value in run.settings.items()}
    found["weights' shapes"] = repr([array.shape for array in run.model.named_weights.values()])
    for what, source in (("training data", run.training), ("validation data", run.validation)):
        if isinstance(source, Arrays):
            samples = source.samples
            given = [*samples.x, *samples.y, *samples.weight, samples.class_factor]
            found[what] = repr([None if array is None else _checksum(array) for array in given])
    return found


def _checksum(array: Array) -> int:
    total = zlib.crc32(f"{array.shape} {array.dtype}".encode())
    for start in range(0, len(array), _ROWS):
        total = zlib.crc32(array[start : start + _ROWS].tobytes(), total)
    return total


def mpi4py() -> Any:
    """Return the module ``mpi4py.MPI``.

    Raises:
        ScratchnetError: if there is none, or it finds no MPI.
    """
    try:
        from mpi4py import MPI
    except (ImportError, RuntimeError) as error:
        raise ScratchnetError(
            f"Data-parallel training needs mpi4py and an MPI, and mpi4py could not be imported ({error}): "
            f"pip install 'scratchnet[mpi]'."
        ) from error
    return MPI
