"""What a first training step will call is found out without calling it, and how far compiling is fits any terminal."""

from __future__ import annotations

import numpy as np
import pytest

from scratchnet import Model, Sequential, config
from scratchnet.kernels.machine.runtime import Kernel
from scratchnet.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, Input, MaxPooling2D
from scratchnet.optimizers import SGD, Adam
from scratchnet.training import compiling
from scratchnet.training.compiling import calls_of_a_pass, calls_of_a_step, line
from scratchnet.training.sources import Arrays
from scratchnet.training.step import compiled_parts, prepare_optimizer

pytestmark = pytest.mark.skipif(config.backend() != "numba", reason="there are no kernels")
X = np.random.default_rng(0).random((6, 9, 9, 2)).astype(np.float32)
Y = np.array([0, 1, 2, 0, 1, 2])


def model_of(optimizer, loss="sparse_categorical_crossentropy"):
    layers = [
        Conv2D(4, 3, activation="relu"), BatchNormalization(), MaxPooling2D(), Dropout(0.5), Flatten(),
        Dense(5, "tanh"), Dense(3, "softmax"),
    ]  # fmt: skip
    model = Sequential([Input((9, 9, 2)), *layers])
    model.compile(optimizer, loss, metrics=["accuracy"])
    return model


def prepared(model, x=X, y=Y):
    from scratchnet.training.samples import Samples

    prepare_optimizer(model)
    return compiled_parts(model, "train"), Arrays("fit", Samples([x], [y], [None]), 4, None)


@pytest.mark.parametrize("optimizer", [Adam, lambda: SGD(0.1, momentum=0.9), SGD], ids=["adam", "momentum", "sgd"])
def test_the_calls_found_are_those_of_a_step(optimizer, monkeypatch):
    model = model_of(optimizer())
    found = {(kernel, types) for kernel, types in calls_of_a_step(*prepared(model))}
    called = set()
    run = Kernel.__call__

    def noting(self, *arguments):
        import numba

        called.add((self, tuple(map(numba.typeof, arguments))))
        return run(self, *arguments)

    monkeypatch.setattr(Kernel, "__call__", noting)
    model.fit(X, Y, batch_size=4, verbose=0, shuffle=False)
    assert {kernel.__name__ for kernel, _ in called - found} == set()
    assert {kernel.__name__ for kernel, _ in found - called} == set()


def test_nothing_of_the_model_moves():
    model = model_of(Adam())
    parts, source = prepared(model)
    before = [w.copy() for w in [*model.get_weights(), *model.optimizer.variables]]
    assert calls_of_a_step(parts, source)
    after = [*model.get_weights(), *model.optimizer.variables]
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))


def test_nothing_moves_in_layers_that_always_train():
    """In a pass that learns nothing they move their running numbers, and draw; its rehearsal must not."""
    inputs = Input((9, 9, 2))
    norm, dropout = BatchNormalization(), Dropout(0.5)
    y = dropout(norm(inputs, training=True), training=True)
    model = Model(inputs, Dense(3)(Flatten()(y)))
    model.compile("sgd", "mse")
    before = [*model.get_weights(), dropout.seed_generator.state.copy()]
    calls = calls_of_a_pass(compiled_parts(model, "test").plan)
    assert any(kernel.__name__ == "statistics" for kernel, _ in calls)
    for was, now in zip(before, [*model.get_weights(), dropout.seed_generator.state], strict=True):
        np.testing.assert_array_equal(was, now)


def test_a_training_that_was_rehearsed_has_the_same_bits(monkeypatch):
    def trained(rehearsed):
        from scratchnet.utils import set_random_seed

        set_random_seed(3)
        model = model_of(Adam())
        if not rehearsed:
            monkeypatch.setattr(compiling, "calls_of_a_step", lambda *parts: [])
        model.fit(X, Y, batch_size=4, epochs=2, verbose=0)
        return model.get_weights()

    assert all(np.array_equal(a, b) for a, b in zip(trained(True), trained(False), strict=True))


@pytest.mark.parametrize("width", [3, 10, 20, 39, 59, 79, None])
def test_the_line_fits(width):
    text = line(6, 31, 20.4, width)
    assert width is None or len(text) <= width
    assert text in line(6, 31, 20.4, None) or width < 40


def test_the_line_says_which_kernel_of_how_many_and_how_long_it_takes():
    assert line(6, 31, 20.4, 59) == "Compiling kernel 7 of 31, about 20 s left"
    assert line(6, 31, 20.4, 39) == "Kernel 7 of 31, about 20 s left"
    assert line(31, 31, 0.0, 59) == "Compiling kernel 31 of 31, about 1 s left"


@pytest.fixture
def surprises(monkeypatch):
    """The kernels, with the types of their arguments, that were called and not known beforehand."""
    import numba

    from scratchnet.kernels.machine import ahead

    known, called, run = set(), set(), Kernel.__call__

    def noted(calls):
        known.update(calls)
        return []

    def noting(self, *arguments):
        called.add((self, tuple(map(numba.typeof, arguments))))
        return run(self, *arguments)

    monkeypatch.setattr(ahead, "missing", noted)

    def names():
        return {kernel.__name__ for kernel, _ in called - known}

    def watch():
        monkeypatch.setattr(Kernel, "__call__", noting)
        return names

    return watch


def test_fit_knows_the_kernels_of_its_validation(surprises):
    model = model_of(Adam())
    names = surprises()
    model.fit(X, Y, batch_size=4, epochs=2, validation_data=(X, Y), verbose=0)
    model.evaluate(X, Y, verbose=0)
    assert names() == set()


def test_the_kernels_of_prediction_and_of_other_models_are_known_when_asked_for(surprises):
    from scratchnet.models.inside import model_of_maps

    model = model_of(Adam())
    maps = model_of_maps(model)
    compiling.compile_for(model, X, Y, None, [model, maps])
    names = surprises()
    model.predict(X, verbose=0)
    maps.predict(X[:1], verbose=0)
    assert names() == set()


@pytest.mark.parametrize("network", ["cnn", pytest.param("challenge", marks=pytest.mark.slow)])
def test_a_whole_training_by_the_command_line_calls_no_kernel_that_it_did_not_know_at_its_start(
    network, surprises, tmp_path, capsys
):
    from scratchnet.cli import run

    names = surprises()
    arguments = ["--mini", "--samples", "192", "--epochs", "1", "--batch-size", "64", "--output", str(tmp_path / "run")]
    assert run(["train", network, *arguments]) == 0
    assert names() == set()
