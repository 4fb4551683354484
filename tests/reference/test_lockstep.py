"""Both libraries take the same training steps."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

import scratchnet
from reference import lockstep
from reference.environment import floatx, keras
from scratchnet import Input, Sequential, layers, optimizers


def network(*extra: layers.Layer) -> Sequential:
    scratchnet.utils.set_random_seed(1)
    with floatx("float64"):
        return Sequential(
            [
                Input((8, 8, 1)),
                layers.Conv2D(3, 2, activation="relu", name="conv"),
                layers.MaxPooling2D(),
                layers.Flatten(),
                *extra,
                layers.Dense(10, "softmax", name="last"),
            ]
        )


def batches(steps: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    (x, y), _ = scratchnet.datasets.fashion_mnist.load_data(subset="mini")
    for start in range(0, 32 * steps, 32):
        size = 32 if start < 32 * (steps - 1) else 11  # a ragged last batch
        yield x[start : start + size, 2:26:3, 2:26:3, None] / 255, y[start : start + size]


@pytest.mark.parametrize("side", ["numpy", "numba"])
@pytest.mark.parametrize("title", [*lockstep.PAIRS, *lockstep.MORE_PAIRS])
def test_every_optimizer_stays_together_with_keras(title: str, side: str) -> None:
    pair = (lockstep.PAIRS | lockstep.MORE_PAIRS)[title]
    drift = lockstep.run_pair(network(), pair, batches(20), side)
    assert len(drift.weights) == 20
    assert drift.weight.difference < lockstep.LIMIT, drift.weight.where
    assert drift.gradient.difference < 1e-10, drift.gradient.where
    assert drift.loss.difference < 1e-10, drift.loss.where


@pytest.mark.parametrize("name", ["mlp", "cnn"])
def test_the_networks_of_the_notebook_stay_together_with_keras(name: str) -> None:
    model = lockstep.new_network(name, "float64")
    (x, y), _ = scratchnet.datasets.fashion_mnist.load_data(subset="mini")
    shape = [n for n in model.inputs[0].shape[1:] if n is not None]
    parts = [slice(start, start + 16) for start in range(0, 128, 16)]
    drift = lockstep.run_pair(
        model, lockstep.PAIRS["Adam"], ((x[rows].reshape(-1, *shape) / 255, y[rows]) for rows in parts)
    )
    assert len(drift.weights) == 8
    assert drift.weight.difference < lockstep.LIMIT, drift.weight.where


def test_exact_betas_part_from_keras_at_the_first_step_and_go_on() -> None:
    drift = lockstep.run_pair(network(), lockstep.EXACT, batches(20))
    assert 1e-9 < drift.weights[0] < 1e-7  # Keras's betas are off by 1e-8; 1 - beta_2 therefore by 1e-5
    assert drift.weights[-1] > 10 * drift.weights[0]


def test_a_run_that_has_parted_is_stopped_and_one_for_a_curve_is_not() -> None:
    pair = lockstep.Pair(lambda: optimizers.SGD(0.5), lambda: keras.optimizers.SGD(0.25))
    assert len(lockstep.run_pair(network(), pair, batches(5)).weights) == 1
    assert len(lockstep.run_pair(network(), pair, batches(5), keep_going=True).weights) == 5


class Wrong(layers.Dense):
    def backward(self, dy):
        dx = super().backward(dy)
        self.grads["bias"] += 1e-8
        return dx


@pytest.mark.usefixtures("eagerly")
def test_a_wrong_gradient_turns_the_row_red_and_is_named() -> None:
    model = network(Wrong(6, name="culprit", dtype="float64"))
    drift = lockstep.run_pair(model, lockstep.PAIRS["SGD"], batches(3))
    row = drift.gradient.row("training", "every gradient", 1e-10)
    assert not row.ok
    assert row.where.startswith("culprit/bias at step")
    assert not drift.weight.row("training", "every weight", lockstep.LIMIT).ok


def test_fashion_batches_are_one_epoch_with_a_ragged_end(monkeypatch) -> None:
    data = scratchnet.datasets.fashion_mnist.load_data(subset="mini")
    monkeypatch.setattr(scratchnet.datasets.fashion_mnist, "load_data", lambda: data)
    found = list(lockstep.fashion_batches((28, 28), "float32", lockstep.STEPS))
    assert [len(y) for _, y in found] == [64] * 78 + [8]
    assert found[0][0].dtype == np.float32
    assert 0.9 < max(x.max() for x, _ in found) <= 1
    assert len(list(lockstep.fashion_batches((28, 28), "float32", 3))) == 3
