"""Ctrl-C and SIGTERM, once and twice, at every place of a fit: what was trained is kept."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import scratchnet as sn
from scratchnet import Input, Sequential, layers
from scratchnet.callbacks import BackupAndRestore, CSVLogger, LambdaCallback
from scratchnet.utils.signals import raise_terminated

X = np.random.default_rng(0).normal(size=(22, 3)).astype("float32")  # (N, D)
Y = (X.sum(axis=1) > 0).astype("int64")  # (N,)
STEPS = 6


@pytest.fixture(autouse=True)
def _definitions() -> None:
    sn.config.set_backend("numpy")


def model() -> Any:
    sn.utils.set_random_seed(5)
    sn.utils.clear_session()
    made = Sequential([Input((3,)), layers.Dense(8), layers.Dropout(0.3), layers.Dense(1, activation="sigmoid")])
    made.compile("adam", "binary_crossentropy", ["binary_accuracy"])
    return made


def fit(here: Any, *callbacks: Any, epochs: int = 4) -> Any:
    here.fit(X, Y, batch_size=4, epochs=epochs, validation_split=0.1, verbose=0, callbacks=list(callbacks))
    return here


def press(hook: str, at: int, times: int = 1, number: int = signal.SIGINT) -> LambdaCallback:
    """Ask to stop at a hook, when it is called for the ``at``-th time, from 0."""
    calls: list[None] = []

    def heard(*_: Any) -> None:
        calls.append(None)
        for _ in range(times if len(calls) == at + 1 else 0):
            signal.raise_signal(number)

    return LambdaCallback(**{hook: heard})


def left(here: Any) -> Any:
    return (
        [w.tobytes() for w in here.get_weights()],
        here.optimizer.iterations,
        here.history.epoch,
        here.history.history,
        float(sn.utils.random.new_generator().random()),
    )


def steps(here: Any) -> int:
    return here.optimizer.iterations


@pytest.mark.parametrize("hook", ["on_test_begin", "on_test_batch_end", "on_test_end", "on_epoch_end"])
def test_once_after_the_last_step_keeps_the_epoch(hook: str, tmp_path: Path) -> None:
    here = model()
    with pytest.raises(KeyboardInterrupt):
        fit(here, press(hook, 1), CSVLogger(tmp_path / "log.csv"))
    assert here.history.epoch == [0, 1]
    assert set(map(len, here.history.history.values())) == {2}
    assert steps(here) == 2 * 5
    assert len((tmp_path / "log.csv").read_text().splitlines()) == 3


def test_in_the_last_step_keeps_the_epoch() -> None:
    here = model()
    with pytest.raises(KeyboardInterrupt):
        fit(here, press("on_train_batch_end", 4))
    assert (here.history.epoch, steps(here)) == ([0], 5)


def test_between_two_epochs_begins_no_further_one() -> None:
    here = model()
    with pytest.raises(KeyboardInterrupt):
        fit(here, press("on_train_begin", 0))
    assert (here.history.epoch, steps(here)) == ([], 0)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    ("hook", "at", "times", "trained"),
    [
        ("on_train_batch_end", 7, 1, 8),
        ("on_train_batch_begin", 7, 1, 8),
        ("on_test_batch_end", 1, 1, 10),
        ("on_test_batch_end", 1, 2, 10),
        ("on_epoch_end", 1, 1, 10),
        ("on_epoch_end", 1, 2, 10),
        ("on_epoch_begin", 2, 1, 11),
    ],
)
def test_what_was_trained_is_in_the_backup(
    number: int, hook: str, at: int, times: int, trained: int, tmp_path: Path
) -> None:
    alone = left(fit(model()))
    here = model()
    error = SystemExit if number == signal.SIGTERM else KeyboardInterrupt
    with pytest.raises(error):
        fit(here, press(hook, at, times, number), BackupAndRestore(tmp_path))
    taken = []
    again = fit(
        model(),
        LambdaCallback(on_train_batch_begin=lambda batch, logs: taken.append(batch)),
        BackupAndRestore(tmp_path),
    )
    assert left(again) == alone
    assert len(taken) == 4 * 5 - trained


def test_twice_in_a_callback_of_a_step_stops_at_once_and_the_last_epoch_s_backup_stays(tmp_path: Path) -> None:
    alone = left(fit(model()))
    reached = []
    after = LambdaCallback(on_train_batch_end=lambda batch, logs: reached.append(batch))
    with pytest.raises(KeyboardInterrupt):
        fit(model(), press("on_train_batch_end", 7, 2), after, BackupAndRestore(tmp_path))
    assert len(reached) == 7  # the callback behind did not hear of the eighth
    assert left(fit(model(), BackupAndRestore(tmp_path))) == alone


class Presses(layers.Layer):
    """Asks to stop in the middle of a step."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times

    def forward(self, x: Any, training: bool | None = False) -> Any:
        for _ in range(self.times if training else 0):
            signal.raise_signal(signal.SIGINT)
        return x.copy()

    def backward(self, dy: Any) -> Any:
        return dy.copy()


@pytest.mark.parametrize(("times", "finished"), [(1, 1), (2, 1), (3, 0)])
def test_a_step_comes_to_its_end_unless_asked_three_times(times: int, finished: int) -> None:
    here = Sequential([Input((3,)), layers.Dense(1), Presses(times)])
    here.compile("sgd", "mse")
    with pytest.raises(KeyboardInterrupt):
        fit(here)
    assert steps(here) == finished


def test_handlers_are_given_back_and_those_of_others_left_alone() -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    heard: list[int] = []
    try:
        signal.signal(signal.SIGTERM, raise_terminated)
        with pytest.raises(SystemExit) as caught:
            fit(model(), press("on_epoch_end", 0, 1, signal.SIGTERM))
        assert caught.value.code == 143
        assert signal.getsignal(signal.SIGTERM) is raise_terminated
        signal.signal(signal.SIGTERM, lambda number, frame: heard.append(number))
        assert fit(model(), press("on_epoch_end", 0, 1, signal.SIGTERM)).history.epoch == [0, 1, 2, 3]
        assert heard == [signal.SIGTERM]
    finally:
        signal.signal(signal.SIGTERM, before[1])
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_a_process_that_is_terminated_cleans_up_and_ends_with_143(tmp_path: Path) -> None:
    code = (
        "import os, signal, numpy as np, scratchnet as sn\n"
        "from scratchnet.callbacks import LambdaCallback\n"
        "model = sn.Sequential([sn.Input((1,)), sn.layers.Dense(1)]); model.compile('sgd', 'mse')\n"
        "press = LambdaCallback(on_epoch_end=lambda *_: os.kill(os.getpid(), signal.SIGTERM))\n"
        "try: model.fit(np.ones((4, 1)), np.ones((4, 1)), epochs=9, verbose=0, callbacks=[press])\n"
        "finally: print(model.history.epoch)\n"
    )
    environment = os.environ | {"SCRATCHNET_BACKEND": "numpy"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment)
    assert (done.returncode, done.stdout, done.stderr) == (143, "[0]\n", "")
