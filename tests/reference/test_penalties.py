"""Regularizers, constraints and added losses beside Keras's: values, slopes, and what a training makes of them.

Keras rounds the factors of regularizers to float32 even in float64, so they are sums of powers of two here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import scratchnet as sn
from reference.environment import backend, floatx, keras, tf

RNG = np.random.default_rng(3)
SIDES = ("numpy", "numba")
CLOSE = {"rtol": 1e-10, "atol": 1e-10}

REGULARIZERS = [
    lambda lib: lib.regularizers.L1(0.375),
    lambda lib: lib.regularizers.L2(0.375),
    lambda lib: lib.regularizers.L1L2(0.25, 0.375),
    lambda lib: lib.regularizers.l1_l2(l1=0.25),
    lambda lib: lib.regularizers.OrthogonalRegularizer(0.7),
    lambda lib: lib.regularizers.OrthogonalRegularizer(0.7, mode="columns"),
    *(lambda lib, name=name: lib.regularizers.get(name) for name in ("l1", "l2", "l1l2", "L1", "L2", "L1L2")),
    lambda lib: lib.regularizers.get("orthogonal_regularizer"),
    lambda lib: lib.regularizers.get({"class_name": "L2", "config": {"l2": 0.5}}),
]
CONSTRAINTS = [
    lambda lib: lib.constraints.MaxNorm(1.3),
    lambda lib: lib.constraints.MaxNorm(0.5, axis=[0, 1]),
    lambda lib: lib.constraints.MaxNorm(0.7, axis=1),
    lambda lib: lib.constraints.NonNeg(),
    lambda lib: lib.constraints.UnitNorm(),
    lambda lib: lib.constraints.UnitNorm(axis=-1),
    lambda lib: lib.constraints.MinMaxNorm(0.9, 1.1, rate=0.4),
    lambda lib: lib.constraints.MinMaxNorm(axis=1),
    *(lambda lib, name=name: lib.constraints.get(name) for name in ("max_norm", "min_max_norm", "non_neg", "UnitNorm")),
]


@pytest.mark.parametrize("make", REGULARIZERS)
def test_penalties_and_their_slopes(make: Any) -> None:
    ours, theirs = make(sn), make(keras)
    single = isinstance(ours, sn.regularizers.OrthogonalRegularizer)  # Keras's cannot compute in float64
    w = RNG.standard_normal((5, 4))
    if not single:
        w[1], w[2, 1:3] = 0, 0
    variable = tf.Variable(w.astype("float32") if single else w)
    with tf.GradientTape() as tape:
        expected = theirs(variable) + 0 * tf.reduce_sum(variable)  # else there is no slope where both factors are 0
    close = {"rtol": 1e-6, "atol": 1e-6} if single else {"rtol": 3e-8} if 0.01 in ours.get_config().values() else CLOSE
    np.testing.assert_allclose(ours(w), expected, **close)
    np.testing.assert_allclose(ours.gradient(w), tape.gradient(expected, variable), **close)


@pytest.mark.parametrize("make", CONSTRAINTS)
@pytest.mark.parametrize("shape", [(5, 4), (3, 2, 4)])
def test_constrained_weights(make: Any, shape: tuple[int, ...]) -> None:
    w = RNG.standard_normal(shape)
    w[1] = 0
    w[:, 1] = 0
    with floatx("float64"):
        expected = np.asarray(make(keras)(w))
    np.testing.assert_allclose(make(sn)(w), expected, **CLOSE)


def images(lib: Any) -> Any:
    R, C, L = lib.regularizers, lib.constraints, lib.layers
    return lib.Sequential(
        [
            L.Input((6, 6, 2)),
            L.Conv2D(
                4,
                3,
                activation="relu",
                kernel_regularizer=R.L2(2**-6),
                bias_regularizer=R.L1(2**-7),
                activity_regularizer=R.L1(2**-8),
                kernel_constraint=C.MaxNorm(0.9, axis=[0, 1, 2]),
            ),
            L.BatchNormalization(
                gamma_regularizer=R.L2(2**-5), beta_regularizer=R.L1L2(2**-7, 2**-6), gamma_constraint=C.NonNeg()
            ),
            L.SeparableConv2D(
                3,
                2,
                depthwise_regularizer=R.L1(2**-7),
                pointwise_regularizer=R.L2(2**-6),
                bias_constraint="non_neg",
                pointwise_constraint=C.UnitNorm([0, 1, 2]),
            ),
            L.DepthwiseConv2D(2, depthwise_regularizer=R.L2(0.125), depthwise_constraint=C.MinMaxNorm(0.5, 0.8, 0.7)),
            L.Conv2DTranspose(2, 2, kernel_regularizer=R.L1(2**-7), kernel_constraint=C.UnitNorm(axis=(0, 1, 3))),
            L.ActivityRegularization(l1=2**-7, l2=2**-6),
            L.Flatten(),
            L.LayerNormalization(gamma_regularizer=R.L2(2**-6), beta_constraint="max_norm"),
            L.Dense(3, "softmax", kernel_regularizer=R.L1L2(2**-7, 2**-6), activity_regularizer=R.L2(2**-6)),
        ]
    )


def words(lib: Any) -> Any:
    R, C, L = lib.regularizers, lib.constraints, lib.layers
    x = L.Input((4,), dtype="int32")
    table = L.Embedding(
        6, 3, embeddings_regularizer=R.L2(0.0625), embeddings_constraint=C.UnitNorm(1), activity_regularizer=R.L2(2**-7)
    )
    shared = L.Dense(3, "tanh", kernel_regularizer=R.L1L2(2**-6, 2**-5), activity_regularizer=R.L1(2**-6))
    frozen = L.Dense(
        3, kernel_regularizer=R.L2(5.0), kernel_constraint=C.NonNeg(), activity_regularizer=R.L2(2**-6), trainable=False
    )
    y = frozen(shared(shared(table(x))))
    y = L.Dense(3, kernel_regularizer=R.L1(2**-6), bias_constraint=C.NonNeg())(L.Flatten()(y))
    return lib.Model(x, y)


def data(make: Any) -> tuple[Any, Any]:
    x = RNG.normal(1, 2, (40, 6, 6, 2)) if make is images else RNG.integers(0, 6, (40, 4))
    return x, RNG.integers(0, 3, 40)


def loss(lib: Any, make: Any) -> Any:
    return lib.losses.SparseCategoricalCrossentropy(from_logits=make is words)


OPTIMIZERS: list[tuple[str, dict[str, Any]]] = [
    ("SGD", {"learning_rate": 0.125, "momentum": 0.5}),
    ("Adam", {"learning_rate": 2**-6, "beta_1": 0.875, "beta_2": 0.96875}),
    ("SGD", {"learning_rate": 0.125, "clipnorm": 0.25}),
    ("SGD", {"learning_rate": 0.125, "global_clipnorm": 0.25, "weight_decay": 0.125}),
    ("SGD", {"learning_rate": 0.125, "use_ema": True, "ema_momentum": 0.625, "ema_overwrite_frequency": 2}),
    ("SGD", {"learning_rate": 0.125, "use_ema": True, "ema_momentum": 0.625}),
    ("SGD", {"learning_rate": 0.125, "gradient_accumulation_steps": 2}),
]


@pytest.mark.parametrize("make", [images, words])
@pytest.mark.parametrize(("optimizer", "options"), OPTIMIZERS)
def test_lock_step(make: Any, optimizer: str, options: dict[str, Any]) -> None:
    with floatx("float64"):
        x, y = data(make)
        theirs, ours = make(keras), {side: make(sn) for side in SIDES}
        start = theirs.get_weights()
        for lib, model in ((keras, theirs), *((sn, model) for model in ours.values())):
            model.set_weights(start)
            model.compile(optimizer=getattr(lib.optimizers, optimizer)(**options), loss=loss(lib, make))
        theirs.run_eagerly = True  # a graph would cost more than four steps
        for step in range(4):
            rows = slice(10 * step, 10 * step + 10)
            expected = theirs.train_on_batch(x[rows], y[rows])
            for side, model in ours.items():
                with backend(side):
                    assert model.train_on_batch(x[rows], y[rows]) == pytest.approx(expected, rel=1e-10), side
                for name, mine, other in zip(
                    model.named_weights, model.get_weights(), theirs.get_weights(), strict=True
                ):
                    np.testing.assert_allclose(mine, other, err_msg=f"{name}, {side}", **CLOSE)


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("make", [images, words])
def test_what_fit_and_evaluate_show(make: Any) -> None:
    with floatx("float64"):
        x, y = data(make)
        start = (theirs := make(keras)).get_weights()
        expected = _shown(keras, theirs, make, start, x, y)
        for side in SIDES:
            with backend(side):
                shown = _shown(sn, make(sn), make, start, x, y)
            assert shown.keys() == expected.keys()
            for name, values in shown.items():
                # Keras's means are float32.
                np.testing.assert_allclose(values, expected[name], rtol=2e-7, err_msg=f"{name}, {side}")


def _shown(lib: Any, model: Any, make: Any, start: Any, x: Any, y: Any) -> dict[str, Any]:
    model.set_weights(start)
    model.compile(optimizer=lib.optimizers.SGD(0.0625), loss=loss(lib, make), metrics=["accuracy"])
    options = {"batch_size": 12, "epochs": 2, "shuffle": False, "verbose": 0}
    history = model.fit(x, y, validation_data=(x[:30], y[:30]), sample_weight=np.linspace(0, 2, 40), **options)
    evaluated, tested = model.evaluate(x, y, batch_size=7, verbose=0), model.test_on_batch(x[:9], y[:9])
    return {**history.history, "evaluated": evaluated, "tested": tested}


@pytest.mark.parametrize("make", [images, words])
def test_the_losses_that_layers_and_models_list(make: Any) -> None:
    with floatx("float64"):
        x, _ = data(make)
        ours, theirs = make(sn), make(keras)
        theirs.set_weights(ours.get_weights())
        np.testing.assert_allclose(ours.losses, [float(v) for v in theirs.losses], **CLOSE)
        for _ in range(2):  # a second call forgets what the first has added
            ours(x)
            theirs(x)
            np.testing.assert_allclose(ours.losses, [float(v) for v in theirs.losses], **CLOSE)
            for layer, other in zip(ours.layers, theirs.layers):
                np.testing.assert_allclose(layer.losses, [float(v) for v in other.losses], **CLOSE)
        ours.trainable = theirs.trainable = False
        np.testing.assert_allclose(ours.losses, [float(v) for v in theirs.losses], **CLOSE)


def test_a_layer_called_on_an_array() -> None:
    with floatx("float64"):
        x = RNG.standard_normal((5, 3))
        ours, theirs = (lib.layers.Dense(4, activity_regularizer=lib.regularizers.L1(0.25)) for lib in (sn, keras))
        ours(x), theirs(x)
        theirs.set_weights(ours.get_weights())
        for _ in range(2):
            ours(x), theirs(x)
            np.testing.assert_allclose(ours.losses, [float(v) for v in theirs.losses], **CLOSE)


class Kept(sn.layers.Layer):
    """Adds the sum of the cubes of what it gets to the loss, and the training flag."""

    def forward(self, x: Any, training: bool = False) -> Any:
        self._x = x.copy()
        self.add_loss(2**-7 * (x**3).sum())
        self.add_loss(float(training))
        return 2 * x

    def backward(self, dy: Any) -> Any:
        return 2 * dy + 3 * 2**-7 * self._x**2


@pytest.mark.usefixtures("eagerly")
def test_a_layer_that_adds_a_loss_of_its_own() -> None:
    class KeptThere(keras.layers.Layer):  # type: ignore[misc]
        def call(self, x: Any, training: bool = False) -> Any:
            self.add_loss(2**-7 * keras.ops.sum(x**3))
            self.add_loss(keras.ops.cast(training, "float64"))
            return 2 * x

    with floatx("float64"):
        x, y = RNG.standard_normal((40, 3)), RNG.standard_normal((40, 2))
        models = []
        for lib, kind in ((sn, Kept), (keras, KeptThere)):
            kept, shape = kind(), lib.layers.Input((3,))
            output = lib.layers.Dense(2)(
                kept(lib.layers.Dense(3, kernel_regularizer=lib.regularizers.L2(0.25))(kept(shape)))
            )
            models.append(lib.Model(shape, output))
            models[-1].compile(optimizer=lib.optimizers.SGD(0.0625), loss="mean_squared_error")
        ours, theirs = models
        theirs.set_weights(ours.get_weights())
        for rows in (slice(0, 7), slice(7, 20), slice(20, 40)):
            expected = theirs.train_on_batch(x[rows], y[rows])
            assert ours.train_on_batch(x[rows], y[rows]) == pytest.approx(expected, rel=1e-10)
        for mine, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
            np.testing.assert_allclose(mine, other, **CLOSE)
        # A sum depends on how many samples come together: batches must be what they are in Keras.
        assert ours.evaluate(x, y, batch_size=9, verbose=0) == pytest.approx(
            theirs.evaluate(x, y, batch_size=9, verbose=0), rel=1e-6
        )


# Differences that docs/keras-differences.md lists ---------------------------------------------------------------------


def _refused(act: Any) -> bool:
    try:
        act()
    except (ValueError, TypeError):
        return True
    return False


def test_what_is_refused_here_and_accepted_there() -> None:
    def changed(lib: Any) -> None:
        layer = lib.layers.Dense(2)
        layer.build((None, 3))
        layer.kernel_regularizer = lib.regularizers.L2()
        assert not layer.losses

    def untrained(lib: Any) -> None:
        layer = lib.layers.Layer()
        layer.add_weight(name="w", shape=(3,), initializer="ones", trainable=False, regularizer="l2")
        assert not layer.losses

    for act in (
        changed,
        untrained,
        lambda lib: lib.layers.Conv2D(2, 2, kernel_constraint=lib.constraints.MaxNorm(axis=4)).build((None, 4, 4, 1)),
        lambda lib: lib.layers.Conv2D(2, 2, kernel_regularizer="orthogonal_regularizer").build((None, 4, 4, 1)),
        lambda lib: lib.constraints.MaxNorm(-1),
        lambda lib: lib.constraints.MinMaxNorm(2, 1),
        lambda lib: lib.constraints.MinMaxNorm(rate=2),
        lambda lib: lib.regularizers.L2(True),
        lambda lib: lib.layers.Dense(2, kernel_regularizer=abs),
    ):
        assert [_refused(lambda act=act, lib=lib: act(lib)) for lib in (sn, keras)] == [True, False]


def test_what_is_accepted_here_and_refused_there() -> None:
    assert [_refused(lambda lib=lib: lib.regularizers.get("l1_l2")) for lib in (sn, keras)] == [False, True]
    with pytest.raises(tf.errors.InvalidArgumentError):
        keras.regularizers.OrthogonalRegularizer()(np.eye(2))
    assert np.isnan(float(keras.regularizers.OrthogonalRegularizer()(np.ones((1, 2), "float32"))))


def test_an_activity_regularizer_inside_a_layer_counts_there() -> None:
    class Round(keras.layers.Layer):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.inner = keras.layers.Dense(2, activity_regularizer="l2")

        def call(self, x: Any) -> Any:
            return self.inner(x)

    layer = Round()
    layer(np.ones((2, 3), "float32"))
    assert len(layer.losses) == 1


def test_keras_rounds_the_factors_of_regularizers_to_float32() -> None:
    theirs = float(keras.regularizers.L2(0.01)(tf.ones((1,), "float64")))
    assert theirs == float(np.float32(0.01)) != 0.01 == sn.regularizers.L2(0.01)(np.ones(1))
