"""Whatever is no number where a number belongs is refused in one sentence that names the argument."""

from __future__ import annotations

import inspect
import json
import math

import numpy as np
import pytest

from scratchnet import (
    Input,
    callbacks,
    constraints,
    initializers,
    layers,
    losses,
    metrics,
    optimizers,
    regularizers,
    schedules,
    utils,
)
from scratchnet.layers import Activation, Conv2D, Dense, MaxPooling2D, Rescaling
from scratchnet.optimizers import SGD, Adam
from scratchnet.schedules import CosineDecay, ExponentialDecay, PiecewiseConstantDecay
from scratchnet.utils.arguments import argument_names

NAN, INF = math.nan, math.inf

BAD_CALLS = [
    ("shape", lambda: Input(28)),
    ("shape", lambda: Input(np.int64(28))),
    ("shape", lambda: Input("28")),
    ("shape", lambda: Input(("28",))),
    ("shape", lambda: Input((28.0,))),
    ("shape", lambda: Input((True,))),
    ("shape", lambda: Input((None, 28))),
    ("shape", lambda: Input((0,))),
    ("shape", lambda: Input((-1, 28))),
    ("shape", lambda: Input(((28, 28),))),
    ("shape", lambda: Input(None)),
    ("units", lambda: Dense("5")),
    ("units", lambda: Dense(True)),
    ("units", lambda: Dense(5.0)),
    ("units", lambda: Dense(np.float64(5))),
    ("units", lambda: Dense(np.array([5]))),
    ("units", lambda: Dense([5])),
    ("units", lambda: Dense(NAN)),
    ("use_bias", lambda: Dense(5, use_bias="no")),
    ("use_bias", lambda: Dense(5, use_bias=None)),
    ("activation", lambda: Dense(5, activation=5)),
    ("activation", lambda: Dense(5, "rellu")),
    ("initializer", lambda: Dense(5, kernel_initializer=0.1)),
    ("initializer", lambda: Dense(5, bias_initializer={"name": "zeroes"})),
    ("filters", lambda: Conv2D("3", 2)),
    ("filters", lambda: Conv2D(np.True_, 2)),
    ("filters", lambda: Conv2D(3.0, 2)),
    ("kernel_size", lambda: Conv2D(3, "2")),
    ("kernel_size", lambda: Conv2D(3, "22")),
    ("kernel_size", lambda: Conv2D(3, True)),
    ("kernel_size", lambda: Conv2D(3, (2, True))),
    ("kernel_size", lambda: Conv2D(3, (2, 2, 2))),
    ("kernel_size", lambda: Conv2D(3, (2.0, 2))),
    ("kernel_size", lambda: Conv2D(3, ())),
    ("kernel_size", lambda: Conv2D(3, {2: 2})),
    ("kernel_size", lambda: Conv2D(3, [[2, 2]])),
    ("kernel_size", lambda: Conv2D(3, [[2, 2], 2])),
    ("kernel_size", lambda: Conv2D(3, None)),
    ("strides", lambda: Conv2D(3, 2, strides=0)),
    ("strides", lambda: Conv2D(3, 2, strides=(1, -1))),
    ("strides", lambda: Conv2D(3, 2, strides=None)),
    ("dilation_rate", lambda: Conv2D(3, 2, dilation_rate=1.5)),
    ("padding", lambda: Conv2D(3, 2, padding=None)),
    ("padding", lambda: Conv2D(3, 2, padding=1)),
    ("padding", lambda: Conv2D(3, 2, padding="full")),
    ("activation", lambda: Conv2D(3, 2, activation=5)),
    ("activation", lambda: Conv2D(3, 2, activation=np.tanh)),
    ("use_bias", lambda: Conv2D(3, 2, use_bias="no")),
    ("pool_size", lambda: MaxPooling2D("2")),
    ("pool_size", lambda: MaxPooling2D(0)),
    ("pool_size", lambda: MaxPooling2D(None)),
    ("strides", lambda: MaxPooling2D(2, strides="2")),
    ("strides", lambda: MaxPooling2D(2, strides=0)),
    ("padding", lambda: MaxPooling2D(2, padding=None)),
    ("scale", lambda: Rescaling("x")),
    ("scale", lambda: Rescaling("1")),
    ("scale", lambda: Rescaling(None)),
    ("scale", lambda: Rescaling(NAN)),
    ("scale", lambda: Rescaling(True)),
    ("scale", lambda: Rescaling([1.0])),
    ("offset", lambda: Rescaling(1.0, INF)),
    ("offset", lambda: Rescaling(1.0, "x")),
    ("activation", lambda: Activation(5)),
    ("axis", lambda: layers.Softmax("x")),
    ("axis", lambda: layers.Softmax(1.0)),
    ("axis", lambda: layers.Softmax(True)),
    ("seed", lambda: initializers.GlorotUniform("x")),
    ("seed", lambda: initializers.HeNormal(-1)),
    ("seed", lambda: initializers.HeUniform(1.5)),
    ("seed", lambda: initializers.GlorotNormal(True)),
    ("from_logits", lambda: losses.SparseCategoricalCrossentropy("no")),
    ("from_logits", lambda: losses.CategoricalCrossentropy(None)),
    ("k", lambda: metrics.TopKCategoricalAccuracy("5")),
    ("k", lambda: metrics.TopKCategoricalAccuracy(0)),
    ("k", lambda: metrics.TopKCategoricalAccuracy(True)),
    ("k", lambda: metrics.SparseTopKCategoricalAccuracy(2.0)),
    ("k", lambda: metrics.SparseTopKCategoricalAccuracy(None)),
    ("threshold", lambda: metrics.BinaryAccuracy(threshold="0.5")),
    ("threshold", lambda: metrics.BinaryAccuracy(threshold=NAN)),
    ("name", lambda: metrics.Accuracy(5)),
    ("learning_rate", lambda: SGD("x")),
    ("learning_rate", lambda: SGD("0.1")),
    ("learning_rate", lambda: SGD(None)),
    ("learning_rate", lambda: SGD(NAN)),
    ("learning_rate", lambda: SGD([0.1])),
    ("learning_rate", lambda: SGD(True)),
    ("learning_rate", lambda: Adam(np.float32("inf"))),
    ("learning_rate", lambda: Adam(-1)),
    ("learning_rate", lambda: setattr(Adam(), "learning_rate", "0.1")),
    ("weight_decay", lambda: SGD(weight_decay=NAN)),
    ("weight_decay", lambda: Adam(weight_decay="x")),
    ("weight_decay", lambda: Adam(weight_decay=-0.1)),
    ("momentum", lambda: SGD(momentum=NAN)),
    ("momentum", lambda: SGD(momentum="0.9")),
    ("momentum", lambda: SGD(momentum=None)),
    ("momentum", lambda: SGD(momentum=1.1)),
    ("nesterov", lambda: SGD(nesterov="yes")),
    ("beta_1", lambda: Adam(beta_1=NAN)),
    ("beta_1", lambda: Adam(beta_1="0.9")),
    ("beta_1", lambda: Adam(beta_1=1)),
    ("beta_2", lambda: Adam(beta_2=None)),
    ("beta_2", lambda: Adam(beta_2=-0.1)),
    ("epsilon", lambda: Adam(epsilon=NAN)),
    ("epsilon", lambda: Adam(epsilon="x")),
    ("initial_learning_rate", lambda: ExponentialDecay("0.1", 10, 0.5)),
    ("initial_learning_rate", lambda: ExponentialDecay(NAN, 10, 0.5)),
    ("decay_steps", lambda: ExponentialDecay(0.1, "10", 0.5)),
    ("decay_steps", lambda: ExponentialDecay(0.1, 0, 0.5)),
    ("decay_steps", lambda: ExponentialDecay(0.1, True, 0.5)),
    ("decay_steps", lambda: ExponentialDecay(0.1, NAN, 0.5)),
    ("decay_rate", lambda: ExponentialDecay(0.1, 10, "0.5")),
    ("decay_rate", lambda: ExponentialDecay(0.1, 10, -0.5)),
    ("staircase", lambda: ExponentialDecay(0.1, 10, 0.5, "no")),
    ("initial_learning_rate", lambda: CosineDecay(None, 10)),
    ("decay_steps", lambda: CosineDecay(0.1, -1)),
    ("alpha", lambda: CosineDecay(0.1, 10, NAN)),
    ("warmup_target", lambda: CosineDecay(0.1, 10, warmup_target="x")),
    ("warmup_steps", lambda: CosineDecay(0.1, 10, warmup_target=0.2, warmup_steps=-1)),
    ("warmup_steps", lambda: CosineDecay(0.1, 10, warmup_target=0.2, warmup_steps="5")),
    ("boundaries", lambda: PiecewiseConstantDecay(["a"], [0.1, 0.2])),
    ("boundaries", lambda: PiecewiseConstantDecay("a", [0.1, 0.2])),
    ("boundaries", lambda: PiecewiseConstantDecay(5, [0.1, 0.2])),
    ("values", lambda: PiecewiseConstantDecay([5], [0.1, NAN])),
    ("values", lambda: PiecewiseConstantDecay([5], "ab")),
    ("values", lambda: PiecewiseConstantDecay([5], None)),
]


