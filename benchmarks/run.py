"""The benchmark itself: who is asked what, in which order."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.contenders import Contender
from benchmarks.disk import installed_bytes
from benchmarks.processes import ROOT, WorkerError, WorkerProcess, process_environment
from benchmarks.report import NETWORKS, Report, Row
from benchmarks.side_by_side import Say, SideBySide

ROWS = ("step", "evaluate", "predict", "sweep", "threads", "startup", "memory", "disk")
TIMEOUT = 600
"""Seconds after which a process of its own is given up."""
VARIANTS = ("keras-jit-16", "torch-channels-last")
"""Modes that differ only in the training step: threads, start-up and memory are measured without them."""


@dataclass(frozen=True)
class Effort:
    """How much is measured; a turn is one measurement of each contender, one after the other.

    Attributes:
        step_turns, step_seconds: turns of the training step at batch size 64, and the length of each.
        sweep_sizes, sweep_turns, sweep_seconds: the same for the other batch sizes.
        thread_turns: turns of the training step with fewer threads.
        evaluate_turns, predict_turns, predict_times: and of the rest; one turn predicts so many times.
        startup_turns: fresh processes for each contender.
        left_out: who is left out of threads, start-up and memory.
    """

    step_turns: int = 15
    step_seconds: float = 0.25
    sweep_sizes: tuple[int, ...] = (16, 256, 1024)
    sweep_turns: int = 5
    sweep_seconds: float = 0.12
    thread_turns: int = 7
    evaluate_turns: int = 7
    predict_turns: int = 7
    predict_times: int = 10
    startup_turns: int = 3
    left_out: tuple[str, ...] = VARIANTS


FULL = Effort()
QUICK = Effort(5, 0.15, (256,), 1, 0.1, 3, 3, 3, 5, 1, (*VARIANTS, "keras-jit", "torch-compile", "jax"))


class Bench(SideBySide):
    """The benchmark, with so much effort; the rest is as for ``SideBySide``."""

    def __init__(self, contenders: Sequence[Contender], effort: Effort, say: Say, allow_slow: bool = False) -> None:
        super().__init__(contenders, asdict(effort), say, allow_slow)
        self.effort, self.report.quick = effort, effort is QUICK

    def run(self, rows: Iterable[str] = ROWS) -> Report:
        """Measure these kinds of rows and return the report.

        Raises:
            SlowThreads: if scratchnet finds neither OpenMP nor TBB.
        """
        chosen = list(rows)
        with ExitStack() as stack:
            self.start(stack)
            for kind in ("step", "evaluate", "predict", "sweep", "threads"):
                if kind in chosen:
                    getattr(self, f"measure_{kind}")()
            if "disk" in chosen:
                self.measure_disk()
            self.ask_for_libraries()
        for kind in ("startup", "memory"):
            if kind in chosen:
                getattr(self, f"measure_{kind}")()
        self.report.machine["busy_cores_after"] = machine.describe()["busy_cores"]
        return self.report

    def measure_step(self) -> None:
        """Time the training step at batch size 64."""
        for network in NETWORKS:
            self._measure_steps(network, 64, self.effort.step_turns, self.effort.step_seconds)

    def measure_sweep(self) -> None:
        """Time the training step at other batch sizes."""
        for network in NETWORKS:
            for size in self.effort.sweep_sizes:
                self._measure_steps(network, size, self.effort.sweep_turns, self.effort.sweep_seconds)

    def _measure_steps(self, network: str, batch_size: int, turns: int, seconds: float) -> None:
        self.say(f"training steps of the {network.upper()}, batch size {batch_size}")
        self.prepare(self.workers, network, batch_size)
        row = self.report.row(f"step/{network}/{batch_size}", f"{network.upper()}: training step, batch {batch_size}")
        self.alternate(row, turns, "train", network=network, batch_size=batch_size, seconds=seconds)

    def measure_evaluate(self) -> None:
        """Time evaluating the test set, by default arguments and in large batches."""
        for network in NETWORKS:
            self.say(f"evaluating with the {network.upper()}")
            for size, words in ((None, ""), (1000, " in batches of 1,000")):
                row = self.report.row(
                    f"evaluate/{network}/{size or 'default'}", f"{network.upper()}: evaluate 10,000 images{words}"
                )
                self.alternate(row, 1, "evaluate", network=network, batch_size=size)  # compiles
                row.values.clear()
                self.alternate(row, self.effort.evaluate_turns, "evaluate", network=network, batch_size=size)
            for key, worker in self.workers.items():
                with suppress(WorkerError):
                    answer = worker.ask("evaluate", network=network, batch_size=1000)
                    self.report.contenders[key].setdefault("accuracy", {})[network] = answer["accuracy"]

    def measure_predict(self) -> None:
        """Time predicting one image, by ``predict`` and by the shortest way."""
        for network in NETWORKS:
            self.say(f"predicting with the {network.upper()}")
            for directly, key, words in ((False, "predict", "predict"), (True, "direct", "shortest way to predict")):
                row = self.report.row(f"{key}/{network}", f"{network.upper()}: {words} one image")
                turns, times = self.effort.predict_turns, self.effort.predict_times
                self.alternate(row, turns, "predict", network=network, directly=directly, times=times)

    def measure_threads(self) -> None:
        """Time the training step with fewer threads than there are cores, in turns with all of them."""
        cores = machine.usable_cores()
        counts = [2**i for i in range(cores.bit_length()) if 2**i < cores]
        for contender in self.contenders:
            if contender.key not in self.workers or contender.key in self.effort.left_out:
                continue
            self.say(f"{contender.label} with {', '.join(map(str, counts))} of {cores} threads")
            with ExitStack() as stack:
                workers = {n: stack.enter_context(WorkerProcess(contender, threads=n)) for n in counts}
                workers[cores] = self.workers[contender.key]
                for network in NETWORKS:
                    self._compare_threads(contender.key, network, workers)

    def _compare_threads(self, key: str, network: str, workers: dict[int, WorkerProcess]) -> None:
        self.prepare({str(count): worker for count, worker in workers.items()}, network, 64)
        for _ in range(self.effort.thread_turns):
            for count, worker in workers.items():
                title = f"{network.upper()}: training step, {count} thread{'s' if count > 1 else ''}"
                row = self.report.row(f"threads/{network}/{count}", title)
                if key not in row.notes:
                    length = self.effort.step_seconds
                    self.alternate(row, 1, "train", {key: worker}, network=network, batch_size=64, seconds=length)

    def measure_disk(self) -> None:
        """Count the bytes of each framework and of each one's saved CNN."""
        self.say("bytes on disk")
        installed = self.report.row("disk/installed", "installed, with all it requires", "bytes")
        for contender in self.contenders:
            if contender.installed():
                installed.values[contender.key] = [float(installed_bytes(contender.packages))]
            else:
                installed.notes[contender.key] = "not installed"
        row = self.report.row("disk/model", "CNN and its optimizer's state, saved", "bytes")
        self.alternate(row, 1, "save", network="cnn")

    def measure_startup(self) -> None:
        """Time fresh processes from their start to the end of their first training step, everything cached."""
        row = self.report.row("startup/cnn", "CNN: process start to first training step done")
        with tempfile.TemporaryDirectory() as folder:
            batch = write_batch(Path(folder))
            for turn in range(self.effort.startup_turns + 1):
                self.say(f"start-up, turn {turn} of {self.effort.startup_turns}" if turn else "start-up, fills caches")
                for contender in self._not_left_out(row):
                    start = time.perf_counter()
                    self._once(row, contender, "startup", (str(batch),))
                    if turn and contender.key not in row.notes:
                        row.values.setdefault(contender.key, []).append(time.perf_counter() - start)

    def measure_memory(self) -> None:
        """Find the peak memory of processes that load the data and train."""
        for network in NETWORKS:
            for form, words in (("float64", "the notebook's float64 arrays"), ("uint8", "uint8 images")):
                self.say(f"peak memory, {network.upper()}, {words}")
                title = f"{network.upper()}: peak memory of load and fit, {words}"
                row = self.report.row(f"memory/{network}/{form}", title, "bytes")
                chosen = self._not_left_out(row)
                measure = partial(self._once, row, what="memory", arguments=(network, form))
                measure(self.contenders[0])  # so that our kernels are cached, as everybody's start-up caches are
                with ThreadPoolExecutor(2) as pool:  # the size of a process does not depend on its neighbour
                    for contender, answer in zip(chosen, pool.map(measure, chosen)):
                        if answer is not None:
                            row.values[contender.key] = [float(answer["bytes"])]

    def _not_left_out(self, row: Row) -> list[Contender]:
        for contender in self.contenders:
            if note := self.report.contenders[contender.key].get("note"):
                row.notes[contender.key] = note
        return [c for c in self.contenders if c.key not in row.notes and c.key not in self.effort.left_out]

    def _once(self, row: Row, contender: Contender, what: str, arguments: Sequence[str]) -> dict[str, Any] | None:
        """Run one measurement in a process of its own; a failure becomes the row's note."""
        command = [sys.executable, "-m", "benchmarks.once", what, contender.module, contender.mode, *arguments]
        try:
            done = subprocess.run(
                command,
                capture_output=True,
                text=True,
                env=process_environment(),
                check=True,
                timeout=TIMEOUT,
                cwd=ROOT,
            )
        except subprocess.TimeoutExpired:
            note = f"gave no answer within {TIMEOUT} s"
        except subprocess.CalledProcessError as error:
            lines = [line for line in error.stderr.splitlines() if line.strip()]
            note = f"failed: {lines[-1][:300] if lines else error.returncode}"
        else:
            answer: dict[str, Any] = json.loads(done.stdout)
            return answer
        row.notes[contender.key] = note
        row.values.pop(contender.key, None)
        return None


def write_batch(folder: Path) -> Path:
    """Write 64 training images, float32, and their labels to a file, and return its path."""
    import numpy as np

    from benchmarks import data

    images = data.load()
    path = folder / "batch.npz"
    np.savez(path, x=(images.x_train[:64] / np.float32(255)).astype(np.float32), y=images.y_train[:64])
    return path
