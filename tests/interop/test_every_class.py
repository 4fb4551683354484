"""Every class that is registered has a twin: there and back it is the same, and it trains the same.

A class that is added to a registry and not to the list here fails ``test_no_registered_class_is_left_out``.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest

pytest.importorskip("keras", reason="needs the `keras` extra")

from scratchnet import (
    Input,
    Model,
    Sequential,
    activations,
    constraints,
    initializers,
    interop,
    layers,
    losses,
    metrics,
    optimizers,
    regularizers,
)
from scratchnet import config as settings
from scratchnet.interop.keras_import import floatx, keras
from scratchnet.schedules import SCHEDULES, LearningRateSchedule
from tests.interop.every_layer import EVERY_LAYER, Case

pytestmark = pytest.mark.usefixtures("eagerly")

OPTIMIZERS = [
    optimizers.SGD(0.25),
    optimizers.SGD(0.25, momentum=0.5),
    optimizers.SGD(0.25, momentum=0.5, nesterov=True, weight_decay=0.25),
    optimizers.SGD(0.25, clipnorm=0.125),
    optimizers.SGD(0.25, clipvalue=0.125),
    optimizers.SGD(0.25, global_clipnorm=0.125),
    optimizers.SGD(0.25, use_ema=True, ema_momentum=0.5, ema_overwrite_frequency=4),
    optimizers.SGD(0.25, momentum=0.5, gradient_accumulation_steps=2),
    optimizers.Adam(0.25, beta_1=0.5, beta_2=0.75, epsilon=2**-10),  # numbers that float32 holds exactly
    optimizers.Adam(0.25, beta_1=0.5, beta_2=0.75, epsilon=2**-10, amsgrad=True),
    optimizers.AdamW(0.25, weight_decay=0.125, beta_1=0.5, beta_2=0.75, epsilon=2**-10),
    optimizers.RMSprop(0.25, rho=0.5, epsilon=2**-10),
    optimizers.RMSprop(0.25, rho=0.5, momentum=0.5, epsilon=2**-10, centered=True),
    optimizers.Adagrad(0.25, initial_accumulator_value=0.125, epsilon=2**-10),
]
SCHEDULE_ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "ExponentialDecay": (0.5, 4, 0.25, True),
    "CosineDecay": (0.5, 8, 0.25, 1.0, 2),
    "CosineDecayRestarts": (0.5, 2, 2.0, 0.5, 0.125),
    "PolynomialDecay": (0.5, 4, 0.125, 2.0, True),
    "InverseTimeDecay": (0.5, 4, 0.25, True),
    "PiecewiseConstantDecay": ([2, 4], [0.5, 0.25, 0.125]),
}
LOSSES = [
    losses.SparseCategoricalCrossentropy(from_logits=True),
    losses.CategoricalCrossentropy(label_smoothing=0.25, reduction="sum"),
    losses.BinaryCrossentropy(from_logits=True, label_smoothing=0.25),
    losses.KLDivergence(),
    losses.MeanSquaredError(),
    losses.MeanAbsoluteError(reduction="sum"),
    losses.Huber(delta=0.25),
]
METRICS = [
    metrics.Accuracy(name="share"),
    metrics.BinaryAccuracy(threshold=0.25),
    metrics.SparseCategoricalAccuracy(),
    metrics.CategoricalAccuracy(),
    metrics.TopKCategoricalAccuracy(k=2),
    metrics.SparseTopKCategoricalAccuracy(k=2),
    metrics.Precision(thresholds=0.25),
    metrics.Recall(),
    metrics.AUC(num_thresholds=50),
    metrics.MeanSquaredError(),
    metrics.MeanAbsoluteError(name="off_by"),
]


@pytest.mark.parametrize(
    ("registered", "tried"),
    [
        (layers.LAYERS.values(), [type(case.layer()) for case in EVERY_LAYER]),
        (optimizers.OPTIMIZERS.values(), map(type, OPTIMIZERS)),
        (SCHEDULES, SCHEDULE_ARGUMENTS),
        (losses.LOSS_CLASSES, map(type, LOSSES)),
        (metrics.METRIC_CLASSES, map(type, METRICS)),
    ],
    ids=["layers", "optimizers", "schedules", "losses", "metrics"],
)
def test_no_registered_class_is_left_out(registered: Any, tried: Any) -> None:
    assert {*registered} == {*tried} | ({layers.InputLayer} & {*registered})  # every model has one of these


# Layers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", EVERY_LAYER, ids=str)
def test_every_layer_goes_there_and_back(case: Case) -> None:
    with floatx("float64"):
        model, x = case.model(), case.batch()
        with pytest.warns(UserWarning, match="leaves out") if case.predicts_otherwise else nullcontext():
            twin = interop.to_keras(model)
        again = interop.from_keras(twin)
        assert [layer.get_config() for layer in again.layers] == [layer.get_config() for layer in model.layers]
        assert all(np.array_equal(a, b) for a, b in zip(again.get_weights(), model.get_weights(), strict=True))
        y = model.predict(x)
        assert np.array_equal(again.predict(x), y)
        if not case.predicts_otherwise:
            np.testing.assert_allclose(twin.predict(x, verbose=0), y, rtol=case.tolerance, atol=case.tolerance)


def test_the_twin_of_a_random_crop_predicts_otherwise_and_says_so() -> None:
    inputs = Input((4, 4, 1))
    model = Model(inputs, layers.GlobalAveragePooling2D()(layers.RandomCrop(2, 2, name="cut")(inputs)))
    with pytest.warns(UserWarning, match="'cut' is a RandomCrop, which Keras leaves out at inference"):
        interop.to_keras(model)


@pytest.mark.parametrize("name", sorted({f.name for f in activations.ACTIVATIONS.values()}))
def test_every_activation_by_its_name(name: str) -> None:
    inputs = Input((3,))
    model = Model(inputs, layers.Activation(name)(layers.Dense(4, name)(inputs)))
    twin = interop.to_keras(model)
    x = np.random.default_rng(0).standard_normal((5, 3))
    np.testing.assert_allclose(twin.predict(x, verbose=0), model.predict(x), rtol=1e-5, atol=1e-6)
    assert [layer.get_config() for layer in interop.from_keras(twin).layers] == [
        layer.get_config() for layer in model.layers
    ]


INITIALIZERS = {
    "Constant": {"value": 0.25},
    "Identity": {"gain": 2.0},
    "Orthogonal": {"gain": 2.0, "seed": 3},
    "RandomNormal": {"mean": 1.0, "stddev": 0.5, "seed": 3},
    "RandomUniform": {"minval": -1.0, "maxval": 0.5, "seed": 3},
    "TruncatedNormal": {"mean": 1.0, "stddev": 0.5, "seed": 3},
    "VarianceScaling": {"scale": 2.0, "mode": "fan_avg", "distribution": "uniform", "seed": 3},
}


@pytest.mark.parametrize("cls", sorted({*initializers.INITIALIZERS.values()}, key=lambda cls: cls.__name__))
def test_every_initializer_with_its_arguments(cls: Any) -> None:
    seed = {"seed": 5} if "seed" in cls().get_config() else {}
    arguments = INITIALIZERS.get(cls.__name__, seed)
    model = Sequential([Input((3,)), layers.Dense(4, kernel_initializer=cls(**arguments))])
    twin = interop.to_keras(model)
    assert type(twin.layers[0].kernel_initializer) is getattr(keras.initializers, cls.__name__)
    again = interop.from_keras(twin).layers[-1].kernel_initializer
    assert type(again) is cls
    assert again.get_config() == {**cls().get_config(), **arguments}


RULES: dict[Any, list[Any]] = {
    regularizers: [
        *(regularizers.L1(0.25), regularizers.L2(0.25), regularizers.L1L2(0.25, 0.5)),
        regularizers.OrthogonalRegularizer(0.25, "columns"),
    ],
    constraints: [
        *(constraints.MaxNorm(0.5, 1), constraints.NonNeg(), constraints.UnitNorm(1)),
        constraints.MinMaxNorm(0.25, 0.5, 0.5, 1),
    ],
}


def test_no_regularizer_or_constraint_is_left_out() -> None:
    assert {*regularizers.REGULARIZERS.values()} == {*map(type, RULES[regularizers])}
    assert {*constraints.CONSTRAINTS.values()} == {*map(type, RULES[constraints])}


@pytest.mark.parametrize(
    ("key", "rule"),
    [
        (key, rule)
        for key, module in (("regularizer", regularizers), ("constraint", constraints))
        for rule in RULES[module]
    ],
    ids=lambda thing: thing if isinstance(thing, str) else type(thing).__name__,
)
def test_every_regularizer_and_constraint(key: str, rule: Any) -> None:
    with floatx("float64"):
        layer = layers.Dense(3, **{f"kernel_{key}": rule})
        model = Sequential([Input((5,)), layer])
        model.compile(optimizers.SGD(0.25), "mse")
        twin = interop.to_keras(model)
        again = interop.from_keras(twin)
        assert again.layers[-1].get_config() == model.layers[-1].get_config()
        if not isinstance(rule, regularizers.OrthogonalRegularizer):  # which Keras computes in float32 only
            assert_they_train_alike(model, twin, *batch())


# What compile sets -----------------------------------------------------------------------------------------------


def compiled(optimizer: Any = "sgd", loss: Any = "mse", metrics: Any = None, ending: str | None = "sigmoid") -> Model:
    """A model with running means and a frozen layer: neither takes room among the optimizer's vectors in Keras."""
    hidden = [layers.Dense(4, "tanh"), layers.BatchNormalization(momentum=0.5), layers.Dense(4, trainable=False)]
    model = Sequential([Input((5,)), *hidden, layers.Dense(3, ending, name="last")])
    model.compile(optimizer, loss, metrics)
    return model


