"""Dropout and GaussianNoise: what is random about them, and that it can be repeated."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import scratchnet as sn
from scratchnet import layers
from scratchnet.layers import Dropout, GaussianNoise, Input


class Chosen:
    """In place of a layer's seed_generator: its draws are the numbers given."""

    def __init__(self, numbers: Any) -> None:
        self.numbers = numbers

    def next(self) -> Any:
        return self

    def random(self, shape: Any) -> Any:
        return np.reshape(self.numbers, shape)


def test_what_is_kept_is_enlarged_and_gets_its_gradient_enlarged() -> None:
    layer = Dropout(0.75)
    layer.seed_generator = Chosen([0.1, 0.9, 0.75, 0.74])  # type: ignore[assignment]
    np.testing.assert_array_equal(layer(np.array([[1, 2, 3, 4]], "float32"), training=True), [[0, 8, 12, 0]])
    np.testing.assert_array_equal(layer.backward(np.array([[10, 20, 30, 40]], "float32")), [[0, 80, 120, 0]])


@pytest.mark.parametrize("layer", [Dropout(0.5), GaussianNoise(0.5)], ids=lambda layer: layer.name)
def test_nothing_happens_at_inference_also_after_training(layer: Any) -> None:
    x = np.ones((50, 4), "float32")
    assert not np.array_equal(layer(x, training=True), x)
    y = layer(x)
    np.testing.assert_array_equal(y, x)
    np.testing.assert_array_equal(layer.backward(2 * x), 2 * x)
    assert not np.shares_memory(y, x)


@pytest.mark.parametrize("layer", [Dropout(0), GaussianNoise(0)], ids=lambda layer: layer.name)
def test_at_a_rate_of_0_nothing_is_drawn(layer: Any) -> None:
    x = np.ones((5, 4), "float32")
    np.testing.assert_array_equal(layer(x, training=True), x)
    np.testing.assert_array_equal(layer.backward(3 * x), 3 * x)
    assert layer.seed_generator.state[1] == 0


def test_at_a_rate_of_1_nothing_is_left() -> None:
    layer = Dropout(1)
    np.testing.assert_array_equal(layer(np.ones((5, 4), "float32"), training=True), np.zeros((5, 4)))
    np.testing.assert_array_equal(layer.backward(np.ones((5, 4), "float32")), np.zeros((5, 4)))


@given(rate=st.floats(0.05, 0.95), seed=st.integers(0, 2**32))
def test_the_dropped_part_is_the_rate_and_the_mean_stays(rate: float, seed: int) -> None:
    y = Dropout(rate, seed=seed, dtype="float64")(np.ones((100, 200)), training=True)
    assert (y == 0).mean() == pytest.approx(rate, abs=5 * np.sqrt(rate * (1 - rate) / y.size))
    assert y[y > 0] == pytest.approx(1 / (1 - rate))
    assert y.mean() == pytest.approx(1, abs=5 * np.sqrt(rate / (1 - rate) / y.size))


@given(seed=st.integers(0, 2**32), rate=st.floats(0, 1))
def test_backward_is_the_transpose_of_forward(seed: int, rate: float) -> None:
    rng = np.random.default_rng(seed)
    x, dy = rng.normal(size=(2, 5, 7))
    layer = Dropout(rate, seed=seed, dtype="float64")
    assert np.sum(layer(x, training=True) * dy) == pytest.approx(np.sum(x * layer.backward(dy)))


def test_the_noise_has_the_deviation_and_no_mean_and_passes_the_gradient() -> None:
    layer = GaussianNoise(0.25, seed=3)
    x = np.full((100, 200), 5.0)
    noise = layer(x, training=True) - x
    assert noise.mean() == pytest.approx(0, abs=5 * 0.25 / np.sqrt(x.size))
    assert noise.std() == pytest.approx(0.25, rel=0.03)
    np.testing.assert_array_equal(layer.backward(x), x)


def test_noise_shape_shares_draws() -> None:
    y = Dropout(0.5, noise_shape=(None, 1, 1, None), seed=1)(np.ones((8, 3, 5, 16), "float32"), training=True)
    assert (y == y[:, :1, :1]).all(), "a channel is dropped as a whole"
    assert len(np.unique(y[:, 0, 0], axis=0)) == 8, "each sample has its own draws"
    y = Dropout(0.5, noise_shape=[5, 1], seed=1)(np.ones((8, 3, 5, 16), "float32"), training=True)
    assert (y == y[:1, :1, :, :1]).all(), "fewer axes: the last ones"
    assert set(np.unique(y)) == {0, 2}


@pytest.mark.parametrize("noise_shape", [(None, 2, 1), (None, 1, 4), (1, 1, 1, 1), (None,) * 4])
def test_a_noise_shape_that_does_not_fit_is_refused_before_anything_runs(noise_shape: Any) -> None:
    with pytest.raises(ValueError, match=r"noise_shape of the input's lengths or ones, got .* \(None, 3, 5\)"):
        Dropout(0.5, noise_shape)(Input((3, 5)))


