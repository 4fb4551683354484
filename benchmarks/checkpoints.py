"""What checkpoints cost: epochs of ``scratchnet train`` that are saved, and epochs that are not, in turn.

A turn is a few epochs in the one process and training, with the validation that the command does; it ends when the
thread that writes has finished. What is saved is all that the command saves: checkpoint, model, history and record.

On a machine that does other things as well, turns differ by more than a checkpoint costs. So what a checkpoint does is
measured itself, too: the processor's time that it takes of the thread that trains, and of the thread beside, as if no
core were free for it. How long training waits by the clock stands there as well; the busier others are, the longer.
What an epoch would take on a quiet machine is at least the processors' time that it takes, divided by the cores; the
clock would say more the busier others are, and flatter the checkpoint. The ratio is at least what a checkpoint costs,
and decides.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.machine import usable_cores

NETWORKS = {"mlp": 6, "cnn": 2}
"""How many epochs a turn has."""

LIMIT = 0.02


def measure(network: str, epochs: int, turns: int, folder: Path) -> dict[str, Any]:
    """Return the seconds of an epoch with and without checkpoints, and of each checkpoint itself.

    ``saved`` and ``plain`` are by the clock, ``busy`` is the processors' time of the latter over the cores. ``waited``
    is by the clock for how long each checkpoint stopped the training, ``within`` the processor's time of that, and
    ``beside`` that of the thread which writes.
    """
    from scratchnet.cli import samples, train
    from scratchnet.cli.keeping import Keeper
    from scratchnet.utils.background import Background

    data = samples.load(mini=False)
    settings = train._settings(network, None, epochs * (2 * turns + 1), 64, 0.001)
    record = train._record(network, data, settings, 42) | {"ranks": 1}
    model = train._model(record)
    seconds: dict[bool, list[float]] = {True: [], False: []}
    busy: list[float] = []
    waited: list[float] = []
    within: list[float] = []
    beside: list[float] = []

    class InTurn(Keeper):
        """Saves in every other turn; the first one, which warms up, is not counted."""

        saves, begun, busy_until = False, 0.0, 0.0

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            if epoch % epochs == 0:
                self.end_turn(counts=epoch > epochs)
            super().on_epoch_begin(epoch, logs)

        def on_train_end(self, logs: Any = None) -> None:
            self.end_turn(counts=True)
            super().on_train_end(logs)

        def end_turn(self, counts: bool) -> None:
            self._writer.wait()
            now, used = time.perf_counter(), time.process_time()
            if counts:
                seconds[self.saves].append((now - self.begun) / epochs)
                if not self.saves:
                    busy.append((used - self.busy_until) / epochs / usable_cores())
            self.saves, self.begun, self.busy_until = not self.saves, now, used

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            if self.saves:
                begun, used = time.perf_counter(), time.thread_time()
                super().on_epoch_end(epoch, logs)
                waited.append(time.perf_counter() - begun)
                within.append(time.thread_time() - used)

    class Timed(Background):
        """Notes what each piece of work takes of a processor."""

        def put(self, work: Callable[[], None]) -> None:
            def timed() -> None:
                begun = time.thread_time()
                work()
                beside.append(time.thread_time() - begun)

            super().put(timed)

    keeper = InTurn(folder)
    keeper._writer = Timed("checkpoint")
    keeper.begin(record, data)
    model.fit(
        samples.as_input(model, data.x_train),
        data.y_train,
        batch_size=64,
        epochs=record["epochs"],
        validation_data=(samples.as_input(model, data.x_test), data.y_test),
        callbacks=[keeper],
        verbose=0,
    )
    of_each = {"waited": waited[epochs:], "within": within[epochs:], "beside": beside[epochs:]}
    return {"saved": seconds[True], "plain": seconds[False], "busy": busy, **of_each}


def cost(seconds: dict[str, Any]) -> float:
    """Return by what part the median of the pairs of turns beside each other is longer when it is saved."""
    return statistics.median(saved / plain for saved, plain in zip(seconds["saved"], seconds["plain"])) - 1


def own_cost(seconds: dict[str, Any]) -> float:
    """Return what a checkpoint takes itself, at most, as part of an epoch at its shortest, all as medians."""
    own = statistics.median(seconds["within"]) + statistics.median(seconds["beside"])
    return own / statistics.median(seconds["busy"])


def main(quick: bool) -> int:
    """Measure both networks, print a table, and return 1 if a checkpoint costs more than 2 % of an epoch."""
    failed = False
    print(
        "| network | an epoch, median | with checkpoint | differs by | quiet | waits | works | beside | costs | limit |"
    )
    print("|---" * 10 + "|")
    for network, epochs in NETWORKS.items():
        with tempfile.TemporaryDirectory() as folder:
            seconds = measure(network, epochs, 4 if quick else 12, Path(folder))
        plain, saved = (statistics.median(seconds[kind]) for kind in ("plain", "saved"))
        each = (statistics.median(seconds[kind]) * 1e3 for kind in ("waited", "within", "beside"))
        own = " | ".join(f"{milliseconds:.2f} ms" for milliseconds in each)
        share = own_cost(seconds)
        failed |= share > LIMIT
        quiet = statistics.median(seconds["busy"]) * 1e3
        epoch = f"{plain * 1e3:.1f} ms | {saved * 1e3:.1f} ms | {cost(seconds):+.2%} | {quiet:.1f} ms"
        print(f"| {network} | {epoch} | {own} | {share:.2%} | {LIMIT:.0%} |", flush=True)
    return int(failed)
