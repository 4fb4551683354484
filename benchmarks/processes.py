"""Starts the workers, asks them one at a time, and keeps all others stopped meanwhile."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from benchmarks.contenders import Contender
from benchmarks.environment import thread_variables

ROOT = Path(__file__).parents[1]


class WorkerError(Exception):
    """A worker could not do what it was asked; the message says why."""


class WorkerProcess:
    """The process of one contender.

    Between two requests the process is stopped (SIGSTOP): threads of a framework that wait actively for work, as those
    of OpenMP do, cannot take time from the one that is measured.

    Args:
        contender: whom to start.
        threads: how many threads and cores it may use; None leaves that to the framework.
        timeout: seconds after which an answer is given up and the process ended.
    """

    def __init__(self, contender: Contender, threads: int | None = None, timeout: float = 300) -> None:
        self.contender, self.threads, self.timeout = contender, threads, timeout
        self._log = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115  lives as long as the process
        self._timed_out = False
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker", contender.module, contender.mode, str(threads or 0)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            env=process_environment(threads),
        )

    def __enter__(self) -> WorkerProcess:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process has not ended."""
        return self._process.poll() is None

    def ask(self, do: str, **arguments: Any) -> dict[str, Any]:
        """Wake the process, have it answer, stop it again, and return the answer.

        Raises:
            WorkerError: if it answers with an error, ends, or takes longer than the timeout.
        """
        watchdog = threading.Timer(self.timeout, self._give_up)
        watchdog.start()
        try:
            self._signal(signal.SIGCONT)
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            watchdog.cancel()
        if not line:
            raise WorkerError(self._last_words())
        self._signal(signal.SIGSTOP)
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise WorkerError(answer["error"])
        return answer

    def _signal(self, number: int) -> None:
        if self._process.poll() is None:
            self._process.send_signal(number)

    def _give_up(self) -> None:
        self._timed_out = True
        self._process.kill()

    def _last_words(self) -> str:
        if self._timed_out:
            return f"gave no answer within {self.timeout:.0f} s"
        self._process.wait()
        self._log.seek(0)
        lines = [line.strip() for line in self._log if line.strip()]
        return f"ended with code {self._process.returncode}: {lines[-1][:300] if lines else 'no message'}"

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._log):
            with suppress(BrokenPipeError):  # what it never read need not be written any more
                stream.close()  # type: ignore[union-attr]


def process_environment(threads: int | None = None) -> dict[str, str]:
    """Return the environment of a new process: this one's, our package on its path, threads limited if asked.

    Python may keep bytecode, as pip has done for whatever it installed.
    """
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    own = {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": ""}
    return {**os.environ, **own, **(thread_variables(threads) if threads else {})}