def test_a_noise_shape_for_another_batch_is_refused() -> None:
    layer = Dropout(0.5, (8, 1))
    layer(Input((3,)))
    assert layer(np.ones((8, 3), "float32"), training=True).shape == (8, 3)
    with pytest.raises(ValueError, match=r"\(8, 1\) for an input of shape \(7, 3\)"):
        layer(np.ones((7, 3), "float32"), training=True)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Dropout(1.5), "rate of Dropout expected a finite number ≥ 0 and ≤ 1, got 1.5"),
        (lambda: Dropout(float("nan")), "rate of Dropout expected"),
        (lambda: Dropout("half"), "rate of Dropout expected"),
        (lambda: Dropout(0.5, noise_shape="ab"), "noise_shape of Dropout expected whole numbers ≥ 1 or None"),
        (lambda: Dropout(0.5, noise_shape=3), "noise_shape of Dropout expected whole numbers ≥ 1 or None"),
        (lambda: Dropout(0.5, noise_shape=(0, 1)), "noise_shape of Dropout expected a whole number ≥ 1, got 0"),
        (lambda: Dropout(0.5, seed=1.5), "seed of Dropout expected a whole number ≥ 0, got 1.5"),
        (lambda: GaussianNoise(2), "stddev of GaussianNoise expected a finite number ≥ 0 and ≤ 1, got 2"),
        (lambda: GaussianNoise(0.5, seed=-1), "seed of GaussianNoise expected"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(make: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        make()


@pytest.mark.parametrize("kind", [Dropout, GaussianNoise])
def test_a_seed_a_copy_and_the_global_seed_repeat_the_draws(kind: Any) -> None:
    x = np.ones((20, 30), "float32")
    first, second = (kind(0.5, seed=np.int64(7)) for _ in range(2))
    np.testing.assert_array_equal(first(x, training=True), second(x, training=True))
    assert not np.array_equal(first(x, training=True), first(x, training=True)), "each batch has its own"
    second(x, training=True), second(x, training=True)
    np.testing.assert_array_equal(copy.deepcopy(first)(x, training=True), second(x, training=True))

    def by_global_seed() -> Any:
        sn.utils.set_random_seed(5)
        return kind(0.5)(x, training=True)

    np.testing.assert_array_equal(by_global_seed(), by_global_seed())
    assert not np.array_equal(kind(0.5)(x, training=True), by_global_seed())


@pytest.mark.parametrize("kind", [Dropout, GaussianNoise])
def test_float32_draws_the_same_numbers_as_float64(kind: Any) -> None:
    x = np.ones((20, 30))
    single, double = (kind(0.5, seed=1, dtype=dtype)(x, training=True) for dtype in ("float32", "float64"))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, double, rtol=1e-6, atol=1e-6)


def test_the_configuration_makes_an_equal_layer() -> None:
    layer = Dropout(0.25, noise_shape=[None, 1], seed=np.uint8(3), name="d")
    config = layer.get_config()
    assert config == {
        "name": "d", "dtype": "float32", "trainable": True, "rate": 0.25, "noise_shape": (None, 1), "seed": 3,
    }  # fmt: skip
    assert Dropout.from_config(config).get_config() == config
    assert Dropout(0.5, (None, 1), 3).get_config()["noise_shape"] == (None, 1), "Keras's order of arguments"


def model() -> Any:
    inputs = Input((6,))
    x = Dropout(0.3, name="drop")(layers.Dense(8, activation="tanh")(GaussianNoise(0.2)(inputs)))
    built = sn.Model(inputs, layers.Dense(3)(x))
    built.compile(sn.optimizers.SGD(0.1), sn.losses.MeanSquaredError())
    return built


def test_a_network_with_both_trains_the_same_on_both_backends_and_after_a_copy() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(40, 6)).astype("float32"), rng.normal(size=(40, 3)).astype("float32")

    def trained(backend: str) -> Any:
        sn.config.set_backend(backend)
        sn.utils.set_random_seed(1)
        net = model()
        net.fit(x, y, batch_size=8, epochs=2, verbose=0)
        return net.get_weights()

    for a, b in zip(trained("numpy"), trained("numba")):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def test_training_goes_on_from_a_file_with_the_draws_that_come_next(tmp_path: Any, backend: str) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(40, 6)).astype("float32"), rng.normal(size=(40, 3)).astype("float32")
    net = model()
    net.fit(x, y, batch_size=8, shuffle=False, verbose=0)
    net.save(tmp_path / "net")
    loaded = sn.load_model(tmp_path / "net")
    for one in (net, loaded):
        one.fit(x, y, batch_size=8, shuffle=False, verbose=0)
    assert all(np.array_equal(a, b) for a, b in zip(net.get_weights(), loaded.get_weights()))
