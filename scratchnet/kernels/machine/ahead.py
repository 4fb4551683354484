"""Kernels compiled before they are called: by processes beside this one, which fill the cache that it then reads.

1. Numba compiles one kernel at a time in a process. So there is one process for each core; each gets a kernel,
   compiles it, keeps it on disk and asks for the next. The largest go first, so that all end at about the same time.
2. How long a kernel takes is known roughly beforehand: it goes by the bytecode of all that becomes part of it. So it
   can be said how much time is left, and while others compile, this process is free to say it.
3. A process that cannot be started, or dies, is no harm: what is missing is compiled here, as ever.
"""

from __future__ import annotations

import importlib
import os
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from scratchnet.kernels.machine.runtime import Kernel

Call = tuple[Kernel, tuple[Any, ...]]
"""A kernel and the types of its arguments."""
Tell = Callable[[int, int, float], None]
"""Called several times a second with how many kernels are done, of how many, and how many seconds are left."""

SECONDS_EACH = 0.0005
"""What a byte of bytecode takes on a machine of 2024, to begin with."""
PAUSE = 0.1
MOST_PROCESSES = 8
"""More would wait for the largest kernel, which takes a quarter of the time of all."""


def missing(calls: Iterable[Call]) -> list[Call]:
    """Return the calls that would have to wait for a compiler, each kernel and types once, the largest first."""
    found = [call for call in dict.fromkeys(calls) if not call[0].is_compiled(call[1])]
    return sorted(found, key=lambda call: -size(call[0].definition))


def size(function: Any, met: set[Any] | None = None) -> int:
    """Return the bytes of bytecode of a function and of all that becomes part of it, each once."""
    met = set() if met is None else met
    total = len(function.__code__.co_code)
    for name in function.__code__.co_names:
        part = getattr(function.__globals__.get(name), "py_func", None)
        if part is not None and part not in met:
            met.add(part)
            total += size(part, met)
    return total


@dataclass
class _Job:
    kernel: Kernel
    types: tuple[Any, ...]
    expected: float
    begun: float = 0.0
    taken: float = 0.0
    failed: bool = False

    def message(self) -> bytes:
        """What another process needs to know."""
        definition = self.kernel.definition
        return pickle.dumps((definition.__module__, definition.__qualname__, self.types))


@dataclass
class _Work:
    """What is to be compiled, and how far it is."""

    waiting: list[_Job]
    running: list[_Job] = field(default_factory=list)
    done: list[_Job] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def take(self) -> _Job | None:
        """Hand out the next job."""
        with self.changed:
            if not self.waiting:
                return None
            job = self.waiting.pop(0)
            job.begun = time.perf_counter()
            self.running.append(job)
            return job

    def finish(self, job: _Job, failed: bool) -> None:
        """Note that a job is at its end."""
        with self.changed:
            job.taken, job.failed = time.perf_counter() - job.begun, failed
            self.running.remove(job)
            self.done.append(job)
            self.changed.notify_all()

    def seconds_left(self, processes: int) -> float:
        """Return the time left, as the kernels that are done have taken longer or shorter than was expected."""
        now = time.perf_counter()
        times = [(job.taken, job.expected) for job in self.done]
        times += [(now - job.begun, job.expected) for job in self.running if now - job.begun > job.expected]
        expected = sum(one for _, one in times)
        pace = sum(taken for taken, _ in times) / expected if expected else 1.0
        begun = [max(pace * job.expected - (now - job.begun), 0.0) for job in self.running]
        rest = sum(begun) + sum(pace * job.expected for job in self.waiting)
        return max([rest / max(processes, 1), *begun])


def compile_ahead(calls: list[Call], tell: Tell) -> None:
    """Compile kernels that are `missing`; when this returns, all are there.

    Args:
        calls: what `missing` returned.
        tell: told how far it is.
    """
    work = _Work([_Job(kernel, types, SECONDS_EACH * size(kernel.definition)) for kernel, types in calls])
    processes = _start(min(len(calls), _cores(), MOST_PROCESSES)) if all(k.is_kept for k, _ in calls) else []
    threads = [threading.Thread(target=_feed, args=(process, work), daemon=True) for process in processes]
    try:
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            with work.changed:
                tell(len(work.done), len(calls), work.seconds_left(len(processes)))
                work.changed.wait(PAUSE)
    finally:
        for process in processes:
            process.kill()
            process.communicate()
    left = [*(job for job in work.done if job.failed), *work.waiting]
    for number, job in enumerate(left):
        tell(len(calls) - len(left) + number, len(calls), sum(other.expected for other in left[number:]))
        job.kernel.compile(job.types)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _start(count: int) -> list[subprocess.Popen[bytes]]:
    """Start so many processes that wait for kernels; none, where that is not possible."""
    if not os.path.basename(sys.executable or "").startswith("python"):
        return []  # Python is a part of another program, which would be started
    command = [sys.executable, "-P", "-c", f"from {__name__} import serve; serve()"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    started: list[subprocess.Popen[bytes]] = []
    with suppress(OSError):
        for _ in range(count):
            started.append(
                subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    env=environment,
                    start_new_session=True,  # Ctrl-C is ours to deal with
                )
            )
    return started


def _feed(process: subprocess.Popen[bytes], work: _Work) -> None:
    """Give a process one kernel after the other, until there is none any more or the process dies."""
    assert process.stdin is not None
    assert process.stdout is not None
    while (job := work.take()) is not None:
        answer = b""
        with suppress(OSError, ValueError):
            pickle.dump(job.message(), process.stdin)
            process.stdin.flush()
            answer = process.stdout.readline()
        work.finish(job, failed=answer != b"done\n")
        if not answer:
            return


def serve() -> None:
    """Compile what comes on standard input, and answer with a line each."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever else is printed is none of the answers
    while True:
        try:
            module, name, types = pickle.loads(pickle.load(sys.stdin.buffer))
        except EOFError:
            return
        try:
            getattr(importlib.import_module(module), name).compile(types)
            answers.write(b"done\n")
        except Exception:  # the other process compiles it once more, and meets the error where it can be told
            answers.write(b"failed\n")
        answers.flush()
