"""A model that is saved while something else trains it: the file is of one step, and always loads."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import scratchnet as sn
from scratchnet import Input, Model, layers, optimizers
from scratchnet.saving.save import model_snapshot

X, Y = np.ones((40, 3), "float32"), np.ones((40, 2), "float32")


class Slow(optimizers.Optimizer):
    """Adds 1 to every weight in each step, one half after the other."""

    def __init__(self, learning_rate: float = 0.1) -> None:
        super().__init__(learning_rate)

    def get_config(self) -> dict[str, Any]:
        return {"learning_rate": self.learning_rate}

    def update(self, w: Any, g: Any, slots: Any, learning_rate: float) -> None:
        half = len(w) // 2
        w[:half] += 1
        time.sleep(0.001)
        w[half:] += 1


def model() -> Model:
    inputs = Input((3,))
    inner = Model(inputs, layers.Dense(4, kernel_initializer="zeros", name="a")(inputs), name="inner")
    outer = Model(inputs, layers.Dense(2, kernel_initializer="zeros", name="b")(inner(inputs)), name="outer")
    outer.compile(Slow(0.1), "mse")
    return outer


@pytest.fixture
def training() -> Any:
    """Return a model that another thread trains until the test is over."""
    here, stop = model(), threading.Event()
    halt = sn.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: setattr(here, "stop_training", stop.is_set())
    )
    thread = threading.Thread(
        target=here.fit, args=(X, Y), kwargs={"batch_size": 4, "epochs": 10**6, "verbose": 0, "callbacks": [halt]}
    )
    here.train_on_batch(X, Y)
    thread.start()
    yield here
    stop.set()
    thread.join()


def saved_by_four(save: Callable[[int], None]) -> None:
    threads = [threading.Thread(target=lambda k=k: [save(k) for _ in range(15)]) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_a_file_is_of_one_step(training: Any, tmp_path: Path) -> None:
    found = []

    def save(k: int) -> None:
        training.save(tmp_path / f"{k}")
        training.predict(X, verbose=0)
        loaded = sn.load_model(tmp_path / f"{k}", {"Slow": Slow})
        found.append(({*np.concatenate([w.ravel() for w in loaded.get_weights()])}, loaded.optimizer.iterations))

    saved_by_four(save)
    assert len(found) == 60
    assert all(weights == {float(steps)} for weights, steps in found)
    assert len({steps for _, steps in found}) > 1  # it did train meanwhile


def test_several_may_save_to_one_path(training: Any, tmp_path: Path) -> None:
    def save(k: int) -> None:
        training.save(tmp_path / "model")
        sn.load_model(tmp_path / "model", {"Slow": Slow})

    saved_by_four(save)
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_weights_and_inner_models_are_of_one_step(training: Any, tmp_path: Path) -> None:
    inner = training.get_layer("inner")
    found = []

    def save(k: int) -> None:
        inner.save(tmp_path / f"{k}")
        found.append({*np.concatenate([w.ravel() for w in sn.load_model(tmp_path / f"{k}").get_weights()])})
        training.save_weights(tmp_path / f"{k}")
        other = model()
        other.load_weights(tmp_path / f"{k}")
        found.append({*np.concatenate([w.ravel() for w in other.get_weights()])})

    saved_by_four(save)
    assert all(len(weights) == 1 for weights in found)


def test_a_step_may_save_the_model_that_it_trains(tmp_path: Path) -> None:
    class Saving(Slow):
        def update(self, w: Any, g: Any, slots: Any, learning_rate: float) -> None:
            here.save(tmp_path / "model")

    here = model()
    here.compile(Saving(0.1), "mse")
    here.train_on_batch(X, Y)
    assert (tmp_path / "model").exists()


def test_checksum_and_bytes_come_from_the_copy(tmp_path: Path) -> None:
    here = model()
    snapshot = model_snapshot(here)
    here.set_weights([w + 1 for w in here.get_weights()])
    (tmp_path / "model").write_bytes(snapshot.to_bytes())
    loaded = sn.load_model(tmp_path / "model", {"Slow": Slow})
    assert all((weights == 0).all() for weights in loaded.get_weights())
