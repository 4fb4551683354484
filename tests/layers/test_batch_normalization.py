from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import scratchnet as sn
from scratchnet import layers
from scratchnet.layers import BatchNormalization, Input

IMAGE = (6, 4, 3, 5)


def built(shape: tuple[int, ...] = IMAGE, **options: Any) -> Any:
    """Return a float64 layer with γ, β, running mean and variance of some values, and a batch for it."""
    rng = np.random.default_rng(2)
    layer = BatchNormalization(**{"dtype": "float64", **options})
    layer.build((None, *shape[1:]))
    for array in (*layer.params.values(), *layer.non_trainable.values()):
        array[...] = rng.uniform(0.5, 2, array.shape)
    return layer, rng.normal(3, 2, shape)


def test_a_worked_example() -> None:
    layer = BatchNormalization(epsilon=0, momentum=0.75, dtype="float64")
    y = layer(np.array([[1, 10], [3, 30.0]]), training=True)  # means 2 and 20, variances 1 and 100
    np.testing.assert_array_equal(y, [[-1, -1], [1, 1]])
    np.testing.assert_array_equal(layer.non_trainable["moving_mean"], [0.5, 5])  # 0.75·0 + 0.25·mean
    np.testing.assert_array_equal(layer.non_trainable["moving_variance"], [1, 25.75])  # 0.75·1 + 0.25·variance
    dx = layer.backward(np.array([[5, 1], [2, 1.0]]))
    np.testing.assert_array_equal(layer.grads["beta"], [7, 2])
    np.testing.assert_array_equal(layer.grads["gamma"], [-3, 0])
    np.testing.assert_array_equal(dx, np.zeros((2, 2)))  # two numbers are always put at -1 and 1


def test_inference_by_hand() -> None:
    layer = BatchNormalization(epsilon=0, dtype="float64")
    layer.build((None, 1))
    layer.set_weights([[3.0], [1.0], [2.0], [4.0]])  # γ, β, running mean, running variance: Keras's order
    np.testing.assert_array_equal(layer(np.array([[2.0], [6]])), [[1], [7]])
    np.testing.assert_array_equal(layer.backward(np.array([[2.0], [4]])), [[3], [6]])
    np.testing.assert_array_equal(layer.grads["gamma"], [8])
    np.testing.assert_array_equal(layer.grads["beta"], [6])


@pytest.mark.parametrize("axis", [-1, 1, 2, 3, -2, -3])
def test_every_channel_comes_out_with_mean_beta_and_deviation_gamma(axis: int) -> None:
    layer, x = built(axis=axis, epsilon=0)
    others = tuple(i for i in range(4) if i != axis % 4)
    y = layer(x, training=True)
    assert layer.params["gamma"].shape == (IMAGE[axis],)
    np.testing.assert_allclose(y.mean(others), layer.params["beta"], atol=1e-12)
    np.testing.assert_allclose(y.std(others), layer.params["gamma"])


@pytest.mark.parametrize("shape", [(7, 5), (7, 3, 5), IMAGE])
def test_backward_is_the_compact_form_of_the_books(shape: tuple[int, ...]) -> None:
    layer, x = built(shape)
    layer(x, training=True)
    dy = np.random.default_rng(3).normal(size=shape)
    dx = layer.backward(dy)
    rows, x_rows = dy.reshape(-1, 5), x.reshape(-1, 5)
    sigma = np.sqrt(x_rows.var(axis=0) + layer.epsilon)
    x_hat = (x_rows - x_rows.mean(axis=0)) / sigma
    dbeta, dgamma = rows.sum(axis=0), (rows * x_hat).sum(axis=0)
    compact = layer.params["gamma"] / sigma * (rows - dbeta / len(rows) - x_hat * dgamma / len(rows))
    np.testing.assert_allclose(dx.reshape(-1, 5), compact, atol=1e-14)
    np.testing.assert_allclose(layer.grads["gamma"], dgamma)
    np.testing.assert_allclose(layer.grads["beta"], dbeta)


