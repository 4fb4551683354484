"""Batches from generators and datasets, in both libraries: how many steps, which figures, which numbers."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import scratchnet
from reference.environment import floatx, keras
from tests.oracles.plateau import VALUES

BOTH = (keras, scratchnet)
RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(20, 3)), RNG.normal(size=(20, 2))
KERNEL = RNG.normal(size=(3, 2))


def model(library: Any) -> Any:
    made = library.Sequential([library.Input((3,)), library.layers.Dense(2)])
    made.compile(optimizer="sgd", loss="mean_squared_error", metrics=["mean_absolute_error"])
    made.set_weights([KERNEL, np.zeros(2)])
    return made


def batches(sizes: Any = (4,) * 5) -> list[Any]:
    ends = np.cumsum(sizes)
    return [(X[end - size : end], Y[end - size : end]) for end, size in zip(ends, sizes)]


def forever() -> Any:
    while True:
        yield from batches()


def dataset(library: Any, sizes: Any = (4,) * 5) -> Any:
    class Batches(library.utils.PyDataset):
        def __len__(self) -> int:
            return len(sizes)

        def __getitem__(self, index: int) -> Any:
            return batches(sizes)[index]

    return Batches()


CASES: dict[str, Any] = {
    "a dataset": lambda lib: (dataset(lib), None, {"epochs": 2}),
    "a dataset, ragged": lambda lib: (dataset(lib, (8, 7, 5)), None, {"epochs": 2}),
    "a dataset, cut": lambda lib: (dataset(lib), None, {"epochs": 4, "steps_per_epoch": 3}),
    "a dataset, too few": lambda lib: (dataset(lib), None, {"epochs": 2, "steps_per_epoch": 9}),
    "a generator": lambda lib: ((b for b in batches()), None, {}),
    "a generator, ragged": lambda lib: ((b for b in batches((8, 7, 5))), None, {}),
    "a generator, in steps": lambda lib: (forever(), None, {"epochs": 3, "steps_per_epoch": 4}),
    "a generator that ends": lambda lib: ((b for b in batches()), None, {"epochs": 2, "steps_per_epoch": 3}),
    "arrays, cut": lambda lib: (X, Y, {"epochs": 4, "batch_size": 4, "steps_per_epoch": 3}),
    "arrays, too few": lambda lib: (X, Y, {"epochs": 2, "batch_size": 4, "steps_per_epoch": 9}),
    "arrays without a batch size": lambda lib: (X, Y, {"epochs": 2, "steps_per_epoch": 3}),
    "validation on a dataset": lambda lib: (X, Y, {"epochs": 3, "validation_data": dataset(lib)}),
    "every second epoch": lambda lib: (X, Y, {"epochs": 5, "validation_data": dataset(lib), "validation_freq": 2}),
    "some epochs": lambda lib: (X, Y, {"epochs": 5, "validation_data": (X, Y), "validation_freq": [1, 4]}),
    "validation in steps": lambda lib: (
        X, Y, {"epochs": 2, "validation_data": (X, Y), "validation_batch_size": 4, "validation_steps": 2},
    ),
    "validation on a split in steps": lambda lib: (
        X, Y, {"epochs": 2, "validation_split": 0.5, "validation_batch_size": 4, "validation_steps": 1},
    ),
}  # fmt: skip


@pytest.fixture(autouse=True)
def _in_float64() -> Iterator[None]:
    with floatx("float64"):
        yield


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("case", CASES)
def test_steps_figures_and_numbers_are_keras_s(case: str) -> None:
    found = []
    for library in BOTH:
        steps: list[int] = []

        class Count(library.callbacks.Callback):  # type: ignore[name-defined]
            def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
                steps.append(0)  # noqa: B023

            def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
                steps[-1] += 1  # noqa: B023

        x, y, options = CASES[case](library)
        made = model(library)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            history = made.fit(x, y, shuffle=False, verbose=0, callbacks=[Count()], **options).history
        found.append((steps, history, made.get_weights()))
    (theirs, their_history, their_weights), (ours, our_history, our_weights) = found
    assert ours == theirs
    assert sorted(our_history) == sorted(their_history)
    for name, values in their_history.items():
        np.testing.assert_allclose(our_history[name], values, rtol=1e-10, err_msg=name)
    for a, b in zip(our_weights, their_weights):
        np.testing.assert_allclose(a, b, rtol=1e-10)


@pytest.mark.usefixtures("eagerly")
@pytest.mark.filterwarnings("ignore:Your input ran out of data")
def test_evaluate_and_predict_are_keras_s() -> None:
    for make in (lambda lib: dataset(lib, (8, 7, 5)), lambda lib: (b for b in batches((8, 7, 5)))):
        for steps in (None, 2):
            theirs, ours = (model(lib).evaluate(make(lib), steps=steps, verbose=0) for lib in BOTH)
            np.testing.assert_allclose(ours, theirs, rtol=1e-10)
            theirs, ours = (model(lib).predict(make(lib), steps=steps, verbose=0) for lib in BOTH)
            np.testing.assert_allclose(ours, theirs, rtol=1e-10)
    theirs, ours = (model(lib).predict(X, batch_size=4, steps=2, verbose=0) for lib in BOTH)
    np.testing.assert_allclose(ours, theirs, rtol=1e-10)


@pytest.mark.usefixtures("eagerly")
def test_keras_trains_a_finished_generator_s_first_batches_again() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs, ours = (model(lib).fit((b for b in batches()), epochs=3, verbose=0).history["loss"] for lib in BOTH)
    assert len(theirs) == 3
    assert len(ours) == 1


@pytest.mark.parametrize(
    "settings",
    [
        {"patience": 2},
        {"patience": 0, "factor": 0.5},
        {"patience": 1, "cooldown": 2, "min_delta": 0.25, "factor": 0.5},
        {"patience": 1, "min_lr": 0.1, "mode": "max", "factor": 0.5},
    ],
)
def test_reduce_lr_on_plateau_sets_keras_s_rates(settings: dict[str, Any]) -> None:
    for values in VALUES:
        rates = []
        for library in BOTH:
            callback = library.callbacks.ReduceLROnPlateau("loss", **settings)
            optimizer = SimpleNamespace(learning_rate=0.5)
            callback.set_model(SimpleNamespace(optimizer=optimizer, metrics=[]))
            callback.on_train_begin()
            seen = []
            for epoch, value in enumerate(values):
                logs = {"loss": value}
                callback.on_epoch_end(epoch, logs)
                seen.append((optimizer.learning_rate, logs["learning_rate"]))
            rates.append(seen)
        np.testing.assert_allclose(rates[1], rates[0], rtol=1e-10)


def test_arguments_stand_in_keras_s_order() -> None:
    left_out = ("kwargs", "max_shard_size")
    for name in ("fit", "evaluate", "predict", "save_weights"):
        theirs, ours = (list(inspect.signature(getattr(lib.Model, name)).parameters) for lib in BOTH)
        assert ours == [n for n in theirs if n not in left_out]
    for name in ("ReduceLROnPlateau", "TerminateOnNaN", "ModelCheckpoint"):
        theirs, ours = (list(inspect.signature(getattr(lib.callbacks, name)).parameters) for lib in BOTH)
        assert ours == [n for n in theirs if n not in left_out]
