"""A BLAS that keeps to one thread while batches run.

OpenBLAS divides a product among its threads, and with it the sums: on two threads the last bits of a large product are
others than on one. So whatever is promised to have the same bits on any number of threads runs in here. Kernels have a
second reason: BLAS's threads and theirs would wait for each other actively, and a step then takes 40 times as long.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any


class _Limit:
    """Counts who wants BLAS at one thread; the first one in sets it, the last one out puts it back.

    A BLAS has one pool of threads for all of Python's threads, so the last one out is the last of all of them; one that
    is built on OpenMP counts separately for each, so there it is the last of that thread.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.found: list[Any] = []
        self.looked_at_modules = 0
        self.everywhere = _Held()
        self.here = _HeldHere()

    def enter(self) -> None:
        with self.lock:
            self._find_new()
            self.everywhere.enter(self.found, per_thread=False)
            self.here.enter(self.found, per_thread=True)

    def leave(self) -> None:
        with self.lock:
            self.everywhere.leave()
            self.here.leave()

    def _find_new(self) -> None:
        """Find the BLAS libraries that have been loaded since the last look: whatever is imported may bring one."""
        if self.looked_at_modules == len(sys.modules):
            return
        import threadpoolctl

        known = {library.filepath for library in self.found}
        libraries = threadpoolctl.ThreadpoolController().select(user_api="blas").lib_controllers
        self.found += [library for library in libraries if library.filepath not in known]
        self.looked_at_modules = len(sys.modules)


class _Held:
    """Libraries that are at one thread now, each with the number that it had before."""

    def __init__(self) -> None:
        self.depth = self.looked_at = 0
        self.before: list[tuple[Any, int]] = []

    def enter(self, found: Sequence[Any], per_thread: bool) -> None:
        self.depth += 1
        for library in found[self.looked_at :]:  # all of them for the first one in, then those that came since
            if _is_per_thread(library) == per_thread:
                self.before.append((library, library.get_num_threads()))
                _set(library, 1)
        self.looked_at = len(found)

    def leave(self) -> None:
        self.depth -= 1
        if self.depth == 0:
            for library, threads in self.before:
                _set(library, threads)
            self.before.clear()
            self.looked_at = 0


class _HeldHere(_Held, threading.local):
    """The same for one of Python's threads."""


def _is_per_thread(library: Any) -> bool:
    return getattr(library, "threading_layer", None) == "openmp"


def _set(library: Any, threads: int) -> None:
    """Set the number of threads, from whichever of Python's threads.

    threadpoolctl lets only one of them, the first that sets a number, set any; from the others a call does nothing.
    Our own count is what keeps them from fighting.
    """
    release = getattr(library, "clear_controlling_thread", None)
    if release is not None:
        release(force=True)
    library.set_num_threads(threads)
    if release is not None:
        release(force=True)


_limit = _Limit()


def _after_fork_in_child() -> None:
    _limit.lock = threading.Lock()  # another thread of the parent may have held the old one


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)


@contextmanager
def single_threaded_blas() -> Iterator[None]:
    """Hold every BLAS library that is loaded at one thread inside the `with`, and put its number back afterwards.

    May be nested and used from several Python threads at once; the numbers of threads come back when the last user
    leaves.
    """
    _limit.enter()
    try:
        yield
    finally:
        _limit.leave()
