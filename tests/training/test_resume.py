"""A fit that is interrupted and called again ends with the same bits as one that was left alone."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
import time

import numpy as np
import pytest

import scratchnet as sn
from scratchnet import Input, Sequential, layers, optimizers
from scratchnet.callbacks import (
    BackupAndRestore,
    Callback,
    CallbackList,
    CSVLogger,
    EarlyStopping,
    LambdaCallback,
    LearningRateScheduler,
    ModelCheckpoint,
    ReduceLROnPlateau,
)
from scratchnet.errors import ModelFileError
from scratchnet.saving import model_file
from scratchnet.utils import PyDataset

X = np.random.default_rng(0).normal(size=(22, 3)).astype("float32")  # (N, D)
Y = (X.sum(axis=1) > 0).astype("int64")  # (N,)
BATCH, STEPS, EPOCHS = 4, 6, 5


@pytest.fixture(autouse=True)
def _definitions():
    """What a run is does not depend on the backend; the definitions need no compiling."""
    sn.config.set_backend("numpy")


class Crash(BaseException):
    """Nobody catches that."""


class CrashAfter(Callback):
    """Raises at a hook, for the n-th time that it is called."""

    def __init__(self, hook, times):
        super().__init__()
        self.left = times
        setattr(self, hook, self.count)

    def count(self, number, logs=None):
        self.left -= 1
        if self.left < 0:
            raise Crash


class Noise(layers.Layer):
    """Draws from NumPy's global state, as one should not."""

    def forward(self, x, training=False):
        return x + np.random.normal(0, 0.1, x.shape).astype(x.dtype) if training else x.copy()

    def backward(self, dy):
        return dy.copy()


