"""Runs the built-in checks, in several processes if asked: then two of them share the work of compiling kernels."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Any

from scratchnet.gradient_check.report import Report


@dataclass
class Outcome:
    """What the table shows of a report; unlike the report, it can be sent between processes.

    ``kept`` and ``asked`` count promises of the contract, ``kinks`` is the convention that was asked for.
    """

    title: str
    backend: str
    passed: bool
    worst_error: float
    entries: int
    kept: int
    asked: int
    kinks: str
    text: str
    as_dict: dict[str, Any]


def summarise(title: str, report: Report) -> Outcome:
    """Return the outcome of a check called ``title``."""
    asked = [finding for finding in report.contract if not finding.skipped]
    return Outcome(
        title=title,
        backend=report.backend,
        passed=report.passed,
        worst_error=report.worst_error,
        entries=report.entries,
        kept=sum(finding.passed for finding in asked),
        asked=len(asked),
        kinks=report.kinks.convention if report.kinks is not None else "",
        text=str(report),
        as_dict={"check": title, **report.to_dict()},
    )


def run_check(title: str, backend: str) -> Outcome:
    """Run the built-in check of that title."""
    from scratchnet.gradient_check import builtin

    check = next(check for check in builtin.builtin_checks() if check.title == title)
    return summarise(title, check.run(backend))


def run_checks(
    tasks: Sequence[tuple[str, str]], jobs: int, done: Callable[[Outcome], object]
) -> dict[tuple[str, str], Outcome]:
    """Run built-in checks, given as (title, backend).

    Args:
        tasks: what to run, in about this order.
        jobs: the number of processes; 1 runs everything in this one.
        done: called with each outcome as it comes.

    Returns:
        The outcomes by task, in the order of ``tasks``.
    """
    outcomes: dict[tuple[str, str], Outcome] = {}
    if jobs == 1:
        for task in tasks:
            outcomes[task] = run_check(*task)
            done(outcomes[task])
        return outcomes
    # A fork would inherit the threads' locks of BLAS and OpenMP, but not the threads.
    pool = ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn"))
    try:
        futures = {pool.submit(run_check, *task): task for task in tasks}
        for future in as_completed(futures):
            outcomes[futures[future]] = future.result()
            done(outcomes[futures[future]])
    finally:
        pool.shutdown(cancel_futures=True)
    return {task: outcomes[task] for task in tasks}
