"""What a comparison of outputs and gradients in training cannot show: running numbers, inference, freezing, draws."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import scratchnet as sn
from reference.environment import backend, floatx, keras, tf
from scratchnet import interop, layers

TOLERANCE = {"float64": 1e-10, "float32": 1e-5}
RNG = np.random.default_rng(7)


def close(ours: Any, theirs: Any, dtype: str) -> None:
    theirs = np.asarray(theirs)
    assert ours.dtype == theirs.dtype == np.dtype(dtype)
    assert np.abs(ours - theirs).max() <= TOLERANCE[dtype] * max(np.abs(theirs).max(), 1)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize(
    ("shape", "options"),
    [
        ((8, 5), {}),
        ((1, 5), {"momentum": 0.3}),
        ((8, 3, 4, 2), {"momentum": 0.9}),
        ((8, 3, 4, 2), {"axis": 1, "epsilon": 0.25, "center": False}),
        ((8, 3, 4, 2), {"axis": -2, "scale": False, "momentum": 0}),
        ((8, 3, 2), {"moving_mean_initializer": "ones", "moving_variance_initializer": "zeros", "momentum": 0.5}),
    ],
)
def test_batches_in_training_then_one_at_inference_then_one_frozen(
    shape: tuple[int, ...], options: Any, dtype: str
) -> None:
    ours = layers.BatchNormalization(dtype=dtype, **options)
    theirs = keras.layers.BatchNormalization(dtype=dtype, **options)
    theirs.build((None, *shape[1:]))
    ours.build((None, *shape[1:]))
    for array in ours.params.values():
        array[...] = RNG.uniform(0.5, 2, array.shape)
    theirs.set_weights(ours.get_weights())
    for training, trainable in ((True, True), (True, True), (False, True), (True, False), (True, True)):
        ours.trainable = theirs.trainable = trainable
        x, dy = (RNG.normal(1, 2, shape).astype(dtype) for _ in range(2))
        with tf.GradientTape() as tape:
            constant = tf.constant(x)
            tape.watch(constant)
            y = theirs(constant, training=training)
        parameters = [v.value for v in (theirs.gamma, theirs.beta) if v is not None]
        dx, *grads = tape.gradient(y, [constant, *parameters], tf.constant(dy))
        close(ours(x, training), y, dtype)
        close(ours.backward(dy), dx, dtype)
        for (_, gradient), expected in zip(ours.grads.items(), grads, strict=True):
            close(gradient, expected, dtype)
        for array, expected in zip(ours.get_weights(), theirs.get_weights(), strict=True):
            close(array, expected, dtype)


@pytest.mark.parametrize("side", ["numpy", "numba"])
def test_steps_of_a_small_network_in_lock_step(side: str) -> None:
    x, y = RNG.normal(1, 2, (32, 6, 6, 2)), RNG.integers(0, 3, 32)
    with floatx("float64"), backend(side):
        model = sn.Sequential(
            [
                layers.Input((6, 6, 2)),
                layers.Conv2D(4, 3, use_bias=False),
                layers.BatchNormalization(momentum=0.9, name="norm"),
                layers.ReLU(),
                layers.MaxPooling2D(),
                layers.Flatten(),
                layers.Dense(6),
                layers.LayerNormalization(),
                layers.Activation("tanh"),
                layers.BatchNormalization(scale=False),
                layers.Dense(3, "softmax"),
            ]
        )
        model.compile(sn.optimizers.SGD(0.1), "sparse_categorical_crossentropy")
        twin = interop.to_keras(model)
        for step in range(20):
            if step == 15:  # from here on the first is frozen, and passes gradients as a constant does
                for one in (model, twin):
                    one.get_layer("norm").trainable = False
                twin.compile(keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy")
            rows = RNG.permutation(32)[:16]
            ours = model.train_on_batch(x[rows], y[rows])
            theirs = twin.train_on_batch(x[rows], y[rows])
            assert np.allclose(np.ravel(ours)[0], np.ravel(theirs)[0], rtol=1e-12)
            for a, b in zip(model.get_weights(), twin.get_weights(), strict=True):
                assert np.abs(a - b).max() < 1e-12, step
        np.testing.assert_allclose(model.predict(x, verbose=0), twin.predict(x, verbose=0), rtol=1e-10)
        assert np.isclose(*(np.ravel(m.evaluate(x, y, verbose=0))[0] for m in (model, twin)), rtol=1e-10)


class Drawn:
    """In place of a layer's seed_generator: draws that lead to what Keras drew."""

    def __init__(self, numbers: Any) -> None:
        self.numbers = numbers

    def next(self) -> Any:
        return self

    def random(self, shape: Any) -> Any:
        assert self.numbers.shape == shape
        return self.numbers

    def normal(self, mean: float, stddev: float, shape: Any) -> Any:
        return self.numbers


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize(
    ("rate", "noise_shape", "where"),
    [
        (0.3, None, np.s_[:]),
        (0.5, (None, 1, None), np.s_[:, :1]),
        (0.9, (4, 5, 1), np.s_[:, :, :1]),
        (0.5, (6,), np.s_[:1, :1]),
        (1, None, np.s_[:]),
    ],
)
def test_dropout_with_the_draws_of_keras(rate: float, noise_shape: Any, where: Any, dtype: str) -> None:
    theirs = keras.layers.Dropout(rate, noise_shape=noise_shape, seed=3, dtype=dtype)
    ours = layers.Dropout(rate, noise_shape=noise_shape, dtype=dtype)
    x, dy = (RNG.uniform(1, 2, (4, 5, 6)).astype(dtype) for _ in range(2))
    with tf.GradientTape() as tape:
        constant = tf.constant(x)
        tape.watch(constant)
        y = theirs(constant, training=True)
    ours.seed_generator = Drawn(np.where(y[where] == 0, 0, 0.999))  # type: ignore[assignment]
    close(ours(x, training=True), y, dtype)
    dx = tape.gradient(y, constant, tf.constant(dy), unconnected_gradients=tf.UnconnectedGradients.ZERO)
    close(ours.backward(dy), dx, dtype)
    close(ours(x), theirs(constant, training=False), dtype)