@pytest.mark.parametrize(("argument", "call"), BAD_CALLS, ids=[f"{name}-{i}" for i, (name, _) in enumerate(BAD_CALLS)])
def test_a_bad_argument_is_refused_by_name_in_one_sentence(argument, call):
    with pytest.raises((ValueError, TypeError)) as caught:
        call()
    message = str(caught.value)
    assert argument in message
    assert message.endswith(".")
    assert "\n" not in message


NUMPYS = [
    lambda: Dense(np.int32(4), use_bias=np.True_),
    lambda: Conv2D(np.int64(3), np.int8(2), strides=np.array([1, 2]), dilation_rate=(np.uint8(1), 1)),
    lambda: MaxPooling2D(np.uint16(2), strides=[np.int64(1), 2]),
    lambda: Input((np.prod((28, 28)), np.int8(3))).layer,
    lambda: Rescaling(np.float32(0.5), np.array(1)),
    lambda: layers.Softmax(np.int64(-1)),
    lambda: initializers.HeNormal(np.int64(3)),
    lambda: losses.CategoricalCrossentropy(np.True_),
    lambda: metrics.TopKCategoricalAccuracy(np.int64(2)),
    lambda: metrics.BinaryAccuracy(threshold=np.float32(0.25)),
    lambda: SGD(np.float32(0.5), np.float64(0.5), np.False_, np.float32(0.5)),
    lambda: Adam(np.float64(0.5), np.float32(0.5), np.float32(0.5), np.float32(0.5)),
    lambda: ExponentialDecay(np.float32(0.5), np.int64(10), np.float32(0.5), np.True_),
    lambda: CosineDecay(np.float32(0.5), np.int32(10), np.int8(0), np.float32(0.5), np.int64(5)),
    lambda: PiecewiseConstantDecay(np.array([5, 6]), np.array([0.5, 0.25, 0.125])),
]


