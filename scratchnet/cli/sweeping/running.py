"""Who runs the trials of a sweep: joblib, in threads of this process, or on the workers of a Dask cluster.

A thread only waits for the process that trains, so threads are enough here. On a cluster the same function is called by
the workers; Dask gives the trials of a worker that has died to another one.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from scratchnet.cli.sweeping import trials
from scratchnet.errors import ScratchnetError

Task = tuple[str, Sequence[Any]]
"""A trial's name, and the arguments of ``run_trial``."""


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run(tasks: Sequence[Task], jobs: int, scheduler: str | None, told: Callable[[str, str], None]) -> None:
    """Run trials, several at a time, and tell of each that has ended: its name, and what went wrong, or "".

    Args:
        tasks: the trials.
        jobs: how many at a time, on this machine.
        scheduler: the address of a Dask scheduler, on whose workers to run them instead.
        told: called in this thread, in the order in which they end.
    """
    import joblib

    trials.begin_again()
    with _engine(scheduler) as backend, joblib.parallel_config(backend=backend, n_jobs=-1 if scheduler else jobs):
        parallel = joblib.Parallel(return_as="generator_unordered", batch_size=1, pre_dispatch="all")
        ended = parallel(joblib.delayed(_named)(name, *arguments) for name, arguments in tasks)
        try:
            for name, problem in ended:
                told(name, problem)
        except BaseException:
            trials.stop_all()
            raise


def _named(name: str, *arguments: Any) -> tuple[str, str]:
    return name, trials.run_trial(*arguments)


@contextmanager
def _engine(scheduler: str | None) -> Iterator[str]:
    """Give the name of joblib's backend; for a cluster, while a client is connected to it."""
    if scheduler is None:
        yield "threading"
        return
    try:
        from distributed import Client
    except ImportError as error:
        raise ScratchnetError(
            f"--scheduler needs Dask, which could not be imported ({error}): pip install 'scratchnet[distributed]'."
        ) from error
    try:
        client = Client(scheduler, timeout=10, set_as_default=True)
    except (OSError, ValueError) as error:
        raise ScratchnetError(
            f"--scheduler expected the address of a Dask scheduler, such as tcp://host:8786, got {scheduler}, where "
            f"none answers ({error}): start one with dask scheduler, and workers with dask worker."
        ) from error
    try:
        if not client.scheduler_info()["workers"]:
            raise ScratchnetError(f"The scheduler at {scheduler} has no workers: dask worker {scheduler}")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Dask's own, of what joblib hands it
            yield "dask"
    finally:
        client.close()