def test_gaussian_noise_with_the_draws_of_keras() -> None:
    theirs = keras.layers.GaussianNoise(0.25, seed=3, dtype="float64")
    ours = layers.GaussianNoise(0.25, dtype="float64")
    x = RNG.normal(size=(200, 300))
    y = theirs(x, training=True).numpy()
    ours.seed_generator = Drawn(y - x)  # type: ignore[assignment]
    close(ours(x, training=True), y, "float64")
    assert (y - x).std() == pytest.approx(ours.stddev, rel=0.02), "Keras's stddev means the same"


@pytest.mark.parametrize(
    "layer",
    [
        layers.BatchNormalization(axis=2, momentum=0.5, epsilon=0.25, scale=False, beta_initializer="he_normal"),
        layers.BatchNormalization(trainable=False, moving_variance_initializer="zeros"),
        layers.LayerNormalization((1, 2), 0.25, center=False),
        layers.LayerNormalization(axis=-1, gamma_initializer="glorot_uniform"),
        layers.LayerNormalization([2, 1]),
        layers.Dropout(0.25, (None, 1, None), 7),
        layers.Dropout(0, seed=3),
        layers.GaussianNoise(0.5, 7),
    ],
    ids=lambda layer: layer.name,
)
@pytest.mark.parametrize("built", [True, False])
def test_there_and_back_keeps_the_configuration_and_the_weights(layer: Any, built: bool) -> None:
    layer = type(layer).from_config(layer.get_config())
    model = sn.Sequential([layers.Input((4, 3)), layer] if built else [layer])
    twin = interop.to_keras(model)
    again = interop.from_keras(twin)
    config = layer.get_config()
    if isinstance(layer, layers.LayerNormalization) and built and isinstance(config["axis"], tuple):
        config["axis"] = tuple(sorted(config["axis"]))  # Keras keeps them so
    assert again.layers[-1].get_config() == config
    for a, b in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_positions_of_arguments_and_defaults_are_those_of_keras() -> None:
    import inspect

    for name in ("BatchNormalization", "LayerNormalization", "Dropout", "GaussianNoise"):
        ours, theirs = (
            [p for p in inspect.signature(getattr(side, name)).parameters.values() if p.kind is not p.VAR_KEYWORD]
            for side in (layers, keras.layers)
        )
        assert [(p.name, p.default) for p in ours] == [(p.name, p.default) for p in theirs[: len(ours)]], name
