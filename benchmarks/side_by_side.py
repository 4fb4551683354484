"""The frameworks side by side, each in a process of its own, and asked in turns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from typing import Any

from benchmarks import machine
from benchmarks.contenders import Contender
from benchmarks.processes import WorkerError, WorkerProcess
from benchmarks.report import OURS, Report, Row

Say = Callable[[str], None]


class SlowThreads(Exception):
    """scratchnet would run on Numba's workqueue threads; the message says what to do."""


class SideBySide:
    """One run.

    Args:
        contenders: who takes part; scratchnet must be among them.
        settings: how is measured, for the report.
        say: called with what is going on.
        allow_slow: whether to go on if scratchnet finds only slow threads.
        threads: how many threads and cores each may use; None leaves that to them.
    """

    def __init__(
        self,
        contenders: Sequence[Contender],
        settings: dict[str, Any],
        say: Say,
        allow_slow: bool = False,
        threads: int | None = None,
    ) -> None:
        self.contenders, self.say = list(contenders), say
        self.allow_slow, self.threads = allow_slow, threads
        self.report = Report(machine.describe(), quick=False, settings=settings)
        self.workers: dict[str, WorkerProcess] = {}

    def start(self, stack: ExitStack) -> None:
        """Start everybody, then greet everybody: imports take seconds and may as well overlap."""
        self.say("starting the frameworks")
        if missing := ", ".join(c.label for c in self.contenders if not c.installed()):
            self.say(f"not installed, so left out: {missing}; pip install -e '.[benchmarks]' gets them all")
        self._start(stack, self.contenders)

    def revive(self, stack: ExitStack) -> None:
        """Start those anew whose process has ended, so that one row's failure is not that of the next."""
        ended = [c for c in self.contenders if c.key in self.workers and not self.workers[c.key].alive]
        if ended:
            self.say(f"starting {', '.join(c.label for c in ended)} again")
            self._start(stack, ended)

    def renew(self, stack: ExitStack) -> None:
        """Start everybody anew."""
        for worker in self.workers.values():
            worker.close()
        self._start(stack, [c for c in self.contenders if c.key in self.workers])

    def _start(self, stack: ExitStack, contenders: Sequence[Contender]) -> None:
        started: dict[str, WorkerProcess] = {}
        for contender in contenders:
            about = {"label": contender.label, "family": contender.family}
            self.report.contenders[contender.key] = about
            self.workers.pop(contender.key, None)
            if contender.installed():
                started[contender.key] = stack.enter_context(WorkerProcess(contender, self.threads))
            else:
                about["note"] = "not installed"
        for key, worker in started.items():
            about = self.report.contenders[key]
            try:
                hello = worker.ask("hello")
            except WorkerError as error:
                about["note"] = f"failed: {error}"
                continue
            about["versions"], self.report.data = hello["versions"], hello["data"]
            self.workers[key] = worker
            if key == OURS and not self.allow_slow:
                refuse_slow_threads(worker)

    def forget(self, network: str) -> None:
        """Have everybody let go of a network and its data."""
        for worker in self.workers.values():
            with suppress(WorkerError):
                worker.ask("forget", network=network)

    def alternate(
        self, row: Row, turns: int, do: str, workers: dict[str, WorkerProcess] | None = None, **arguments: Any
    ) -> None:
        """Ask every worker in turn, ``turns`` times round, and put what they say into the row."""
        waiting = dict(self.workers if workers is None else workers)
        for contender in self.contenders:
            if note := self.report.contenders[contender.key].get("note"):
                row.notes[contender.key] = note
        for _ in range(turns):
            for key, worker in list(waiting.items()):
                try:
                    answer = worker.ask(do, **arguments)
                except WorkerError as error:
                    row.notes[key] = f"failed: {error}"
                    row.values.pop(key, None)
                    del waiting[key]
                    continue
                row.values.setdefault(key, []).append(answer["seconds" if row.unit == "s" else "bytes"])

    def prepare(self, workers: dict[str, WorkerProcess], network: str, batch_size: int) -> None:
        """Have everybody build and compile before the turns begin; who cannot will say so in its turn."""
        for worker in workers.values():
            with suppress(WorkerError):
                worker.ask("prepare", network=network, batch_size=batch_size)

    def ask_for_libraries(self) -> None:
        """Take down which libraries did the work, and on how many threads."""
        for key, worker in self.workers.items():
            try:
                self.report.contenders[key] |= worker.ask("libraries")
            except WorkerError as error:
                self.report.contenders[key]["note"] = f"failed: {error}"


def refuse_slow_threads(worker: WorkerProcess) -> None:
    """Have scratchnet take a few steps and look at the threads that ran them.

    Raises:
        SlowThreads: if they are Numba's workqueue.
    """
    worker.ask("prepare", network="cnn", batch_size=64)
    worker.ask("forget", network="cnn")
    if worker.ask("libraries")["threads"].get("layer") == "workqueue":
        raise SlowThreads(
            "scratchnet found only Numba's workqueue threads, which take 40 times as long to start as OpenMP's: the "
            "figures would not be those of a proper installation. Install libgomp (Linux), libomp (macOS) or the "
            "Python package tbb, or pass --allow-workqueue."
        )
