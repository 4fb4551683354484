"""What all kernels share: compilation and its cache on disk, threads, fork, and a BLAS that keeps out of the way.

1. `kernel` jits a function once per type of arguments and keeps the machine code on disk (where the package lies if
   that can be written, else in Numba's user cache, else nowhere, with a notice; `cache.py`). The name of a cached file
   contains a digest of the sources of `loops/` and `machine/`, because Numba itself looks only at the file of the
   function, not at what it calls.
2. `kernel(parallel=True)` turns `prange` into threads. Kernels divide their work into blocks that depend on shapes
   alone, never on the number of threads, so that the results have the same bits on 1, 2 or 16 threads.
3. GNU OpenMP ends the process if a forked child of a process with threads opens a parallel region. Such a child runs
   the sequential twin of each kernel instead: same blocks, same order, same bits. With TBB it has threads of its own.
4. Parallel kernels release the GIL. OpenMP and TBB take calls from several Python threads at once; Numba's workqueue
   ends the process instead, so with it kernels wait for each other.
5. With `NUMBA_DISABLE_JIT=1` everything here is a plain Python call.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import os
import sys
import threading
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib import metadata, resources
from typing import Any

import numba
from numba.core import config, event

from scratchnet.kernels.machine.cache import KernelCache, warn_not_kept, warn_once
from scratchnet.kernels.machine.compiler import any_order as any_order
from scratchnet.kernels.machine.compiler import inner as inner
from scratchnet.kernels.machine.compiler import jit
from scratchnet.kernels.machine.processor import NEAREST_CACHE, TILE, VECTOR_BYTES
from scratchnet.utils import blas, terminal

SPIN_COUNT = "2000"

_lock = threading.RLock()
_kernels: list[Kernel] = []
_rehearsals: dict[int, list[tuple[Kernel, tuple[Any, ...]]]] = {}
"""For each Python thread that rehearses, what it would have called."""
_state = {"forked": False, "notified": False, "listening": False}


def _announce(name: str) -> None:
    said = "scratchnet: compiling kernels (once, then kept on disk) ..."
    print(terminal.folded(said, terminal.columns(sys.stderr)), file=sys.stderr, flush=True)


on_compile: Callable[[str], None] | None = _announce
"""Called with the name of the first kernel that has to be compiled in this process; replace it to show progress."""


def _digest_of_sources() -> str:
    """A short digest of the sources of all that is compiled, and of what they know of the machine."""
    floors = [resources.files("scratchnet.kernels").joinpath(floor) for floor in ("loops", "machine")]
    sources = sorted(
        (entry.name, entry.read_bytes()) for floor in floors for entry in floor.iterdir() if entry.name.endswith(".py")
    )
    return hashlib.sha1(repr((sources, NEAREST_CACHE, VECTOR_BYTES, TILE)).encode()).hexdigest()[:10]


_DIGEST = _digest_of_sources()  # now, while the sources are those that this process has imported


def _twin(function: Callable[..., Any], suffix: str) -> types.FunctionType:
    """The same function under a qualified name of its own, which is what Numba's cache on disk goes by."""
    copy = types.FunctionType(
        function.__code__, function.__globals__, function.__name__, function.__defaults__, function.__closure__
    )
    copy.__qualname__ = f"{function.__qualname__}_{suffix}"
    copy.__module__ = function.__module__
    return copy


class _Listener(event.Listener):
    """Tells `on_compile` of the first kernel of ours that was not found in the cache."""

    def on_start(self, happening: Any) -> None:
        function = happening.data["dispatcher"].py_func
        if not _state["notified"] and function.__module__.startswith("scratchnet.kernels."):
            _state["notified"] = True
            if on_compile is not None:
                on_compile(function.__name__)

    def on_end(self, happening: Any) -> None:
        pass


class Kernel:
    """A jitted function that is compiled at its first call and survives a fork."""

    def __init__(self, definition: Callable[..., Any], parallel: bool) -> None:
        functools.update_wrapper(self, definition)
        self.definition, self.parallel = definition, parallel
        self._call: Callable[..., Any] = self._first_call
        self._made: Any = None
        _kernels.append(self)

    def __call__(self, *arguments: Any) -> Any:
        """Run the kernel; in a `rehearsal`, only note that."""
        if _rehearsals and (noted := _rehearsals.get(threading.get_ident())) is not None:
            noted.append((self, tuple(map(numba.typeof, arguments))))
            return 1
        return self._call(*arguments)

    def is_compiled(self, types: tuple[Any, ...]) -> bool:
        """Whether there is machine code for arguments of these types, in this process or on disk."""
        dispatcher = self._dispatcher()
        return types in dispatcher.overloads or getattr(dispatcher._cache, "has", lambda types: False)(types)

    @property
    def is_kept(self) -> bool:
        """Whether there is a folder on disk to keep machine code in."""
        return isinstance(self._dispatcher()._cache, KernelCache)

    def compile(self, types: tuple[Any, ...]) -> None:
        """Compile the kernel for arguments of these types, unless that is done, without running it."""
        with _lock:
            self._dispatcher().compile(types)

    def _first_call(self, *arguments: Any) -> Any:
        with _lock:
            if config.DISABLE_JIT:
                self._call = self.definition
                return self._call(*arguments)
            if not _state["listening"]:
                event.register("numba:compile", _Listener())
                _state["listening"] = True
            threads = self.parallel and not _state["forked"]
            if threads:
                _start_threads()
            dispatcher = self._dispatcher()
            result = dispatcher(*arguments)
            self._call = dispatcher
            if threads and numba.threading_layer() == "workqueue":
                _warn_workqueue()
                self._call = functools.partial(_one_at_a_time, dispatcher)
            return result

    def _dispatcher(self) -> Any:
        if self._made is None:
            self._made = self._make(self.parallel and not _state["forked"])
        return self._made

    def _make(self, threads: bool) -> Any:
        function = _twin(self.definition, _DIGEST + ("" if threads or not self.parallel else "_sequential"))
        dispatcher = jit(function, threads)
        try:
            dispatcher._cache = KernelCache(function)
        except RuntimeError as error:  # no folder to cache in
            if "cannot cache" not in str(error):
                raise
            warn_not_kept(error)
        return dispatcher


