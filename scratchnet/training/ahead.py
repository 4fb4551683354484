"""Fetch the next batch while the model learns from this one, in a thread beside it.

Never more than one: whatever a generator does then happens in the same order as without the thread, the random numbers
that it draws included, and no batch waits in memory but the next.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

import numpy as np

END: Any = object()
"""What a fetch returns when there is no batch any more."""


class Ahead:
    """Calls ``fetch`` for one batch at a time, and keeps a copy of what comes.

    A copy, since the generator may fill the same arrays again for the next batch. An error arrives where the batch is
    asked for, with the generator's own traceback.

    Attributes:
        on: whether to use a thread at all.
    """

    def __init__(self, fetch: Callable[[], Any]) -> None:
        self.on = True
        self._fetch = fetch
        self._context = copy_context()  # the caller's settings, such as np.errstate, not those of the training loop
        self._threads: ThreadPoolExecutor | None = None
        self._coming: Future[Any] | None = None

    def start(self) -> None:
        """Begin to fetch the next batch."""
        if self.on:
            self._threads = self._threads or ThreadPoolExecutor(1, "scratchnet-batches")
            self._coming = self._threads.submit(self._context.run, self._fetched)

    def get(self) -> Any:
        """Return the next batch, or END."""
        coming, self._coming = self._coming, None
        return self._context.run(self._fetched) if coming is None else coming.result()

    def wait(self) -> None:
        """Wait until the fetch that has begun is over, whatever comes of it."""
        if self._coming is not None:
            self._coming.exception()

    def close(self) -> None:
        """End the thread, when it has fetched what it is fetching."""
        self._coming = None
        if self._threads is not None:
            self._threads.shutdown(wait=True)
            self._threads = None

    def _fetched(self) -> Any:
        batch = self._fetch()
        return batch if batch is END else _own(batch)


def _own(value: Any) -> Any:
    """Return a batch whose arrays are copies, in the same tuples, lists and dictionaries."""
    if isinstance(value, Mapping):
        return {key: _own(part) for key, part in value.items()}
    if isinstance(value, (tuple, list)):
        return (tuple if isinstance(value, tuple) else list)(map(_own, value))
    return np.array(value) if hasattr(value, "__array__") else value