def model(optimizer=None, noise=False):
    sn.utils.set_random_seed(5)
    sn.utils.clear_session()
    np.random.seed(1), random.seed(1)
    model = Sequential(
        [
            Input((3,)),
            layers.Dense(8, activation="tanh"),
            layers.BatchNormalization(),
            *([Noise()] if noise else []),
            layers.Dropout(0.3),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(optimizer or optimizers.Adam(0.05), "binary_crossentropy", ["binary_accuracy", sn.metrics.AUC()])
    return model


def everything(model):
    """Return all that a run leaves behind."""
    return {
        "weights": [w.tobytes().hex() for w in model.named_weights.values()],
        "slots": {name: slot.tobytes().hex() for name, slot in model.optimizer.slots.items()},
        "iterations": model.optimizer.iterations,
        "rate": float(model.optimizer.learning_rate),
        "dropout": [generator.state.tolist() for generator in (model.layers[-2].seed_generator,)],
        "history": model.history.history,
        "epochs": model.history.epoch,
        "drawn": float(sn.utils.random.new_generator().random()),
    }


class Numbers(PyDataset):
    """Data that are made, with random numbers from everywhere."""

    def __init__(self):
        super().__init__()
        self.own = np.random.default_rng(3)

    def __len__(self):
        return STEPS

    def __getitem__(self, index):
        rows = slice(BATCH * index, BATCH * (index + 1))
        noise = np.random.normal() + random.random() + self.own.normal() + sn.utils.random.new_generator().normal()
        return X[rows] + noise, Y[rows]

    def get_state(self):
        return {"own": self.own.bit_generator.state}

    def set_state(self, state):
        self.own.bit_generator.state = state["own"]


def generated():
    generator = np.random.default_rng(4)
    while True:
        rows = generator.integers(0, len(X), BATCH)
        yield X[rows], Y[rows]


class Again:
    """Another order in every pass."""

    def __init__(self):
        self.generator = np.random.default_rng(6)

    def __iter__(self):
        for _ in range(STEPS):
            rows = self.generator.integers(0, len(X), BATCH)
            yield X[rows], Y[rows]


def remembering(folder):
    return [
        EarlyStopping("val_loss", patience=3, restore_best_weights=True),
        ReduceLROnPlateau("loss", factor=0.5, patience=1, cooldown=1),
        ModelCheckpoint(folder / "best.safetensors", "val_loss", save_best_only=True),
        CSVLogger(folder / "log.csv"),
    ]


CASES = {
    "arrays": lambda folder: ((X, Y), {"batch_size": BATCH}),
    "steps": lambda folder: ((X, Y), {"batch_size": BATCH, "steps_per_epoch": 4}),
    "dataset": lambda folder: ((Numbers(),), {"validation_data": Numbers()}),
    "generator": lambda folder: (
        (generated(),),
        {"steps_per_epoch": STEPS, "validation_data": generated(), "validation_steps": 2},
    ),
    "iterable": lambda folder: ((Again(),), {}),
    "iterable by steps": lambda folder: ((Again(),), {"steps_per_epoch": 4}),
    "callbacks": lambda folder: (
        (X, Y),
        {"batch_size": BATCH, "validation_split": 0.3, "callbacks": remembering(folder), "epochs": 9},
    ),
    "schedule": lambda folder: (
        (X, Y),
        {"batch_size": BATCH, "callbacks": [LearningRateScheduler(lambda epoch, rate: 0.8 * rate)]},
    ),
    "validation": lambda folder: ((X, Y), {"batch_size": BATCH, "validation_data": (X, Y), "validation_freq": 2}),
}


def run(case, folder, *more, backup=None, **options):
    folder.mkdir(exist_ok=True)
    here = model(options.pop("optimizer", None), options.pop("noise", False))
    data, given = CASES[case](folder)
    given = {"epochs": EPOCHS, "verbose": 0, **given, **options}
    backups = [] if backup is None else [backup]
    with np.errstate(all="ignore"):
        here.fit(*data, **{**given, "callbacks": [*backups, *given.get("callbacks", []), *more]})
    return here


@pytest.mark.filterwarnings("ignore:Your input ran out")
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(
    ("save_freq", "crash"),
    [
        ("epoch", ("on_train_batch_end", 9)),
        ("epoch", ("on_epoch_end", 2)),
        (1, ("on_train_batch_end", 9)),
        (4, ("on_train_batch_begin", 10)),
    ],
)
def test_a_run_ends_with_the_same_bits(case, save_freq, crash, tmp_path):
    alone = everything(run(case, tmp_path / "alone"))
    backup = tmp_path / "backup"
    with pytest.raises(Crash):
        run(case, tmp_path / "run", CrashAfter(*crash), backup=BackupAndRestore(backup, save_freq))
    assert [path.name for path in backup.iterdir()] == [BackupAndRestore.FILE]
    again = CrashAfter(crash[0], 1 if "epoch" in crash[0] else 3)
    with pytest.raises(Crash):
        run(case, tmp_path / "run", again, backup=BackupAndRestore(backup, save_freq))
    model = run(case, tmp_path / "run", backup=BackupAndRestore(backup, save_freq))
    assert everything(model) == alone
    assert not backup.exists()
    if case == "callbacks":
        for name in ("log.csv", "best.safetensors"):
            assert (tmp_path / "run" / name).read_bytes() == (tmp_path / "alone" / name).read_bytes()


@pytest.mark.parametrize("save_freq", ["epoch", 1])
def test_random_numbers_of_numpy_s_global_state_go_on(save_freq, tmp_path):
    alone = everything(run("arrays", tmp_path / "alone", noise=True))
    backup = BackupAndRestore(tmp_path / "backup", save_freq)
    with pytest.raises(Crash):
        run("arrays", tmp_path, CrashAfter("on_train_batch_end", 9), backup=backup, noise=True)
    backup = BackupAndRestore(tmp_path / "backup", save_freq)
    assert everything(run("arrays", tmp_path, backup=backup, noise=True)) == alone


@pytest.mark.parametrize(
    "make",
    [
        lambda: optimizers.SGD(0.1, momentum=0.9),
        lambda: optimizers.Adam(0.02, use_ema=True, ema_momentum=0.8),
        lambda: optimizers.Adam(0.02, gradient_accumulation_steps=4),
        lambda: optimizers.SGD(sn.schedules.ExponentialDecay(0.1, 3, 0.9)),
    ],
)
def test_every_optimizer_goes_on(make, tmp_path):
    alone = everything(run("arrays", tmp_path / "alone", optimizer=make()))
    backup = BackupAndRestore(tmp_path / "backup", 1)
    with pytest.raises(Crash):
        run("arrays", tmp_path, CrashAfter("on_train_batch_end", 9), backup=backup, optimizer=make())
    backup = BackupAndRestore(tmp_path / "backup", 1)
    assert everything(run("arrays", tmp_path, backup=backup, optimizer=make())) == alone


def test_the_model_in_memory_may_go_on_too_after_ctrl_c(tmp_path):
    alone = everything(run("arrays", tmp_path))
    here, backup = model(), BackupAndRestore(tmp_path / "backup")
    press = CrashAfter("on_train_batch_end", 9)
    press.on_train_batch_begin = lambda batch, logs=None: press.left == 1 and signal.raise_signal(signal.SIGINT)
    options = {"batch_size": BATCH, "epochs": EPOCHS, "verbose": 0}
    with pytest.raises(KeyboardInterrupt):
        here.fit(X, Y, callbacks=[backup, press], **options)
    assert backup.exists()
    here.fit(X, Y, callbacks=[backup], **options)
    assert everything(here) == alone


@pytest.mark.parametrize(("hook", "save_freq", "steps"), [("on_epoch_end", "epoch", 12), ("on_train_batch_end", 1, 8)])
def test_stopping_early_stays_the_end(hook, save_freq, steps, tmp_path):
    def halt(number, logs):
        first.stop_training |= first.optimizer.iterations >= 8

    first, second = model(), model()
    options = {"batch_size": BATCH, "epochs": EPOCHS, "verbose": 0}
    backup = BackupAndRestore(tmp_path, save_freq, delete_checkpoint=False)
    model()  # sets the seeds
    first.fit(X, Y, callbacks=[backup, LambdaCallback(**{hook: halt})], **options)
    left = everything(first)
    second.fit(X, Y, callbacks=[BackupAndRestore(tmp_path, save_freq)], **options)
    assert everything(second) == left
    assert left["iterations"] == steps


def test_a_run_may_be_made_longer(tmp_path):
    alone = everything(run("arrays", tmp_path))
    run("arrays", tmp_path, backup=BackupAndRestore(tmp_path / "b", delete_checkpoint=False), epochs=2)
    assert everything(run("arrays", tmp_path, backup=BackupAndRestore(tmp_path / "b"))) == alone


def test_nothing_changes_by_the_backup_alone(tmp_path):
    for case in CASES:
        options = {"steps_per_epoch": None} if case in ("steps", "iterable by steps") else {}
        alone = everything(run(case, tmp_path / case, **options))
        for save_freq in ("epoch", 3):
            backup = BackupAndRestore(tmp_path / "backup", save_freq)
            assert everything(run(case, tmp_path / case, backup=backup, **options)) == alone


# Refusals ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def interrupted(tmp_path):
    backup = BackupAndRestore(tmp_path / "backup")
    with pytest.raises(Crash):
        run("arrays", tmp_path, CrashAfter("on_epoch_end", 2), EarlyStopping("loss", patience=9), backup=backup)
    return tmp_path / "backup"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"batch_size": 5}, "batch_size was 4, got 5"),
        ({"shuffle": False}, "shuffle was True, got False"),
        ({"steps_per_epoch": 3}, "steps_per_epoch was None, got 3"),
        ({"class_weight": {1: 2.0}}, "class_weight was 'None'"),
        ({"sample_weight": np.ones(22)}, "sample_weight was False"),
        ({"initial_epoch": 1}, "initial_epoch was 0"),
        ({"validation_split": 0.5}, "samples was 22, got 11"),
        ({"validation_data": (X, Y)}, "of the validation was None"),
        ({"callbacks": []}, "callbacks that remember"),
        ({"optimizer": optimizers.SGD()}, "optimizer was 'Adam', got 'SGD'|of another model"),
        ({"optimizer": optimizers.Adam(0.05, beta_1=0.8)}, "beta_1 of the optimizer was '0.9', got '0.8'"),
    ],
)
def test_another_call_is_refused_and_has_changed_nothing(options, expected, interrupted, tmp_path):
    content = (interrupted / BackupAndRestore.FILE).read_bytes()
    here = model(options.pop("optimizer", None))
    before, heard = here.get_weights(), []
    early = EarlyStopping("loss", patience=9)
    given = {"batch_size": BATCH, "epochs": EPOCHS, "verbose": 0, "callbacks": [early], **options}
    given["callbacks"] = [
        BackupAndRestore(interrupted),
        LambdaCallback(on_train_begin=heard.append),
        *given["callbacks"],
    ]
    with pytest.raises(ValueError, match=expected) as caught:
        here.fit(X, Y, **given)
    assert str(caught.value).endswith(".")
    assert heard == []
    assert here.history is None
    assert all(np.array_equal(a, b) for a, b in zip(here.get_weights(), before))
    assert (interrupted / BackupAndRestore.FILE).read_bytes() == content