@pytest.mark.parametrize("make", NUMPYS)
def test_numpys_numbers_are_kept_as_pythons_which_json_can_hold(make):
    config = make().get_config()
    assert json.loads(json.dumps(config)) == json.loads(json.dumps(type(make())(**config).get_config()))
    assert "np." not in repr(config)


def test_none_stays_none_where_something_is_looked_up():
    assert [module.get(None) for module in (losses, optimizers, initializers, metrics)] == [None] * 4


def test_an_initializer_that_is_none_is_keras_default():
    layer = Dense(300, kernel_initializer=None, bias_initializer=None)
    assert (
        layer.get_config()
        == Dense(
            300, kernel_initializer="glorot_uniform", bias_initializer="glorot_uniform", name=layer.name
        ).get_config()
    )


def test_a_saved_configuration_may_leave_arguments_out():
    assert optimizers.get({"name": "adam"}).get_config() == Adam().get_config()
    assert optimizers.get({"name": "sgd", "config": {"momentum": 0.5}}).momentum == 0.5
    rate = schedules.deserialize({"name": "CosineDecay", "config": {"initial_learning_rate": 1, "decay_steps": 2}})
    assert isinstance(rate, CosineDecay)


# Arguments that are set later

SET_LATER = [
    (layers.Dropout(0.5), "rate", 2.0),
    (layers.Dropout(0.5), "rate", None),
    (layers.GaussianNoise(0.5), "stddev", -1),
    (layers.BatchNormalization(), "momentum", 3.0),
    (layers.BatchNormalization(), "epsilon", -1),
    (layers.LayerNormalization(), "epsilon", NAN),
    (Rescaling(2.0), "scale", "x"),
    (layers.ActivityRegularization(l1=0.5), "l2", -1),
    (regularizers.L2(0.5), "l2", -1),
    (regularizers.OrthogonalRegularizer(), "factor", "x"),
    (constraints.MaxNorm(1.0), "max_value", -1),
    (constraints.MinMaxNorm(), "min_value", 5.0),
    (losses.Huber(), "delta", -1),
    (losses.CategoricalCrossentropy(), "label_smoothing", 3.0),
    (losses.MeanSquaredError(), "reduction", "some"),
    (metrics.BinaryAccuracy(), "threshold", "half"),
    (metrics.TopKCategoricalAccuracy(), "k", 0),
    (ExponentialDecay(0.1, 10, 0.5), "decay_steps", -1),
    (initializers.TruncatedNormal(), "stddev", NAN),
    (callbacks.EarlyStopping("loss"), "patience", -1),
    (callbacks.EarlyStopping("loss"), "mode", "upward"),
    (callbacks.ReduceLROnPlateau("loss"), "factor", 2.0),
    (callbacks.ModelCheckpoint("best.safetensors"), "save_freq", 0),
    (callbacks.CSVLogger("log.csv"), "separator", ";;"),
    (callbacks.LearningRateScheduler(lambda epoch: 0.1), "schedule", 0.1),
    (callbacks.BackupAndRestore("backup"), "minutes", -1),
    (callbacks.TerminateOnNaN(), "raise_error", "no"),
]


