"""One trial: ``scratchnet train`` in a process of its own, until its folder says that it has come to its end.

A process each, since a training has a seed, threads and a terminal for itself. It is called by workers, which may die
in the middle, on this machine or on others; all that they leave is in the folder, from which the next one goes on.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scratchnet.cli import runs

ATTEMPTS = 5
"""How often a training that is killed is begun again, or a folder that is in use is waited for, ten seconds each."""

CHILD = [sys.executable, "-m", "scratchnet.cli.sweeping.child"]
"""What a training is started with."""

_IN_USE = "is being trained by another process"
_THREADS = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

_children: set[subprocess.Popen[str]] = set()
_stopping = threading.Event()


def record(folder: str | Path) -> dict[str, Any] | None:
    """Return what a trial's ``run.json`` says; None if it has not begun."""
    try:
        found = json.loads((Path(folder) / runs.RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def is_done(folder: str | Path, epochs: int | None) -> bool:
    """Whether a trial has been trained to its end, or for at least so many epochs."""
    found = record(folder)
    return found is not None and found.get("status") == "finished" and found.get("epochs", 0) >= (epochs or 0)


def run_trial(folder: str, arguments: Sequence[str], epochs: int | None, threads: int, backend: str) -> str:
    """Train one trial to its end, or go on with it.

    Args:
        folder: the trial's, new or begun.
        arguments: of the command line, for a new one.
        epochs: how many, if not as the arguments say.
        threads: how many the kernels may use.
        backend: on which to train.

    Returns:
        What went wrong, in a sentence; "" if it is done.
    """
    environment = {**os.environ, **dict.fromkeys(_THREADS, str(threads)), "SCRATCHNET_BACKEND": backend}
    until = [] if epochs is None else ["--epochs", str(epochs)]
    problem = ""
    for _ in range(ATTEMPTS):
        if is_done(folder, epochs):
            return ""
        if record(folder) is None:
            command = [*arguments, *until, "--output", folder]
        else:
            command = ["train", "--resume", folder, *until]
        code, errors = _train(command, environment)
        if code == 0 or _stopping.is_set():
            return "" if code == 0 else "stopped"
        problem = _last_error(errors) or f"its training was ended by signal {abs(code)}."
        if _IN_USE in problem:
            time.sleep(10)  # a worker that was taken for dead
        elif 0 < code < 128:
            break  # it would go wrong again
    return problem


def stop_all() -> None:
    """Let all trials that this process runs stop after their step, keep what they have reached, and begin no more."""
    _stopping.set()
    children = list(_children)
    for child in children:
        child.terminate()
    for child in children:
        child.wait()


def begin_again() -> None:
    """Let trials be run, after others were stopped in this process."""
    _stopping.clear()


def _train(command: Sequence[str], environment: dict[str, str]) -> tuple[int, str]:
    """Return the exit code of a command, negative for a signal, and what it wrote to stderr."""
    if _stopping.is_set():
        return 130, ""
    child = subprocess.Popen(
        [*CHILD, *command],
        stdin=subprocess.PIPE,  # stays open: the child ends when it ends
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        env=environment,
        start_new_session=True,  # Ctrl-C in the terminal is for the sweep, which passes it on
    )
    _children.add(child)
    try:
        assert child.stderr is not None
        errors = child.stderr.read()
        return child.wait(), errors
    finally:
        _children.discard(child)
        for pipe in (child.stdin, child.stderr):
            if pipe is not None:
                pipe.close()


def _last_error(errors: str) -> str:
    lines = [line.removeprefix("Error: ") for line in errors.splitlines() if line.startswith("Error: ")]
    return lines[-1] if lines else ""
