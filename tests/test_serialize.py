"""Losses, metrics, optimizers, … as dictionaries and back, and the arguments that all of a kind have."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from scratchnet import activations, initializers, layers, losses, metrics, optimizers, schedules

THINGS = [
    (losses, losses.Huber(2.0, "sum", "mine", "float64")),
    (losses, losses.CategoricalCrossentropy(True, 0.1)),
    (losses, losses.SparseCategoricalCrossentropy(True, name="mine")),
    (losses, losses.BinaryCrossentropy(label_smoothing=0.5)),
    (metrics, metrics.TopKCategoricalAccuracy(3, "mine", "float32")),
    (metrics, metrics.BinaryAccuracy(threshold=0.25)),
    (metrics, metrics.Precision(0.25, dtype="float64")),
    (optimizers, optimizers.SGD(schedules.CosineDecay(0.5, 10), 0.9, clipnorm=1.0, name="mine")),
    (optimizers, optimizers.AdamW()),
    (initializers, initializers.VarianceScaling(2.0, "fan_in", seed=3)),
    (initializers, initializers.HeNormal()),
    (activations, activations.LeakyReLU(0.5)),
    (activations, activations.relu),
    (schedules, schedules.ExponentialDecay(0.5, 10, 0.9)),
    (layers, layers.Dense(3, activations.LeakyReLU(0.5), kernel_initializer=initializers.Constant(2.0))),
    (layers, layers.Conv2D(3, 2, activation="relu", name="conv")),
]


@pytest.mark.parametrize(("module", "thing"), THINGS, ids=lambda value: type(value).__name__)
def test_what_serialize_returns_makes_an_equal_object(module: Any, thing: Any) -> None:
    saved = json.loads(json.dumps(module.serialize(thing)))
    ways = [module.deserialize] + ([module.get] if hasattr(module, "get") else [])
    for twin in (way(saved) for way in ways):
        assert type(twin) is type(thing)
        assert twin.get_config() == thing.get_config()
        if hasattr(thing, "name"):
            assert twin.name == thing.name


def test_an_activation_is_serialized_by_name_where_that_says_it_all() -> None:
    assert activations.serialize(activations.relu) == "relu"
    assert activations.serialize(activations.LeakyReLU(0.5)) == {
        "class_name": "LeakyReLU",
        "config": activations.LeakyReLU(0.5).get_config(),
    }


@pytest.mark.parametrize("make", [lambda f: layers.Dense(3, f), lambda f: layers.Activation(f)])
def test_a_layer_s_configuration_keeps_the_arguments_of_its_activation(make: Any) -> None:
    layer = make(activations.LeakyReLU(0.5))
    twin = type(layer).from_config(layer.get_config())
    assert twin.activation.negative_slope == 0.5


def test_a_name_a_class_s_name_and_the_older_form_are_read() -> None:
    assert isinstance(initializers.get("GlorotUniform"), initializers.GlorotUniform)
    assert isinstance(losses.deserialize("mse"), losses.MeanSquaredError)
    assert isinstance(metrics.deserialize("MeanSquaredError"), metrics.MeanSquaredError)
    assert optimizers.deserialize({"name": "sgd", "config": {"learning_rate": 0.5}}).learning_rate == 0.5
    assert initializers.get({"name": "constant", "config": {"value": 2.0}}).value == 2.0
    assert losses.deserialize(None) is None


class MyLoss(losses.RowLoss):
    name = "my_loss"

    def forward(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> float:
        return self._total(self._start(y_pred, sample_weight).sum(axis=1))


def test_classes_of_the_user_s_are_handed_in() -> None:
    saved = losses.serialize(MyLoss("sum"))
    assert losses.deserialize(saved, {"MyLoss": MyLoss}).reduction == "sum"
    with pytest.raises(ValueError, match="Unknown loss 'MyLoss'"):
        losses.deserialize(saved)
    with pytest.raises(TypeError, match="a subclass of Loss for 'MyLoss'"):
        losses.deserialize(saved, {"MyLoss": layers.Dense})


def test_what_is_no_description_is_refused() -> None:
    for module, wrong in ((losses, 3), (metrics, 3.5), (optimizers, [1]), (initializers, 3), (layers, "Dense")):
        with pytest.raises(TypeError, match=r"is given as|expected what layers.serialize returns"):
            module.deserialize(wrong)
    with pytest.raises(ValueError, match="did you mean 'adam'"):
        optimizers.deserialize({"class_name": "adm"})
    with pytest.raises(ValueError, match="Unknown layer None"):
        layers.deserialize({})


# name, dtype and axis -----------------------------------------------------------------------------------------------

SMALL = {
    losses.SparseCategoricalCrossentropy: (np.array([0, 2]), np.array([[0.2, 0.7, 0.1], [0.3, 0.3, 0.4]])),
    **dict.fromkeys(
        (losses.CategoricalCrossentropy, losses.KLDivergence, losses.BinaryCrossentropy, losses.MeanSquaredError),
        (np.array([[1.0, 0, 0], [0, 0, 1]]), np.array([[0.2, 0.7, 0.1], [0.3, 0.3, 0.4]])),
    ),
}


@pytest.mark.parametrize("cls", SMALL)
def test_a_loss_computes_in_its_dtype_and_hands_the_gradient_back_in_the_predictions(cls: Any) -> None:
    y, p = SMALL[cls]
    p32 = p.astype("float32")
    in_64, plain = cls(dtype="float64"), cls()
    assert in_64(y, p32) == plain(y, p32.astype("float64"))
    expected = plain.backward()
    assert in_64.backward().dtype == "float32"
    np.testing.assert_array_equal(in_64.backward(), expected.astype("float32"))
    in_32 = cls(dtype="float32")
    assert in_32(y, p) == plain(y, p32)
    assert in_32.backward().dtype == "float64"
    np.testing.assert_array_equal(in_32.backward(), plain.backward().astype("float64"))


@pytest.mark.parametrize("cls", metrics.METRIC_CLASSES)
def test_a_metric_computes_in_its_dtype(cls: Any) -> None:
    generator = np.random.default_rng(0)
    y, p = generator.integers(0, 2, (20, 1)), generator.random((20, 1))
    p[:10] = 0.5 + 1e-12 * generator.normal(size=(10, 1))  # on a side in float64, on the edge in float32
    in_32, plain = cls(dtype="float32"), cls()
    in_32.update(y, p), plain.update(y, p.astype("float32"))
    assert in_32.result() == plain.result()


def test_names_are_kept() -> None:
    assert losses.MeanSquaredError(name="mine").name == "mine"
    assert losses.MeanSquaredError().name == losses.MeanSquaredError.name == "mean_squared_error"
    assert metrics.MeanSquaredError(name="mine").name == "mine"
    assert [optimizers.AdamW().name, optimizers.SGD(name="mine").name] == ["adam_w", "mine"]


@pytest.mark.parametrize(
    "make",
    [
        lambda: losses.MeanSquaredError(name=3),
        lambda: losses.MeanSquaredError(dtype="int32"),
        lambda: metrics.MeanSquaredError(dtype="float16"),
        lambda: optimizers.SGD(name=3),
        lambda: losses.CategoricalCrossentropy(axis=1),
        lambda: losses.SparseCategoricalCrossentropy(axis=None),
        lambda: losses.BinaryCrossentropy(axis=True),
    ],
)
def test_names_types_and_axes_that_are_none_are_refused(make: Any) -> None:
    with pytest.raises(ValueError, match=r"^(name|axis) of \w+ expected|Unknown float type"):
        make()


def test_the_variables_of_an_optimizer() -> None:
    optimizer = optimizers.Adam(0.5)
    assert [v.item() for v in optimizer.variables] == [0, 0.5]
    optimizer.build(4, "float32")
    assert [v.shape for v in optimizer.variables] == [(), (), (4,), (4,)]
    assert optimizer.variables[2] is optimizer.slots["momentum"]
    assert len(optimizers.SGD(schedules.CosineDecay(0.5, 10)).variables) == 1