@pytest.mark.parametrize(("thing", "name", "value"), SET_LATER)
def test_an_argument_that_is_set_later_is_checked_as_by_the_constructor(thing, name, value):
    here = getattr(thing, name)
    with pytest.raises((ValueError, TypeError)) as by_constructor:
        type(thing)(**{**thing.present_arguments(type(thing)), name: value})
    with pytest.raises(type(by_constructor.value)) as later:
        setattr(thing, name, value)
    assert str(later.value) == str(by_constructor.value)
    assert getattr(thing, name) is here


def arguments_of(thing):
    return thing.get_config() if hasattr(thing, "get_config") else thing.present_arguments(type(thing))


def made_of_all_classes():
    """Yield an object of each class that can be made without arguments, or with those here."""
    needed = {
        "PiecewiseConstantDecay": {"boundaries": [1, 2], "values": [0.1, 0.2, 0.3]},
        "Dense": {"units": 2},
        "Embedding": {"input_dim": 3, "output_dim": 2},
        "Rescaling": {"scale": 2.0},
        "RandomTranslation": {"height_factor": 0.2, "width_factor": 0.2},
        "Dropout": {"rate": 0.5},
        "GaussianNoise": {"stddev": 0.5},
        "ModelCheckpoint": {"filepath": "best.safetensors"},
        "CSVLogger": {"filename": "log.csv"},
        "LearningRateScheduler": {"schedule": lambda epoch: 0.1},
        "BackupAndRestore": {"backup_dir": "backup"},
    }
    for module in (callbacks, layers, losses, metrics, optimizers, schedules, initializers, regularizers, constraints):
        for name, cls in vars(module).items():
            if inspect.isclass(cls) and cls.__module__.startswith("scratchnet.") and not inspect.isabstract(cls):
                try:
                    thing = cls(**needed.get(name, {}))
                    arguments_of(thing)
                except (TypeError, ValueError, AttributeError, NotImplementedError):
                    continue
                yield thing


def test_every_argument_can_be_set_to_what_it_is_and_nothing_is_drawn():
    count = 0
    for thing in made_of_all_classes():
        before = json.dumps(arguments_of(thing), default=str)
        drawn = utils.random._seeds.n_children_spawned
        for name in argument_names(type(thing)):
            if name in vars(thing):
                setattr(thing, name, getattr(thing, name))
                count += 1
        assert json.dumps(arguments_of(thing), default=str) == before, thing
        assert utils.random._seeds.n_children_spawned == drawn, thing
    assert count > 380


def test_a_seed_that_is_set_after_the_layer_is_built_is_refused():
    layer = layers.Dropout(0.5)
    layer(np.ones((2, 3)))
    with pytest.raises(ValueError, match="expected seed to stay None, for which it has been built, got 3"):
        layer.seed = 3
