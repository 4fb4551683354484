"""Every argument of every public class, given one odd value after another: taken and usable, or refused by a sentence.

What is taken must also build, train and be written down: a value that is accepted here and fails there is a fault too.
"""

from __future__ import annotations

import inspect
import json
import math
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from scratchnet import (
    Input,
    Model,
    Sequential,
    activations,
    config,
    constraints,
    initializers,
    layers,
    losses,
    metrics,
    optimizers,
    regularizers,
    schedules,
)
from tests.bad_calls.test_bad_calls import is_ours


class Odd:
    """An object of no use."""


ODD: list[Any] = [
    *(None, "", "x", "a\nb", "a/b", b"x", -1, 0, 1, 2, 1.5, -0.5, math.nan, math.inf, True, False, 1e30, 10**30),
    *([], (), {}, {"a": 1}, {"name": "x"}, [None], [["a"]], [1, 2], (1, 2, 3), (1, 1), (0, 0), (-1, -1), (1.5, 2)),
    *(
        [[1, [2]], 3],
        {1, 2},
        range(3),
        Odd(),
        Odd,
        len,
        lambda: None,
        1j,
        np.float32("nan"),
        np.datetime64("2020-01-01"),
    ),
    *(np.zeros(3), np.array(2), np.ones((2, 2)), np.array([None, "a"]), np.array(["a"]), np.array([b"a"])),
]
FITTING: dict[str, dict[str, Any]] = {
    "Dense": {"units": 3},
    "Conv2D": {"filters": 2, "kernel_size": 2},
    "Conv2DTranspose": {"filters": 2, "kernel_size": 2},
    "DepthwiseConv2D": {"kernel_size": 2},
    "SeparableConv2D": {"filters": 2, "kernel_size": 2},
    "Activation": {"activation": "relu"},
    "Embedding": {"input_dim": 5, "output_dim": 2},
    "Reshape": {"target_shape": (4, 9, 2)},
    "Permute": {"dims": (2, 1, 3)},
    "RandomCrop": {"height": 3, "width": 3},
    "RandomTranslation": {"height_factor": 0.1, "width_factor": 0.1},
    "Dropout": {"rate": 0.5},
    "GaussianNoise": {"stddev": 0.5},
    "Rescaling": {"scale": 0.5},
    "InputLayer": {"shape": (5,)},
    "ExponentialDecay": {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.5},
    "CosineDecay": {"initial_learning_rate": 0.1, "decay_steps": 10},
    "CosineDecayRestarts": {"initial_learning_rate": 0.1, "first_decay_steps": 10},
    "PolynomialDecay": {"initial_learning_rate": 0.1, "decay_steps": 10},
    "InverseTimeDecay": {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.5},
    "PiecewiseConstantDecay": {"boundaries": [5], "values": [0.1, 0.2]},
}
"""The arguments that there must be."""

IMAGES = np.zeros((2, 6, 6, 2))
ROWS = np.ones((4, 3))


def of_a_layer(layer: Any) -> None:
    """Build a model of it, train that for a step, and write the layer down."""
    json.dumps(layers.serialize(layer))
    if any(type(value) is int and value > 10**6 for value in layer.get_config().values()):
        return  # it may be built by who has the memory
    if isinstance(layer, layers.InputLayer):
        return
    x = Input(IMAGES.shape[1:], dtype="int32" if isinstance(layer, layers.Embedding) else None)
    several = isinstance(layer, (layers.Add, layers.Average, layers.Concatenate, layers.Multiply, layers.Subtract))
    model = Model(x, layer([x, x] if several else x))
    model.compile("sgd", "mse")
    model.fit(IMAGES, np.zeros((2, *model.output_shape[1:])), verbose=0)
    model.summary(print_fn=lambda text: None)
    type(layer).from_config(layer.get_config())


def trained(layer: Any, optimizer: Any = "sgd", loss: Any = "mse", y: Any = ROWS) -> None:
    """Train a model of one layer for a step."""
    model = Sequential([Input((3,)), layer])
    model.compile(optimizer, loss)
    model.fit(ROWS, y, verbose=0)


def of_a_loss(loss: Any) -> None:
    if loss.name != "huber_loss" or loss.delta < 1e18:  # whose square float32 holds
        trained(layers.Dense(3), loss=loss, y=np.zeros(4, int) if "sparse" in loss.name else ROWS / 3)
    json.dumps(losses.serialize(loss))


def of_a_metric(metric: Any) -> None:
    sparse = "sparse" in type(metric).__name__.lower()
    metric.update_state(np.array([0, 1] if sparse else [[0.0, 1.0], [1.0, 0.0]]), np.array([[0.2, 0.8], [0.7, 0.3]]))
    metric.result()
    json.dumps(metrics.serialize(metric))


def of_a_schedule(schedule: Any) -> None:
    json.dumps([schedule(0), schedule(7), schedule(10**6), schedules.serialize(schedule)])
    trained(layers.Dense(3), optimizers.SGD(schedule))


def of_an_initializer(initializer: Any) -> None:
    json.dumps(initializers.serialize(initializer))
    initializer((3, 3))


USES: list[tuple[dict[str, Any], Callable[[Any], Any]]] = [
    (layers.LAYERS, of_a_layer),
    (optimizers.OPTIMIZERS, lambda optimizer: trained(layers.Dense(3), optimizer)),
    ({loss.__name__: loss for loss in losses.LOSS_CLASSES}, of_a_loss),
    ({metric.__name__: metric for metric in metrics.METRIC_CLASSES}, of_a_metric),
    (schedules.SCHEDULES, of_a_schedule),
    (initializers.INITIALIZERS, of_an_initializer),
    (regularizers.REGULARIZERS, lambda penalty: trained(layers.Dense(3, kernel_regularizer=penalty))),
    (constraints.CONSTRAINTS, lambda constraint: trained(layers.Dense(3, kernel_constraint=constraint))),
    (activations.ACTIVATIONS, lambda function: function(ROWS)),
]
CLASSES = {cls.__name__: (cls, use) for table, use in USES for cls in table.values()}


def arguments(cls: Any) -> Iterator[str]:
    for parameter in inspect.signature(cls).parameters.values():
        if parameter.kind is not parameter.VAR_KEYWORD:
            yield parameter.name
        elif issubclass(cls, layers.Layer):
            yield from ("name", "dtype", "trainable", "activity_regularizer", "input_shape", "input_dim", "misspelt")
        else:
            yield from ("clipnorm", "use_ema", "ema_momentum", "gradient_accumulation_steps", "misspelt")


@pytest.mark.parametrize("name", CLASSES)
def test_an_odd_value_is_of_use_or_refused_in_a_sentence(name: str) -> None:
    config.set_backend("numpy")
    cls, use = CLASSES[name]
    faults = []
    for argument in arguments(cls):
        for value in ODD:
            try:
                with warnings.catch_warnings(), np.errstate(all="ignore"):
                    warnings.simplefilter("ignore")
                    use(cls(**FITTING.get(name, {}) | {argument: value}))
            except Exception as error:
                if not is_ours(error) or "\n" in str(error) or not str(error).endswith((".", ")")):
                    faults.append(f"{name}({argument}={value!r}): {type(error).__name__}: {error}")
    assert faults == []