def test_other_data_and_models_are_refused(interrupted):
    early = EarlyStopping("loss", patience=9)
    with pytest.raises(ValueError, match="samples was 22, got 21"):
        model().fit(X[:21], Y[:21], batch_size=BATCH, verbose=0, callbacks=[BackupAndRestore(interrupted), early])
    other = Sequential([Input((3,)), layers.Dense(1, activation="sigmoid")])
    other.compile("adam", "binary_crossentropy")
    with pytest.raises(ModelFileError, match=r"of another model: expected .*, got"):
        other.fit(X, Y, batch_size=BATCH, verbose=0, callbacks=[BackupAndRestore(interrupted), early])
    path = interrupted / BackupAndRestore.FILE
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ModelFileError, match="damaged"):
        model().fit(X, Y, batch_size=BATCH, verbose=0, callbacks=[BackupAndRestore(interrupted), early])


@pytest.mark.parametrize("change", [{"run": {}}, {"run": 5}, {"batches": "many"}, {"learning_rate": None, "run": []}])
def test_a_file_that_is_signed_and_makes_no_sense_is_refused(change, interrupted):
    path = str(interrupted / BackupAndRestore.FILE)
    head, tensors = model_file.read_model_file(path, (model_file.TRAINING,))
    model_file.write_model_file(path, {**head, **change}, tensors, model_file.TRAINING)
    early = EarlyStopping("loss", patience=9)
    with pytest.raises(ModelFileError, match="its state of a training makes no sense"):
        model().fit(X, Y, batch_size=BATCH, verbose=0, callbacks=[BackupAndRestore(interrupted), early])


