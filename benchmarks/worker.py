"""A framework's own process: reads requests from standard input, one JSON a line, and answers the same way.

    python -m benchmarks.worker MODULE MODE THREADS

Whatever frameworks print goes to standard error, so that it cannot get between the answers. THREADS 0 leaves the
threads to the framework.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import signal
import sys
from typing import IO


def main(arguments: list[str]) -> int:
    """Answer requests until standard input ends."""
    module, mode, threads = arguments
    answers = claim_stdout()
    die_with_parent()
    if int(threads):
        restrict(int(threads))
    from benchmarks.session import Session

    session = Session(importlib.import_module(module).create(mode))
    for line in sys.stdin:
        print(json.dumps(session.answer(json.loads(line))), file=answers, flush=True)
    return 0


def claim_stdout() -> IO[str]:
    """Return standard output for our own use, and send what others print there to standard error."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return answers


def restrict(threads: int) -> None:
    """Allow this process only the first ``threads`` cores, which every framework respects (Linux only).

    Elsewhere the environment variables that ``WorkerProcess`` sets do it alone.
    """
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])


def die_with_parent() -> None:
    """Ask Linux to end this process when its parent dies: a stopped process would not notice by itself."""
    if sys.platform == "linux":
        PR_SET_PDEATHSIG = 1
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