@given(shift=st.floats(-50, 50), stretch=st.floats(0.1, 10), seed=st.integers(0, 2**32))
def test_shifting_and_stretching_the_input_changes_nothing_so_dx_does_neither(
    shift: float, stretch: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    x, dy = rng.normal(size=(2, 9, 4))
    layer = BatchNormalization(epsilon=0, dtype="float64")
    y = layer(x, training=True)
    np.testing.assert_allclose(layer(x * stretch + shift, training=True), y, atol=1e-9)
    layer(x, training=True)
    dx = layer.backward(dy)
    np.testing.assert_allclose(dx.sum(axis=0), 0, atol=1e-9 * np.abs(dx).max())
    np.testing.assert_allclose((dx * x).sum(axis=0), 0, atol=1e-9 * np.abs(dx).max())


@given(seed=st.integers(0, 2**32), training=st.booleans())
def test_the_channels_do_not_know_of_each_other(seed: int, training: bool) -> None:
    rng = np.random.default_rng(seed)
    x, dy = rng.normal(size=(2, 5, 3, 4))
    whole, part = (BatchNormalization(dtype="float64") for _ in range(2))
    np.testing.assert_allclose(whole(x, training)[..., 1:2], part(x[..., 1:2], training))
    np.testing.assert_allclose(whole.backward(dy)[..., 1:2], part.backward(dy[..., 1:2]), atol=1e-14)


def test_the_running_variance_is_the_batch_s_own_not_the_unbiased_one() -> None:
    x = np.array([[0.0], [2.0]])
    layer = BatchNormalization(momentum=0, dtype="float64")
    layer(x, training=True)
    assert layer.non_trainable["moving_variance"] == 1


def test_the_running_numbers_come_to_those_of_the_data_and_stay_in_place() -> None:
    rng = np.random.default_rng(0)
    layer = BatchNormalization(momentum=0.9)
    layer.build((None, 3))
    kept = layer.non_trainable["moving_mean"]
    for _ in range(200):
        layer(rng.normal([1, -2, 5], [1, 2, 0.5], (400, 3)), training=True)
    assert kept is layer.non_trainable["moving_mean"]
    np.testing.assert_allclose(kept, [1, -2, 5], atol=0.1)
    np.testing.assert_allclose(layer.non_trainable["moving_variance"], [1, 4, 0.25], rtol=0.1)


def test_inference_moves_nothing_and_a_sample_s_output_is_its_own() -> None:
    layer, x = built()
    before = layer.get_weights()
    y = layer(x)
    assert all(np.array_equal(a, b) for a, b in zip(before, layer.get_weights()))
    np.testing.assert_array_equal(layer(x[2:3]), y[2:3])


def test_a_frozen_layer_does_in_training_what_it_does_at_inference() -> None:
    layer, x = built()
    y, dx = layer(x), layer.backward(x)
    layer.trainable = False
    before = layer.get_weights()
    np.testing.assert_array_equal(layer(x, training=True), y)
    np.testing.assert_array_equal(layer.backward(x), dx)
    assert all(np.array_equal(a, b) for a, b in zip(before, layer.get_weights()))
    layer.trainable = True
    assert not np.array_equal(layer(x, training=True), y)


def test_backward_goes_with_the_last_forward() -> None:
    layer, x = built()
    layer(x, training=True)
    by_batch = layer.backward(x)
    layer(x)
    assert not np.allclose(layer.backward(x), by_batch)


@pytest.mark.parametrize("center", [True, False])
@pytest.mark.parametrize("scale", [True, False])
@pytest.mark.parametrize("training", [True, False])
def test_without_gamma_and_beta_it_is_as_with_ones_and_zeros(center: bool, scale: bool, training: bool) -> None:
    layer, x = built(center=center, scale=scale)
    full, _ = built()
    full.params["gamma"][...] = layer.params.get("gamma", 1.0)
    full.params["beta"][...] = layer.params.get("beta", 0.0)
    for name, array in layer.non_trainable.items():
        full.non_trainable[name] = array
    assert list(layer.params) == ["gamma"] * scale + ["beta"] * center
    np.testing.assert_allclose(layer(x, training), full(x, training))
    np.testing.assert_allclose(layer.backward(x), full.backward(x))
    for name, gradient in layer.grads.items():
        np.testing.assert_allclose(gradient, full.grads[name])


def test_a_single_sample_of_features_comes_out_as_beta_and_gets_no_gradient() -> None:
    layer, x = built((1, 5))
    np.testing.assert_array_equal(layer(x, training=True), layer.params["beta"][None])
    np.testing.assert_array_equal(layer.backward(x), np.zeros((1, 5)))


def test_a_channel_of_equal_numbers_is_finite() -> None:
    layer = BatchNormalization()
    assert np.isfinite(layer(np.full((4, 2), 7, "float32"), training=True)).all()
    assert np.isfinite(layer.backward(np.ones((4, 2), "float32"))).all()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"axis": 1.5}, "axis of BatchNormalization expected a whole number, got 1.5"),
        ({"axis": [1]}, "axis of BatchNormalization expected a whole number"),
        ({"momentum": 1.1}, "momentum of BatchNormalization expected a finite number ≥ 0 and ≤ 1, got 1.1"),
        ({"momentum": "0.9"}, "momentum of BatchNormalization expected"),
        ({"epsilon": -1e-3}, "epsilon of BatchNormalization expected a finite number ≥ 0, got -0.001"),
        ({"center": 1}, "center of BatchNormalization expected True or False, got 1"),
        ({"scale": "no"}, "scale of BatchNormalization expected True or False, got 'no'"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        BatchNormalization(**options)


@pytest.mark.parametrize("axis", [0, -3, 3, -4, 7])
def test_an_axis_that_is_the_batch_or_not_there_is_refused(axis: int) -> None:
    with pytest.raises(ValueError, match=rf"channels along axis {axis}, beside the batch, got \(None, 4, 3\)"):
        BatchNormalization(axis=axis)(Input((4, 3)))


def test_another_number_of_channels_is_refused() -> None:
    layer, x = built()
    with pytest.raises(ValueError, match=r"expected 5 channels along axis -1, got \(None, 4, 3, 4\)"):
        layer(x[..., :4])


def test_the_configuration_makes_an_equal_layer_with_numpy_s_numbers_too() -> None:
    layer = BatchNormalization(
        np.int64(2), np.float32(0.5), 1, np.True_, False, "he_normal", moving_variance_initializer="zeros", name="b"
    )
    config = layer.get_config()
    assert {k: config[k] for k in ("axis", "momentum", "epsilon", "center", "scale")} == {
        "axis": 2, "momentum": 0.5, "epsilon": 1.0, "center": True, "scale": False,
    }  # fmt: skip
    assert config["beta_initializer"]["class_name"] == "HeNormal"
    assert config["moving_variance_initializer"]["class_name"] == "Zeros"
    assert BatchNormalization.from_config(config).get_config() == config


# In a network -----------------------------------------------------------------------------------------------------


def network(dtype: str = "float32") -> Any:
    inputs = Input((6, 6, 2), dtype=dtype)
    x = layers.Conv2D(4, 3, use_bias=False, dtype=dtype)(inputs)
    x = layers.ReLU(dtype=dtype)(BatchNormalization(name="norm", dtype=dtype)(x))
    x = layers.Flatten(dtype=dtype)(layers.MaxPooling2D(dtype=dtype)(x))
    return sn.Model(inputs, layers.Dense(3, activation="softmax", dtype=dtype)(x))


def data(n: int = 48) -> tuple[Any, Any]:
    rng = np.random.default_rng(0)
    return rng.normal(1, 2, (n, 6, 6, 2)).astype("float32"), np.arange(n) % 3


def test_both_backends_train_the_same_running_numbers_included() -> None:
    x, y = data()

    def trained(backend: str) -> Any:
        sn.config.set_backend(backend)
        sn.utils.set_random_seed(1)
        net = network("float64")
        net.compile(sn.optimizers.SGD(0.1), "sparse_categorical_crossentropy")
        net.fit(x.astype("float64"), y, batch_size=16, epochs=2, verbose=0)
        return net

    one, two = trained("numpy"), trained("numba")
    assert not np.array_equal(one.get_layer("norm").non_trainable["moving_mean"], np.zeros(4))
    for a, b in zip(one.get_weights(), two.get_weights()):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


def test_a_frozen_layer_in_a_network_lets_gradients_pass_and_keeps_still(backend: str) -> None:
    x, y = data()
    net = network()
    net.compile("sgd", "sparse_categorical_crossentropy")
    net.fit(x, y, verbose=0)
    norm = net.get_layer("norm")
    norm.trainable = False
    before, kernel = norm.get_weights(), net.layers[1].params["kernel"].copy()
    net.fit(x, y, verbose=0)
    assert all(np.array_equal(a, b) for a, b in zip(before, norm.get_weights()))
    assert not np.array_equal(kernel, net.layers[1].params["kernel"]), "the layer before it still learns"
    norm.trainable = True
    net.fit(x, y, verbose=0)
    assert not any(np.array_equal(a, b) for a, b in zip(before, norm.get_weights()))


def test_predicting_and_evaluating_leave_the_running_numbers_alone(backend: str) -> None:
    x, y = data()
    net = network()
    net.compile("sgd", "sparse_categorical_crossentropy")
    before = net.get_weights()
    net.predict(x, verbose=0)
    net.evaluate(x, y, verbose=0)
    assert all(np.array_equal(a, b) for a, b in zip(before, net.get_weights()))


def test_saving_and_copying_bring_the_running_numbers_along(tmp_path: Any) -> None:
    x, y = data()
    net = network()
    net.compile("sgd", "sparse_categorical_crossentropy")
    net.fit(x, y, verbose=0)
    net.save(tmp_path / "net")
    for other in (sn.load_model(tmp_path / "net"), copy.deepcopy(net)):
        np.testing.assert_array_equal(other.predict(x, verbose=0), net.predict(x, verbose=0))
        np.testing.assert_array_equal(other.get_layer("norm").get_weights(), net.get_layer("norm").get_weights())


def test_a_layer_at_two_places_moves_its_running_numbers_at_both() -> None:
    inputs = Input((3,))
    norm = BatchNormalization(momentum=0.5)
    net = sn.Model(inputs, norm(layers.Dense(3)(norm(inputs))))
    net.compile("sgd", sn.losses.MeanSquaredError())
    x = np.random.default_rng(0).normal(4, 1, (32, 3)).astype("float32")
    net.fit(x, np.zeros((32, 3), "float32"), batch_size=32, verbose=0)
    first = 0.5 * x.mean(axis=0)  # the first place's; the second one halves it and adds its own mean
    second = norm.non_trainable["moving_mean"] - 0.5 * first
    assert np.abs(norm.non_trainable["moving_mean"] - first).max() > 0.1
    assert np.isfinite(second).all()


def test_the_summary_counts_what_is_not_trained(capsys: Any) -> None:
    network().summary()
    assert "Non-trainable params: 8" in capsys.readouterr().out


@pytest.mark.parametrize("training", [True, False])
def test_a_batch_takes_no_more_memory_than_needed(training: bool) -> None:
    import tracemalloc

    layer = BatchNormalization()
    x = np.random.default_rng(0).normal(size=(64, 26, 26, 32)).astype("float32")
    y = layer(x, training)
    tracemalloc.start()
    try:
        layer.forward(x, training)
        forward = tracemalloc.get_traced_memory()[1] / x.nbytes
        tracemalloc.reset_peak()
        layer.backward(y)
        backward = tracemalloc.get_traced_memory()[1] / x.nbytes
    finally:
        tracemalloc.stop()
    assert forward < 2.2, "x̂ and one more at a time"
    assert backward < 4.2, "x̂ of the last forward, dx̂, dx and one more at a time"
