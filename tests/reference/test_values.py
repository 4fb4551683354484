"""The same numbers through both libraries; and what happens if a gradient is wrong."""

from __future__ import annotations

import numpy as np
import pytest

import scratchnet
from reference import cases, recipes
from reference.environment import floatx
from reference.report import Row, Worst
from reference.values import LIMITS, Numbers, Probe, compare_gradients
from scratchnet import Input, Model, layers
from scratchnet.interop.twin_layers import layer_from_keras, layer_to_keras
from scratchnet.interop.twins import from_keras, to_keras

DTYPES = ("float64", "float32")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("kind", "every"),
    [("convolutions", 7), ("poolings", 6), ("other_layers", 1), ("merging_and_shapes", 1), ("normalizations", 1)],
    ids=lambda x: str(x),
)
def test_single_layers(kind: str, every: int, dtype: str) -> None:
    worst = cases.compare_layers(getattr(cases, kind), dtype, cases.BACKENDS, every)
    assert worst.row("values", kind, LIMITS[dtype]).ok, worst.where


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", recipes.NETWORKS)
def test_networks_on_a_ragged_batch(name: str, dtype: str) -> None:
    worst = cases.compare_network(name, 5, dtype, cases.BACKENDS)
    assert worst.row("values", name, LIMITS[dtype]).ok, worst.where


@pytest.mark.filterwarnings("ignore:You are using a softmax over axis")
@pytest.mark.parametrize("dtype", DTYPES)
def test_random_models(dtype: str) -> None:
    worst = cases.compare_random_models(20, dtype, cases.BACKENDS)
    assert worst.row("values", "random models", LIMITS[dtype]).ok, worst.where


@pytest.mark.parametrize("dtype", DTYPES)
def test_losses(dtype: str) -> None:
    worst = cases.compare_losses(dtype, cases.BACKENDS)
    assert worst.row("values", "losses", LIMITS[dtype]).ok, worst.where


@pytest.mark.usefixtures("eagerly")
def test_fits_with_class_and_sample_weights() -> None:
    worst = cases.compare_weighted_fits(cases.BACKENDS)
    assert worst.row("values", "fits", LIMITS["float64"]).ok, worst.where


def test_on_the_coarse_grid_numbers_lie_on_the_kinks() -> None:
    with floatx("float32"):
        inputs = Input((6, 6, 2))
        model = Model(inputs, layers.Conv2D(3, 2)(inputs))
        numbers = Numbers(0, "float32")
        numbers.fill(model)
        z = model.predict(numbers.array(20, 6, 6, 2), verbose=0)
    assert (z == 0).mean() > 0.01
    assert np.array_equal(z, np.round(z * 64) / 64), "the sums are not exact"


# A wrong gradient -------------------------------------------------------------------------------------------------


class WrongKernel(layers.Dense):
    """Its kernel's gradient is a tenth too large; everything else is right."""

    def backward(self, dy):
        dx = super().backward(dy)
        self.grads["kernel"] *= 1.1
        return dx


class WrongInput(layers.Conv2D):
    """It hands on a gradient that is off by one part in a million."""

    def backward(self, dy):
        return super().backward(dy) * (1 + 1e-6)


def row_of(make) -> Row:
    worst = Worst()
    with floatx("float64"):
        inputs = Input((6, 6, 2), name="images")
        x = layers.Conv2D(3, 2, activation="relu", name="before")(inputs)
        model = Model(inputs, layers.Dense(4, name="last")(make(x)))
        numbers = Numbers(1, "float64")
        numbers.fill(model)
        compare_gradients(worst, Probe(model), numbers, 3, cases.BACKENDS)
    return worst.row("values", "outputs and all gradients", LIMITS["float64"])


def test_a_wrong_kernel_gradient_turns_the_row_red_and_is_named() -> None:
    row = row_of(lambda x: WrongKernel(5, name="culprit")(layers.Flatten()(x)))
    assert not row.ok
    assert row.difference == pytest.approx(0.1, rel=1e-6)
    assert row.where.startswith("layer culprit: gradient of kernel")


def test_a_wrong_gradient_handed_on_turns_the_row_red_and_the_tensor_it_reached_is_named() -> None:
    row = row_of(lambda x: layers.Flatten()(WrongInput(2, 2, name="culprit")(x)))
    assert not row.ok
    assert row.difference == pytest.approx(1e-6, rel=1e-3)
    assert row.where.startswith("layer before: gradient of")


def test_without_the_mistake_the_same_row_is_green() -> None:
    row = row_of(lambda x: layers.Flatten()(layers.Conv2D(2, 2, name="culprit")(x)))
    assert row.ok, row.where


def test_a_mistake_in_the_library_itself_turns_the_row_of_its_layer_red(monkeypatch) -> None:
    right = scratchnet.layers.Conv2D.backward

    def wrong(self, dy):
        dx = right(self, dy)
        if self.use_bias:
            self.grads["bias"] /= len(dy)
        return dx

    monkeypatch.setattr(scratchnet.layers.Conv2D, "backward", wrong)
    worst = cases.compare_layers(cases.convolutions, "float64", ("numpy",), every=20)
    row = worst.row("values", "Conv2D", LIMITS["float64"])
    assert not row.ok
    assert "layer conv2d: gradient of bias (numpy), in Conv2D(" in row.where


def test_embeddings_and_inputs_of_whole_numbers_have_twins() -> None:
    with floatx("float64"):
        inputs = Input((4,), dtype="int32")
        x = layers.Flatten()(layers.Embedding(9, 3)(inputs))
        model = Model(inputs, layers.Dense(2, "tanh")(x))
        model.compile("sgd", "mse")
        twin = to_keras(model)
        data, labels = np.random.default_rng(0).integers(0, 9, (8, 4)), np.random.default_rng(1).normal(size=(8, 2))
        np.testing.assert_allclose(model.predict(data), twin.predict(data, verbose=0), rtol=1e-10)
        for _ in range(2):
            model.train_on_batch(data, labels), twin.train_on_batch(data, labels)
        for ours, theirs in zip(model.get_weights(), twin.get_weights()):
            np.testing.assert_allclose(ours, theirs, rtol=1e-7)  # Keras keeps the learning rate in float32
        back = from_keras(twin)
        assert [layer.get_config() for layer in back.layers] == [layer.get_config() for layer in model.layers]


@pytest.mark.parametrize("fill_mode", ["constant", "nearest", "reflect"])
@pytest.mark.parametrize("factors", [(0.3, -0.2), (-0.45, 0.7), (1.0, -0.99), (0.2, 0.25)])
def test_translations_by_a_given_distance(fill_mode: str, factors: tuple[float, float]) -> None:
    down, right = ((f, f) for f in factors)
    ours = layers.RandomTranslation(down, right, fill_mode, fill_value=0.5)
    theirs = layer_to_keras(ours)
    x = np.random.default_rng(0).normal(size=(3, 5, 8, 2)).astype("float32")
    np.testing.assert_allclose(ours(x, training=True), theirs(x, training=True), atol=2e-5)
    assert layer_from_keras(theirs).get_config() == ours.get_config()


def test_augmentations_have_twins() -> None:
    for layer in (
        layers.RandomFlip("vertical", seed=3),
        layers.RandomCrop(2, 3, seed=1),
        layers.RandomErasing(0.5, (0.1, 0.2), 0.5, (0, 1), seed=2),
    ):
        assert layer_from_keras(layer_to_keras(layer)).get_config() == layer.get_config()
