"""What a backend brings to a plan: steps, and the parts round the graph. Nobody else asks which backend it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import numpy as np

from scratchnet.layers.layer import Layer
from scratchnet.losses import Loss
from scratchnet.metrics import Metric
from scratchnet.optimizers import Optimizer, UpdateRule
from scratchnet.typing import Array
from scratchnet.utils.blas import single_threaded_blas
from scratchnet.utils.memory import place_zeros

_WORTH_SHARING = 6e6  # floating-point operations of kernels for which it pays to wake more than one thread


class Backend:
    """The definitions, run by NumPy as they are written."""

    name = "numpy"
    longest_run = 1
    """How many layers one step may stand for."""

    def step(self, run: Sequence[Layer], needs_dx: bool, fuse: bool) -> Any:
        """Return a step for the longest beginning of ``run`` that this backend has one for, or None."""
        return None

    def loss(self, loss: Loss, last: Any) -> tuple[Loss, Any]:
        """Return what computes the loss, and what takes the place of the step before it, ``last``."""
        return loss, last

    def counting(self, metric: Metric) -> Callable[..., None]:
        """Return what takes a batch into the metric, as its ``update`` does."""
        return metric.update

    def update_rule(self, optimizer: Optimizer) -> UpdateRule:
        """Return what computes the optimizer's ``update``."""
        return optimizer.update

    def is_finite(self, numbers: Array) -> bool:
        """Whether no number is NaN or infinite."""
        return bool(np.isfinite(numbers).all())

    def gather(self, place: int, data: Array, rows: Any, dtype: str) -> Array:
        """Return rows of a data set as a batch for input number ``place``, cast to ``dtype``."""
        return np.asarray(data[rows], dtype)

    def add(self, place: Any, a: Array, b: Array) -> Array:
        """Return the sum of two gradients of the tensor ``place``."""
        return a + b

    def running(self) -> AbstractContextManager[Any]:
        """Return the context in which batches run: BLAS has one thread, so that the last bits do not
        depend on how many there are."""
        return single_threaded_blas()

    def running_forward(self, flops: float, calls_blas: bool) -> AbstractContextManager[Any]:
        """Return the context for ``forward`` alone, of so many operations, which may leave products to BLAS or not."""
        return self.running() if calls_blas else nullcontext()


class KernelBackend(Backend):
    """Compiled kernels, wherever there is one for exactly that layer. It keeps the buffers of one plan."""

    name = "numba"
    longest_run = 2

    def __init__(self) -> None:
        from scratchnet.graph import kernel_losses, kernel_metrics, kernel_steps
        from scratchnet.kernels.machine import runtime

        self._kernels, self._losses, self._metrics, self._runtime = kernel_steps, kernel_losses, kernel_metrics, runtime
        self._batches: dict[int, Array] = {}  # input → where its batches are gathered
        self._sums: dict[Any, Array] = {}  # tensor that is used several times → where its gradient is added up

    def step(self, run: Sequence[Layer], needs_dx: bool, fuse: bool) -> Any:
        """Return a kernel step."""
        return self._kernels.kernel_step(run, needs_dx, fuse)

    def loss(self, loss: Loss, last: Any) -> tuple[Loss, Any]:
        """Return a kernel for the loss, which may take the last layer in."""
        return self._losses.kernel_loss(loss, last)

    def counting(self, metric: Metric) -> Callable[..., None]:
        """Return a kernel, if there is one for exactly this metric."""
        return self._metrics.kernel_metric(metric) or super().counting(metric)

    def update_rule(self, optimizer: Optimizer) -> UpdateRule:
        """Return a kernel."""
        return self._kernels.kernel_update_rule(optimizer)

    def is_finite(self, numbers: Array) -> bool:
        """Whether no number is NaN or infinite, found by a kernel."""
        return self._kernels.is_finite(numbers)

    def gather(self, place: int, data: Array, rows: Any, dtype: str) -> Array:
        """Return the batch, in a buffer that the next one overwrites, or as it lies if it needs no copy."""
        n = len(range(*rows.indices(len(data)))) if isinstance(rows, slice) else len(rows)
        room = self._batches.get(place)
        if room is None or len(room) < n:
            room = self._batches[place] = place_zeros((grown(room, n), *data.shape[1:]), dtype)
        return self._kernels.kernel_gather(data, rows, room[:n])

    def add(self, place: Any, a: Array, b: Array) -> Array:
        """Return the sum, in a buffer that the next batch overwrites."""
        room, dtype = self._sums.get(place), np.result_type(a, b)
        if room is None or len(room) < len(a) or room.dtype != dtype:
            room = self._sums[place] = place_zeros((grown(room, len(a)), *a.shape[1:]), dtype)
        return self._kernels.kernel_add(a, b, room[: len(a)])

    def running(self) -> AbstractContextManager[Any]:
        """Return the context in which BLAS has one thread while kernels own the threads."""
        return self._runtime.single_threaded_blas()

    @contextmanager
    def running_forward(self, flops: float, calls_blas: bool) -> Iterator[None]:
        """Return the context for ``forward`` alone: a few operations run faster on one thread."""
        threads = self._runtime.one_thread() if flops < _WORTH_SHARING else nullcontext()
        with super().running_forward(flops, calls_blas), threads:
            yield


def grown(room: Array | None, n: int) -> int:
    """Return the new length of a buffer that is too short for n: some more, if it has had to grow already."""
    return n if room is None else max(n, 5 * len(room) // 4)


def backend_named(name: str) -> Backend:
    """Return a backend of one plan's own."""
    return KernelBackend() if name == "numba" else Backend()
