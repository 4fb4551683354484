"""A Python that has imported what others wrote, and forks for each program that it is asked to run.

To start Python, NumPy, typer and rich takes longer than what most of the programs here do then. scratchnet itself is
imported by each program anew: what it reads from its environment and its terminal as it is imported is of that program.

Run as ``python -m tests.terminals.forking``, it reads one task a line. The process that does it answers with its
number, and when it has ended, the one that has forked it with its exit code.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PRELOADED = (
    *("numpy", "numpy.random", "typer", "typer.main", "rich.console", "rich.live", "rich.progress", "rich.table"),
    *("matplotlib.figure", "matplotlib.backends.backend_agg", "PIL.Image"),
)


class Forking:
    """The side of the tests: starts programs, one at a time."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def start(self, command: list[str], terminal: str, folder: Path | None, environment: dict[str, str]) -> int:
        """Start a program, ``-c CODE`` or ``-m MODULE ARGUMENT…``, in a terminal; return its process's number."""
        assert self._process.stdin is not None
        task = {"command": command, "terminal": terminal, "folder": str(folder or Path.cwd()), "env": environment}
        print(json.dumps(task), file=self._process.stdin, flush=True)
        return self._answer()

    def code(self) -> int:
        """Wait for the program to end, and return its exit code."""
        return self._answer()

    def _answer(self) -> int:
        assert self._process.stdout is not None
        return int(self._process.stdout.readline())


@contextmanager
def forking() -> Iterator[Forking]:
    """Have such a Python run for a while."""
    command = [sys.executable, "-m", "tests.terminals.forking"]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Forking(process)
        assert process.stdin is not None
        process.stdin.close()  # it has no more to do, and ends


def serve() -> dict[str, Any] | None:
    """Read tasks until there are none; return each in a process of its own, and None in the one that forks."""
    import gc
    import importlib

    for module in PRELOADED:
        importlib.import_module(module)
    gc.freeze()  # what is here already is no rubbish of a program's: to look it through would cost more than was won
    assert "scratchnet" not in sys.modules
    for line in iter(sys.stdin.readline, ""):
        process = os.fork()
        if process == 0:
            return json.loads(line)
        print(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), flush=True)
    return None


def move_to(task: dict[str, Any]) -> None:
    """Make this process what a terminal would have started: its session, folder, environment and three streams."""
    os.setsid()
    terminal = os.open(task["terminal"], os.O_RDWR | os.O_NOCTTY)
    print(os.getpid(), flush=True)  # not before: a terminal that nobody has open is at its end
    for stream in (0, 1, 2):
        os.dup2(terminal, stream)
    os.close(terminal)
    os.chdir(task["folder"])
    sys.path[0] = task["folder"]
    os.environ.clear()
    os.environ.update(task["env"])
    sys.stdin, sys.stdout = open(0, encoding="utf-8"), open(1, "w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace")  # noqa: SIM115
    sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr


if __name__ == "__main__" and (task := serve()):
    import runpy
    import warnings

    move_to(task)
    kind, what, *sys.argv[1:] = task["command"]
    if kind == "-m":
        runpy.run_module(what, run_name="__main__", alter_sys=True)
    else:
        warnings.simplefilter("ignore", DeprecationWarning)  # as ``program`` asks of Python
        sys.argv[0] = kind
        exec(compile(what, "<string>", "exec"), {"__name__": "__main__"})
