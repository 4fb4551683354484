from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import scratchnet as sn
from scratchnet import layers
from scratchnet.layers import BatchNormalization, Input, LayerNormalization

IMAGE = (6, 4, 3, 5)


def built(shape: tuple[int, ...] = IMAGE, **options: Any) -> Any:
    """Return a float64 layer with some γ and β, and a batch for it."""
    rng = np.random.default_rng(2)
    layer = LayerNormalization(**{"dtype": "float64", **options})
    layer.build((None, *shape[1:]))
    for array in layer.params.values():
        array[...] = rng.uniform(0.5, 2, array.shape)
    return layer, rng.normal(3, 2, shape)


def test_a_worked_example() -> None:
    layer = LayerNormalization(epsilon=0, dtype="float64")
    layer.build((None, 4))
    layer.set_weights([[1.0, 2, 3, 4], [0.0, 0, 0, 10]])
    y = layer(np.array([[1.0, 3, 1, 3], [0, 0, 20, 20]]))  # means 2 and 10, deviations 1 and 10
    np.testing.assert_array_equal(y, [[-1, 2, -3, 14], [-1, -2, 3, 14]])
    dx = layer.backward(np.array([[4.0, 0, 0, 0], [0, 0, 0, 0]]))
    # dx̂ is [4, 0, 0, 0]: mean 1, along x̂ -1.
    np.testing.assert_array_equal(dx, [[2, 0, -2, 0], [0, 0, 0, 0]])
    np.testing.assert_array_equal(layer.grads["gamma"], [-4, 0, 0, 0])
    np.testing.assert_array_equal(layer.grads["beta"], [4, 0, 0, 0])


@pytest.mark.parametrize(
    ("axis", "rows", "shape"),
    [
        (-1, (3,), (5,)),
        (1, (1,), (4,)),
        (-2, (2,), (3,)),
        ((1, 2), (1, 2), (4, 3)),
        ([2, 1], (1, 2), (4, 3)),
        ((-1, 1), (1, 3), (4, 5)),
        ((1, 2, 3), (1, 2, 3), (4, 3, 5)),
    ],
)
def test_every_row_comes_out_with_mean_0_and_deviation_1_before_gamma_and_beta(
    axis: Any, rows: tuple[int, ...], shape: tuple[int, ...]
) -> None:
    layer = LayerNormalization(axis, epsilon=0, dtype="float64")
    y = layer(np.random.default_rng(0).normal(3, 2, IMAGE))
    np.testing.assert_allclose(y.mean(rows), 0, atol=1e-12)
    np.testing.assert_allclose(y.std(rows), 1)
    assert layer.params["gamma"].shape == layer.params["beta"].shape == shape


@given(seed=st.integers(0, 2**32))
def test_a_row_is_what_a_channel_is_in_a_batch_normalization(seed: int) -> None:
    x, dy = np.random.default_rng(seed).normal(size=(2, 7, 4))
    rows, channels = LayerNormalization(dtype="float64"), BatchNormalization(dtype="float64")
    np.testing.assert_allclose(rows(x), channels(x.T, training=True).T)
    np.testing.assert_allclose(rows.backward(dy), channels.backward(dy.T).T, atol=1e-13)


@given(seed=st.integers(0, 2**32), shift=st.floats(-50, 50), stretch=st.floats(0.1, 10))
def test_shifting_and_stretching_a_row_changes_nothing_so_dx_does_neither(
    seed: int, shift: float, stretch: float
) -> None:
    x, dy = np.random.default_rng(seed).normal(size=(2, 3, 8))
    layer, _ = built((3, 8), epsilon=0)
    y = layer(x)
    np.testing.assert_allclose(layer(x * stretch + shift), y, atol=1e-9)
    layer(x)
    dx = layer.backward(dy)
    np.testing.assert_allclose(dx.sum(axis=1), 0, atol=1e-9 * np.abs(dx).max())
    np.testing.assert_allclose((dx * x).sum(axis=1), 0, atol=1e-9 * np.abs(dx).max())


def test_samples_do_not_know_of_each_other_and_training_changes_nothing() -> None:
    layer, x = built()
    y = layer(x)
    np.testing.assert_array_equal(layer(x[1:2]), y[1:2])
    np.testing.assert_array_equal(layer(x, training=True), y)
    assert layer.non_trainable == {}


