"""PyDataset: data that come batch by batch and can be asked for any of them by its number."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from scratchnet.utils.numbers import shown, true_or_false, whole_number


class PyDataset:
    """Base class for data too large for memory, or made as they are needed; ``Sequence`` is its older name.

        class Images(PyDataset):
            def __len__(self): return math.ceil(len(self.names) / 32)
            def __getitem__(self, k): return read(self.names[32 * k : 32 * (k + 1)]), self.labels[32 * k : 32 * (k + 1)]

    A dataset of your own defines ``__getitem__``, which returns batch number k, ``(x, y)`` or ``(x, y, sample_weight)``
    or, for ``predict``, x alone; and ``__len__``, the number of batches, or ``num_batches``. ``fit`` asks for the
    batches in a new order in each epoch, if it shuffles; within a batch the order is the dataset's own.

    It need not be this base class: whatever has ``__len__`` and ``__getitem__`` serves.

    Args:
        workers: how many threads fetch batches: 1, which fetches the next one while the model learns from this one.
        use_multiprocessing: whether processes do so: no.
        max_queue_size: how many batches may wait at most; one does.

    Raises:
        ValueError: for more workers or processes.
    """

    def __init__(self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10) -> None:
        if whole_number(f"workers of {type(self).__name__}", workers, 0) > 1:
            raise ValueError(
                f"{type(self).__name__} expected workers=1, got {shown(workers)}: one thread fetches a batch ahead."
            )
        if true_or_false(f"use_multiprocessing of {type(self).__name__}", use_multiprocessing):
            raise ValueError(
                f"{type(self).__name__} expected use_multiprocessing=False, got True: one thread fetches a batch ahead."
            )
        whole_number(f"max_queue_size of {type(self).__name__}", max_queue_size, 1)

    def __getitem__(self, index: int) -> Any:
        raise NotImplementedError(f"{type(self).__name__} has no __getitem__(index), which returns a batch.")

    def __iter__(self) -> Iterator[Any]:
        number = self.num_batches
        yield from map(self.__getitem__, itertools.count() if number is None else range(number))

    @property
    def num_batches(self) -> int | None:
        """The number of batches; None for a dataset without end, which ``fit`` takes with ``steps_per_epoch``."""
        number = getattr(self, "__len__", None)
        if number is None:
            raise NotImplementedError(f"{type(self).__name__} has neither __len__() nor num_batches.")
        return int(number())

    def on_epoch_begin(self) -> None:
        """Hear that an epoch begins, or a pass of ``evaluate`` or ``predict``."""

    def on_epoch_end(self) -> None:
        """Hear that it ends: the place to reshuffle, for one."""


Sequence = PyDataset
