"""Whether a ``fit`` that is interrupted and goes on ends with the same bits as one that was left alone."""

from __future__ import annotations

import inspect
import tempfile
import warnings
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, ClassVar
from unittest import mock

import numpy as np

import scratchnet as sn
from scratchnet import Input, Sequential, layers, optimizers
from scratchnet.callbacks import BackupAndRestore, CSVLogger, EarlyStopping, LambdaCallback, ReduceLROnPlateau
from scratchnet.utils import PyDataset

BATCH, EPOCHS = 4, 6
X = np.random.default_rng(0).normal(size=(22, 3)).astype("float32")  # (N, D)
Y = (X.sum(axis=1) > 0).astype("int64")  # (N,)


class Mistake:
    """A mistake in some class ``of`` ours: the methods defined here take the place of that class's own."""

    of: ClassVar[type]

    def planted(self) -> ExitStack:
        """Return the context in which the class has the mistake."""
        stack = ExitStack()
        for name, method in vars(type(self)).items():
            if inspect.isfunction(method):
                stack.enter_context(mock.patch.object(self.of, name, method))
        return stack


class Right(Mistake):
    """No mistake."""

    of = PyDataset


class _Batches(PyDataset):
    def __len__(self) -> int:
        return 6

    def __getitem__(self, index: int) -> Any:
        rows = slice(BATCH * index, BATCH * (index + 1))
        return X[rows] + np.random.normal() + sn.utils.random.new_generator().normal(), Y[rows]


def _streamed() -> Any:
    generator = np.random.default_rng(4)
    while True:
        rows = generator.integers(0, len(X), BATCH)
        yield X[rows], Y[rows]


class _CrashError(BaseException):
    """Nobody catches that."""


def check_run(mistake: Mistake) -> str:
    """Say in which case a run that goes on ends otherwise than one left alone, or cannot; "" if in none."""
    cases: dict[str, Any] = {
        "arrays": lambda: ((X, Y), {"batch_size": BATCH, "validation_split": 0.3}),
        "steps": lambda: ((X, Y), {"batch_size": BATCH, "steps_per_epoch": 3, "epochs": 8}),
        "dataset": lambda: ((_Batches(),), {}),
        "stream": lambda: (
            (_streamed(),),
            {"steps_per_epoch": 5, "validation_data": _streamed(), "validation_steps": 2},
        ),
    }
    with mistake.planted(), tempfile.TemporaryDirectory() as folder, sn.utils.random.seeded(0):
        for name, case in cases.items():
            for save_freq, crash in (("epoch", ("on_epoch_end", 3)), (1, ("on_train_batch_end", 8))):
                try:
                    alone, resumed = _alone_and_resumed(case, Path(folder) / f"{name}-{save_freq}", save_freq, crash)
                except Exception as error:
                    return f"{name}, save_freq={save_freq}: {error!r}"
                for what, value in alone.items():
                    if value != resumed[what]:
                        return f"{name}, save_freq={save_freq}: {what} is another"
    return ""


def _alone_and_resumed(case: Any, folder: Path, save_freq: Any, crash: tuple[str, int]) -> Any:
    alone = _fit(case, folder / "alone", [])
    backup = folder / "backup"

    def count(*arguments: Any) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise _CrashError

    left = [crash[1]]
    with suppress(_CrashError):
        _fit(case, folder / "run", [BackupAndRestore(backup, save_freq), LambdaCallback(**{crash[0]: count})])
    return alone, _fit(case, folder / "run", [BackupAndRestore(backup, save_freq)])


def _fit(case: Any, folder: Path, callbacks: list[Any]) -> dict[str, Any]:
    folder.mkdir(parents=True, exist_ok=True)
    sn.utils.set_random_seed(5)
    sn.utils.clear_session()
    state = np.random.get_state()
    np.random.seed(1)
    backend = sn.config.backend()
    sn.config.set_backend("numpy")
    try:
        model = Sequential(
            [
                Input((3,)),
                layers.Dense(8, activation="tanh"),
                layers.BatchNormalization(),
                layers.Dropout(0.3),
                layers.Dense(1, activation="sigmoid"),
            ]
        )
        model.compile(optimizers.Adam(0.05), "binary_crossentropy", ["binary_accuracy", sn.metrics.AUC()])
        data, options = case()
        watching = [
            EarlyStopping("loss", patience=4, restore_best_weights=True),
            ReduceLROnPlateau("loss", factor=0.5, patience=1, min_delta=0.05),
            CSVLogger(folder / "log.csv"),
        ]
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")  # passes that are cut
            model.fit(*data, verbose=0, callbacks=[*callbacks, *watching], **{"epochs": EPOCHS, **options})
    finally:
        np.random.set_state(state)
        sn.config.set_backend(backend)
    assert model.optimizer is not None
    assert model.history is not None
    return {
        "weights": [w.tobytes() for w in model.named_weights.values()],
        "slots": [slot.tobytes() for slot in model.optimizer.slots.values()],
        "iterations": model.optimizer.iterations,
        "rate": float(model.optimizer.learning_rate),
        "history": model.history.history,
        "epochs": model.history.epoch,
        "log": (folder / "log.csv").read_text(),
        "dropout": [g.state.tolist() for g in (model.layers[2].seed_generator,)],  # type: ignore[attr-defined]
        "drawn": float(sn.utils.random.new_generator().random()),
    }