@contextmanager
def rehearsal() -> Iterator[list[tuple[Kernel, tuple[Any, ...]]]]:
    """Run no kernel that this Python thread calls inside the `with`: each returns 1, which is no error.

    Yields:
        the list of those that would have run, with the types of their arguments, in order.
    """
    noted: list[tuple[Kernel, tuple[Any, ...]]] = []
    _rehearsals[threading.get_ident()] = noted
    try:
        yield noted
    finally:
        del _rehearsals[threading.get_ident()]


def kernel(*, parallel: bool = False) -> Callable[[Callable[..., Any]], Kernel]:
    """Decorator for a function that Python calls; `parallel` gives its `prange` loops to threads."""
    return lambda definition: Kernel(definition, parallel)


@functools.cache
def _start_threads() -> None:
    """Start Numba's threads, the best kind there is, with a waiting time that suits kernels of some 10 microseconds.

    TBB is the best: when another process has taken a core, one thread does the work of both, and it survives a fork.
    GNU OpenMP is as fast on idle cores, but its threads wait for each other actively, for up to some 10 milliseconds:
    a single busy process beside us then makes a step of 1.6 ms take 35 to 100. Told to wait for about 0.1 ms, the
    threads still meet awake from one kernel to the next, and the same step takes 4.7 (TBB: 3.5). OpenMP reads its
    variables when the library is loaded, and only then.
    """
    _find_tbb()
    unset = not {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT"} & os.environ.keys()
    if unset:
        os.environ["GOMP_SPINCOUNT"] = SPIN_COUNT
    try:
        numba.get_num_threads()  # loads the threading layer
    finally:
        if unset:
            del os.environ["GOMP_SPINCOUNT"]


def _find_tbb() -> None:
    """Load the library of the Python package `tbb`: Numba asks by name only, and pip puts it where nobody looks."""
    try:
        files = metadata.files("tbb") or []
    except metadata.PackageNotFoundError:
        return
    for file in files:
        if file.name == "libtbb.so.12":
            with suppress(OSError):  # without it, Numba takes the next best threads
                ctypes.CDLL(str(file.locate()))


def _one_at_a_time(dispatcher: Callable[..., Any], *arguments: Any) -> Any:
    with _lock:
        return dispatcher(*arguments)


def _warn_workqueue() -> None:
    warn_once(
        "threads",
        "Numba found neither OpenMP nor TBB and uses its slow workqueue threads (85 instead of 2 microseconds for each "
        "start); install libgomp (Linux), libomp (macOS) or the Python package tbb for full speed.",
    )


def threading_layer() -> str:
    """ "omp", "tbb" or "workqueue" once a parallel kernel has run, "none" before or without threads."""
    if config.DISABLE_JIT or _state["forked"]:
        return "none"
    try:
        return str(numba.threading_layer())
    except ValueError:  # Numba's way to say that none has been started
        return "none"


def num_threads() -> int:
    """How many threads the kernels of this Python thread use."""
    if config.DISABLE_JIT or _state["forked"]:
        return 1
    _start_threads()
    return int(numba.get_num_threads())


def set_num_threads(count: int) -> None:
    """Let the kernels called from this Python thread use `count` threads.

    Raises:
        ValueError: `count` is below 1 or above the number that Numba started with (``NUMBA_NUM_THREADS``).
    """
    if not 1 <= count <= config.NUMBA_NUM_THREADS:
        raise ValueError(
            f"The number of threads must lie between 1 and {config.NUMBA_NUM_THREADS}, not {count}; set the "
            "environment variable NUMBA_NUM_THREADS before starting Python to allow more."
        )
    if not (config.DISABLE_JIT or _state["forked"]):
        _start_threads()
        numba.set_num_threads(count)


@contextmanager
def one_thread() -> Iterator[None]:
    """Run the kernels called from this Python thread inside the `with` on that thread alone.

    Kernels that together take less than some 50 microseconds finish sooner that way: to wake the other threads takes
    10, and to start a parallel region with them 2 instead of 1. The results have the same bits.
    """
    threads = num_threads()
    if threads == 1:
        yield
        return
    numba.set_num_threads(1)
    try:
        yield
    finally:
        numba.set_num_threads(threads)


def _after_fork_in_child() -> None:
    global _lock
    _start_threads.cache_clear()
    _lock = threading.RLock()  # another thread of the parent may have held the old one
    if threading_layer() in ("omp", "workqueue"):
        _state["forked"] = True
        for each in _kernels:
            if each.parallel:
                each._call, each._made = each._first_call, None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)


@contextmanager
def single_threaded_blas() -> Iterator[None]:
    """Hold BLAS at one thread, that of SciPy included, which kernels call: see ``utils.blas``."""
    import scipy.linalg.cython_blas  # noqa: F401  a library can only be held once it is loaded

    with blas.single_threaded_blas():
        yield
