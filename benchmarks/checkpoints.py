"""What checkpoints cost: epochs of ``scratchnet train`` that are saved, and epochs that are not, in turn.

A turn is a few epochs in the one process and training, with the validation that the command does; it ends when the
thread that writes has finished. What is saved is all that the command saves: checkpoint, model, history and record.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

NETWORKS = {"mlp": 6, "cnn": 2}
"""How many epochs a turn has."""

LIMIT = 0.02


def measure(network: str, epochs: int, turns: int, folder: Path) -> dict[str, Any]:
    """Return the seconds of an epoch with and without checkpoints, turn by turn."""
    from scratchnet.cli import samples, train
    from scratchnet.cli.keeping import Keeper

    data = samples.load(mini=False)
    settings = train._settings(network, None, epochs * (2 * turns + 1), 64, 0.001)
    record = train._record(network, data, settings, 42) | {"ranks": 1}
    model = train._model(record)
    seconds: dict[bool, list[float]] = {True: [], False: []}

    class InTurn(Keeper):
        """Saves in every other turn; the first one, which warms up, is not counted."""

        saves, begun = False, 0.0

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            if epoch % epochs == 0:
                self._writer.wait()
                now = time.perf_counter()
                if epoch > epochs:
                    seconds[self.saves].append((now - self.begun) / epochs)
                self.saves, self.begun = not self.saves, now
            super().on_epoch_begin(epoch, logs)

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            if self.saves:
                super().on_epoch_end(epoch, logs)

    keeper = InTurn(folder)
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
    return {"saved": seconds[True], "plain": seconds[False]}


def cost(seconds: dict[str, Any]) -> float:
    """Return by what part the median of the pairs of turns beside each other is longer when it is saved."""
    return statistics.median(saved / plain for saved, plain in zip(seconds["saved"], seconds["plain"])) - 1


def main(quick: bool) -> int:
    """Measure both networks, print a table, and return 1 if a checkpoint costs more than 2 % of an epoch."""
    failed = False
    print("| network | an epoch, median | with checkpoint | costs | at most |\n|---|---|---|---|---|")
    for network, epochs in NETWORKS.items():
        with tempfile.TemporaryDirectory() as folder:
            seconds = measure(network, epochs, 4 if quick else 12, Path(folder))
        plain, saved = (statistics.median(seconds[kind]) for kind in ("plain", "saved"))
        share = cost(seconds)
        failed |= share > LIMIT
        print(f"| {network} | {plain * 1e3:.1f} ms | {saved * 1e3:.1f} ms | {share:+.2%} | {LIMIT:.0%} |", flush=True)
    return int(failed)
