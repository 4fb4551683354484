"""Work that is done beside the caller, one piece after the other."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor


class Background:
    """A thread for one piece of work at a time: who hands in the next waits until the last one is done."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._thread: ThreadPoolExecutor | None = None
        self._running: Future[None] | None = None

    def put(self, work: Callable[[], None]) -> None:
        """Wait for the last piece of work, then begin this one.

        Raises:
            Exception: what the last piece of work has raised.
        """
        self.wait()
        self._thread = self._thread or ThreadPoolExecutor(1, self._name)
        self._running = self._thread.submit(work)

    @property
    def idle(self) -> bool:
        """Whether nothing is being done now."""
        return self._running is None or self._running.done()

    def wait(self) -> None:
        """Wait until nothing is being done; raise what the last piece of work has raised."""
        running, self._running = self._running, None
        if running is not None:
            running.result()

    def close(self) -> None:
        """Wait as ``wait`` does, and end the thread."""
        try:
            self.wait()
        finally:
            if self._thread is not None:
                self._thread.shutdown(wait=True)
                self._thread = None