def test_a_generator_that_gives_less_than_before_is_refused(tmp_path):
    with pytest.raises(Crash):
        run("generator", tmp_path, CrashAfter("on_epoch_end", 2), backup=BackupAndRestore(tmp_path / "b"))
    few = (batch for batch, _ in zip(generated(), range(4)))
    with pytest.raises(ValueError, match=r"expected the 12 batches again .*, got 4"):
        model().fit(
            few, steps_per_epoch=STEPS, epochs=EPOCHS, validation_data=generated(), validation_steps=2, verbose=0,
            callbacks=[BackupAndRestore(tmp_path / "b")],
        )  # fmt: skip


def test_what_makes_no_sense_is_refused(tmp_path):
    backup = BackupAndRestore(tmp_path / "b")
    with pytest.raises(ValueError, match="at most one BackupAndRestore"):
        run("arrays", tmp_path, BackupAndRestore(tmp_path / "c"), backup=backup)
    with pytest.raises(ValueError, match="one of fit's own callbacks"):
        run("arrays", tmp_path, CallbackList([BackupAndRestore(tmp_path / "d")]))
    for bad in ({"save_freq": 0}, {"save_freq": "batch"}, {"delete_checkpoint": "no"}, {"backup_dir": ""}):
        with pytest.raises(ValueError, match=next(iter(bad))):
            BackupAndRestore(**{"backup_dir": "b", **bad})
    with pytest.raises(TypeError, match="positional"):
        BackupAndRestore("b", "epoch", True)  # type: ignore[call-arg]


def test_a_callback_that_remembers_what_no_file_holds_is_refused_by_name(tmp_path):
    class Odd(Callback):
        state_names = ("thing",)
        thing = object()

    with pytest.raises(TypeError, match=r"Cannot save 'thing'.*got <object"):
        run("arrays", tmp_path, Odd(), backup=BackupAndRestore(tmp_path / "b"))


def test_an_unbuilt_model_cannot_go_on(interrupted):
    waiting = Sequential([layers.Dense(1, activation="sigmoid")])
    waiting.compile("adam", "binary_crossentropy")
    with pytest.raises(ValueError, match="expected a model that is built"):
        waiting.fit(generated(), steps_per_epoch=3, verbose=0, callbacks=[BackupAndRestore(interrupted)])


def test_other_files_in_the_folder_stay(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / f".{BackupAndRestore.FILE}.0123.part").write_text("half")
    run("arrays", tmp_path / "run", backup=BackupAndRestore(tmp_path), epochs=1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["notes.txt", "run"]


# Real crashes ------------------------------------------------------------------------------------------------------


def _work(folder, save_freq, slow):
    wait = LambdaCallback(on_train_batch_end=lambda batch, logs: time.sleep(slow))
    here = run("callbacks", folder, wait, backup=BackupAndRestore(folder / "backup", save_freq))
    (folder / "result.part").write_text(json.dumps(everything(here)))
    os.replace(folder / "result.part", folder / "result.json")


@pytest.mark.parametrize("save_freq", ["epoch", 1, 3])
def test_killed_at_any_instant(save_freq, tmp_path):
    alone = everything(run("callbacks", tmp_path / "alone"))
    folder, chance = tmp_path / "run", random.Random()
    process = multiprocessing.get_context("fork")
    kills = 0
    while not (folder / "result.json").exists():
        worker = process.Process(target=_work, args=(folder, save_freq, 0.003 if kills < 6 else 0.0))
        worker.start()
        worker.join(chance.uniform(0.02, 0.15) if kills < 6 else 60)
        if worker.is_alive():
            os.kill(worker.pid, signal.SIGKILL)
            kills += 1
        worker.join()
        assert worker.exitcode in (0, -signal.SIGKILL)
    assert json.loads((folder / "result.json").read_text()) == json.loads(json.dumps(alone))
    assert (folder / "log.csv").read_text() == (tmp_path / "alone" / "log.csv").read_text()
    assert not (folder / "backup").exists()
