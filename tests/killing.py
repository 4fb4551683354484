"""Trainings that are killed with SIGKILL at random instants, resumed, and compared bit for bit with one left alone.

``python -m tests.killing`` kills 34 trainings of each kind, 102 in all: both networks by the command line, and one in
Python with Dropout, BatchNormalization and augmentation. ``python -m tests.killing 5 mlp`` kills five of one kind.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from scratchnet.saving.model_file import FORMAT, TRAINING, read_model_file

KINDS = ("mlp", "cnn", "regularized")
QUICK = ("--mini", "--samples", "640", "--epochs", "6", "--batch-size", "32")

# The command line, without the pictures, which take longer than the training.
COMMAND = (
    "import sys; from scratchnet import cli; from scratchnet.cli import results\nresults._draw = lambda *_: None\n"
)
COMMAND += "sys.exit(cli.run(sys.argv[1:]))"


class Killed:
    """Trainings of one kind in folders of their own.

    Args:
        kind: one of ``KINDS``.
        home: where the folders go.
        seed: of the instants.
    """

    def __init__(self, kind: str, home: Path, seed: int) -> None:
        self.kind, self.home, self.chance = kind, home, random.Random(seed)
        self.kills = 0
        self.alone = home / f"{kind}-alone"
        start = time.monotonic()
        self._run_to_the_end(self.alone)
        self.seconds = time.monotonic() - start

    def once_more(self, number: int) -> list[str]:
        """Kill a training one to three times, let it come to its end, and return in what it differs."""
        folder, times, attempt = self.home / f"{self.kind}-{number}", 0, 0
        while times == 0:  # a training that was too quick to be killed is none of those that count
            folder = self.home / f"{self.kind}-{number}-{attempt}"
            times, attempt = self._killed(folder, self.chance.randint(1, 3)), attempt + 1
        self.kills += times
        self._run_to_the_end(folder)
        differing = [name for name, value in left(self.alone).items() if left(folder).get(name) != value]
        return differing + [f"left behind: {path.name}" for path in folder.rglob("*.part")]

    def _killed(self, folder: Path, wanted: int) -> int:
        """Kill a training so many times, or until it is done; return how often."""
        for times in range(wanted):
            process = self._start(folder)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(self.chance.uniform(0.2, 1.0) * self.seconds)
            if process.poll() is not None:
                process.communicate()
                self.seconds *= 0.8  # the machine has become quicker, or was compiling at first
                return times
            process.send_signal(signal.SIGKILL)
            process.communicate()
        return wanted

    def _start(self, folder: Path) -> subprocess.Popen[bytes]:
        if self.kind == "regularized":
            command = [sys.executable, "-m", "tests.killing", "--train", str(folder)]
        else:
            fresh = not (folder / "run.json").exists()
            given = (self.kind, *QUICK, "--output", str(folder)) if fresh else ("--resume", str(folder))
            command = [sys.executable, "-c", COMMAND, "train", *given]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def _run_to_the_end(self, folder: Path) -> None:
        process = self._start(folder)
        _, errors = process.communicate()
        come_to_its_end = b"has come to its end" in errors  # it had done all when it was killed
        if process.returncode and not come_to_its_end:
            raise RuntimeError(f"Training in {folder} ended with {process.returncode}: {errors.decode()}")


def left(folder: Path) -> dict[str, Any]:
    """Return all that a training has left but for its times: weights, optimizer, random states, history and record."""
    with open(folder / "history.csv", "rb") as file:
        found: dict[str, Any] = {"history.csv": file.read()}
    head, tensors = read_model_file(str(folder / "model.safetensors"), (FORMAT, TRAINING))
    found |= {name: (array.dtype.str, array.shape, array.tobytes()) for name, array in tensors.items()}
    head.pop("sha256")
    for state in head.get("training", {}).get("run", {}).get("callbacks", {}).get("callbacks", []):
        state.pop("seconds", None)
    found |= {f"header: {name}": json.dumps(value, sort_keys=True) for name, value in head.items()}
    if (folder / "run.json").exists():
        record = json.loads((folder / "run.json").read_text())
        found["run.json"] = {name: value for name, value in record.items() if name not in ("started", "seconds")}
    return found


def rows(folder: Path) -> list[str]:
    """Return the epochs in a training's history."""
    with open(folder / "history.csv", newline="") as file:
        return [row["epoch"] for row in csv.DictReader(file)]


def train_regularized(folder: Path) -> None:
    """Train, or go on training, a network with everything that draws random numbers or keeps means."""
    import scratchnet as sn
    from scratchnet import callbacks, layers

    folder.mkdir(exist_ok=True)
    sn.utils.set_random_seed(7)
    (x, y), (x_test, y_test) = sn.datasets.fashion_mnist.load_data(subset="mini")
    model = sn.Sequential(
        [
            sn.Input((28, 28, 1)),
            layers.Rescaling(1 / 255),
            layers.RandomTranslation(0.1, 0.1),
            layers.RandomFlip("horizontal"),
            layers.RandomErasing(0.5),
            layers.Conv2D(8, (2, 2), use_bias=False),
            layers.BatchNormalization(),
            layers.Activation("relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dropout(0.3),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(sn.optimizers.Adam(0.01, use_ema=True), "sparse_categorical_crossentropy", ["accuracy"])
    keep = [
        callbacks.EarlyStopping("val_loss", patience=4, restore_best_weights=True),
        callbacks.ReduceLROnPlateau("loss", patience=1),
        callbacks.ModelCheckpoint(folder / "best.safetensors", save_best_only=True),
        callbacks.CSVLogger(folder / "history.csv"),
        callbacks.BackupAndRestore(folder / "backup", save_freq=7, delete_checkpoint=False),
    ]
    model.fit(
        x[:640, ..., None],
        y[:640],
        batch_size=32,
        epochs=6,
        validation_data=(x_test[:200, ..., None], y_test[:200]),
        callbacks=keep,
        verbose=0,
    )
    model.save(folder / "model.safetensors")


def main(arguments: Sequence[str]) -> int:
    """Kill as many trainings of each kind as asked for; return 1 if one of them has ended otherwise."""
    parser = argparse.ArgumentParser("python -m tests.killing", description=__doc__)
    parser.add_argument("trainings", nargs="?", type=int, default=34, help="how many of each kind")
    parser.add_argument("kinds", nargs="*", help=f"some of {', '.join(KINDS)}")
    parser.add_argument("--seed", type=int, default=None, help="of the instants")
    parser.add_argument("--train", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.train:
        train_regularized(options.train)
        return 0
    wrong = 0
    for kind in options.kinds or KINDS:
        with TemporaryDirectory() as home:
            killed = Killed(kind, Path(home), options.seed if options.seed is not None else time.time_ns())
            differing = [found for number in range(options.trainings) if (found := killed.once_more(number))]
            wrong += len(differing)
            print(f"{kind}: {options.trainings} trainings, {killed.kills} kills, {len(differing)} ended otherwise")
            for found in differing[:5]:
                print("   ", ", ".join(found))
            sys.stdout.flush()
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