def batch(sparse: bool = False) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(1)
    x, labels = generator.standard_normal((8, 5)), generator.integers(0, 3, 8)
    return x, labels if sparse else np.eye(3)[labels]


def assert_they_train_alike(model: Any, other: Any, x: Any, y: Any, steps: int = 2, within: float = 1e-12) -> None:
    for _ in range(steps):
        np.testing.assert_allclose(other.train_on_batch(x, y), model.train_on_batch(x, y), rtol=1e-6)
    for a, b in zip(other.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=within, atol=within)


def settings_of(optimizer: Any) -> dict[str, Any]:
    return {"name": type(optimizer).__name__, **optimizer.get_config()}


@pytest.mark.parametrize("steps", [0, 3])
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda o: f"{type(o).__name__}{o.get_config()}")
def test_every_optimizer_goes_on_where_it_was(optimizer: Any, steps: int) -> None:
    with floatx("float64"):
        model = compiled(optimizer)
        x, y = batch()
        for _ in range(steps):
            model.train_on_batch(x, y)
        twin = interop.to_keras(model)
        again = interop.from_keras(twin)
        assert again.optimizer is not None
        assert settings_of(again.optimizer) == settings_of(optimizer)
        assert again.optimizer.batches == optimizer.batches == steps
        assert_they_train_alike(model, twin, x, y)
        for _ in range(2):
            again.train_on_batch(x, y)
        for a, b in zip(again.get_weights(), model.get_weights(), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", SCHEDULES)
def test_every_schedule_goes_on_where_it_was(name: str) -> None:
    with floatx("float64"):
        model = compiled(optimizers.SGD(SCHEDULES[name](*SCHEDULE_ARGUMENTS[name])))
        x, y = batch()
        for _ in range(3):
            model.train_on_batch(x, y)
        twin = interop.to_keras(model)
        again = interop.from_keras(twin)
        assert model.optimizer is not None
        assert again.optimizer is not None
        assert again.optimizer.get_config() == model.optimizer.get_config()
        assert_they_train_alike(model, twin, x, y, steps=3, within=1e-7)  # Keras has π and 1/3 in float32


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: type(loss).__name__)
def test_every_loss(loss: losses.Loss) -> None:
    with floatx("float64"):
        of_classes = "ategorical" in type(loss).__name__ or isinstance(loss, losses.KLDivergence)
        model = compiled(loss=loss, ending=None if loss.from_logits else "softmax" if of_classes else "sigmoid")
        x, y = batch(sparse=isinstance(loss, losses.SparseCategoricalCrossentropy))
        twin = interop.to_keras(model)
        again = interop.from_keras(twin)
        assert type(again.loss) is type(loss)
        assert again.loss.get_config() == loss.get_config()
        assert_they_train_alike(model, twin, x, y)


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: type(metric).__name__)
def test_every_metric(metric: metrics.Metric) -> None:
    sparse = type(metric).__name__.startswith("Sparse")
    model = compiled("sgd", "sparse_categorical_crossentropy" if sparse else "mse", [metric], "softmax")
    x, y = batch(sparse)
    twin = interop.to_keras(model)
    (again,) = interop.from_keras(twin).metrics
    assert again.get_config() == metric.get_config()
    assert type(again).__name__ in (type(metric).__name__, "CategoricalAccuracy")  # what "accuracy" means here
    ours, theirs = (m.evaluate(x, y, verbose=0, return_dict=True) for m in (model, twin))
    assert theirs[metric.name] == pytest.approx(ours[metric.name], rel=1e-5)