@pytest.mark.parametrize("center", [True, False])
@pytest.mark.parametrize("scale", [True, False])
def test_without_gamma_and_beta_it_is_as_with_ones_and_zeros(center: bool, scale: bool) -> None:
    layer, x = built(center=center, scale=scale, axis=(1, 3))
    full, _ = built(axis=(1, 3))
    full.params["gamma"][...] = layer.params.get("gamma", 1.0)
    full.params["beta"][...] = layer.params.get("beta", 0.0)
    assert list(layer.params) == ["gamma"] * scale + ["beta"] * center
    np.testing.assert_allclose(layer(x), full(x))
    np.testing.assert_allclose(layer.backward(x), full.backward(x))
    for name, gradient in layer.grads.items():
        np.testing.assert_allclose(gradient, full.grads[name])


def test_a_row_of_equal_numbers_is_finite() -> None:
    layer = LayerNormalization()
    assert np.isfinite(layer(np.full((4, 2), 7, "float32"))).all()
    assert np.isfinite(layer.backward(np.ones((4, 2), "float32"))).all()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"axis": 1.0}, "axis of LayerNormalization expected a whole number, got 1.0"),
        ({"axis": ()}, r"axis of LayerNormalization expected a whole number, got \(\)"),
        ({"axis": (1, "2")}, "axis of LayerNormalization expected a whole number, got '2'"),
        ({"epsilon": -1}, "epsilon of LayerNormalization expected a finite number ≥ 0, got -1"),
        ({"center": 1}, "center of LayerNormalization expected True or False, got 1"),
        ({"scale": None}, "scale of LayerNormalization expected True or False, got None"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        LayerNormalization(**options)


@pytest.mark.parametrize("axis", [0, -3, 3, (1, 0), (1, 1), (1, -2), (1, 5)])
def test_an_axis_that_is_the_batch_not_there_or_there_twice_is_refused(axis: Any) -> None:
    with pytest.raises(ValueError, match=r"features along axis .*, beside the batch, got \(None, 4, 3\)"):
        LayerNormalization(axis)(Input((4, 3)))


def test_rows_of_another_length_are_refused() -> None:
    layer, x = built()
    with pytest.raises(ValueError, match=r"expected lengths \(5,\) along axis -1, got \(None, 4, 3, 4\)"):
        layer(x[..., :4])


@pytest.mark.parametrize(("axis", "kept"), [(-1, -1), ([1], 1), ([2, 1], (2, 1)), ((np.int64(1), 2), (1, 2))])
def test_the_configuration_makes_an_equal_layer(axis: Any, kept: Any) -> None:
    config = LayerNormalization(axis, 0.5, False, gamma_initializer="he_normal", name="l").get_config()
    assert (config["axis"], config["epsilon"], config["center"], config["scale"]) == (kept, 0.5, False, True)
    assert LayerNormalization.from_config(config).get_config() == config


def test_a_network_with_it_trains_the_same_on_both_backends_and_is_saved(tmp_path: Any) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(1, 2, (40, 6, 3)), np.arange(40) % 3

    def trained(backend: str) -> Any:
        sn.config.set_backend(backend)
        sn.utils.set_random_seed(1)
        inputs = Input((6, 3), dtype="float64")
        hidden = LayerNormalization((1, 2), dtype="float64")(layers.Dense(4, "tanh", dtype="float64")(inputs))
        flat = LayerNormalization(dtype="float64")(layers.Flatten(dtype="float64")(hidden))
        net = sn.Model(inputs, layers.Dense(3, "softmax", dtype="float64")(flat))
        net.compile(sn.optimizers.SGD(0.1), "sparse_categorical_crossentropy")
        net.fit(x, y, batch_size=16, epochs=2, verbose=0)
        return net

    one, two = trained("numpy"), trained("numba")
    for a, b in zip(one.get_weights(), two.get_weights()):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)
    two.save(tmp_path / "net")
    np.testing.assert_array_equal(sn.load_model(tmp_path / "net").predict(x, verbose=0), two.predict(x, verbose=0))