def test_a_mean_of_weights_that_has_not_begun_does_not_reach_keras_as_nan() -> None:
    model = compiled(optimizers.SGD(0.25, use_ema=True))
    x, y = batch()
    model.train_on_batch(x, y)
    model.get_layer(index=3).trainable = True  # until now it was frozen, so it has no mean
    twin = interop.to_keras(model)
    twin.train_on_batch(x, y)
    assert all(np.isfinite(v).all() for v in twin.optimizer._model_variables_moving_average)


def test_an_unbuilt_model_takes_its_settings_along() -> None:
    model = Sequential([layers.Dense(3)])
    model.compile(optimizers.Adam(0.25), losses.Huber(0.5), ["accuracy"])
    twin = interop.to_keras(model)
    assert not twin.built
    assert twin.optimizer.learning_rate == 0.25
    again = interop.from_keras(twin)
    assert again.loss is not None
    assert again.loss.get_config() == model.loss.get_config()  # type: ignore[union-attr]


# What has no twin ------------------------------------------------------------------------------------------------


def test_classes_of_ones_own_are_refused_though_they_have_a_known_name() -> None:
    class Adam(optimizers.Adam):
        pass

    class CosineDecay(LearningRateSchedule):
        def __call__(self, step: int) -> float:
            return 0.5

    for optimizer, said in ((Adam(), "optimizer Adam"), (optimizers.SGD(CosineDecay()), "schedule CosineDecay")):
        with pytest.raises(ValueError, match=f"{said}, which Keras does not have"):
            interop.to_keras(compiled(optimizer))


@keras.saving.register_keras_serializable("mine")
class Huber(keras.losses.Loss):  # type: ignore[misc]
    def call(self, y_true: Any, y_pred: Any) -> Any:
        return keras.ops.mean(y_pred, -1)


def test_from_keras_refuses_classes_that_are_not_kerass_own_though_they_have_a_known_name() -> None:
    twin = interop.to_keras(compiled(), compile=False)
    twin.compile("sgd", Huber())
    with pytest.raises(ValueError, match="the loss mine>Huber, which scratchnet does not have"):
        interop.from_keras(twin)


def test_arguments_that_keras_refuses_are_told_with_the_layers_name() -> None:
    inputs = Input((5, 5, 1))
    model = Model(inputs, layers.Conv2D(1, 2, strides=2, dilation_rate=2, name="sparse")(inputs))
    with pytest.raises(ValueError, match=r"'sparse' \(Conv2D\) has arguments that Keras refuses: .*dilation_rate"):
        interop.to_keras(model)


def test_options_of_initializers_that_scratchnet_lacks_are_refused() -> None:
    layer = keras.layers.Dense(2, kernel_initializer=keras.initializers.GlorotUniform(), name="d")
    keras_model = keras.Sequential([keras.Input((2,)), layer])
    config = layer.kernel_initializer.get_config()
    if "input_axes" not in config:
        pytest.skip("this Keras has no further options")
    layer.kernel_initializer = keras.initializers.GlorotUniform(input_axes=[0], output_axes=[1])
    with pytest.raises(ValueError, match="'d' has the kernel_initializer GlorotUniform with input_axes="):
        interop.from_keras(keras_model)


def test_what_is_no_model_is_refused() -> None:
    with pytest.raises(TypeError, match="to_keras expected a scratchnet model, got 3"):
        interop.to_keras(3)  # type: ignore[arg-type]


def test_conversion_leaves_the_float_type_alone() -> None:
    interop.from_keras(interop.to_keras(compiled()))
    assert (settings.floatx(), keras.config.floatx()) == ("float32", "float32")
