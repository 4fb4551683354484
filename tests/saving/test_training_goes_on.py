"""Training goes on after loading as if the model had never left memory: the same bits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import scratchnet as sn
from scratchnet import layers, losses, metrics, optimizers, schedules

Reload = Callable[..., Any]

OPTIMIZERS: dict[str, Callable[[], optimizers.Optimizer]] = {
    "adam": optimizers.Adam,
    "adam with all its settings": lambda: optimizers.Adam(0.02, 0.8, 0.95, 1e-5, weight_decay=0.01),
    "plain sgd": lambda: optimizers.SGD(0.1),
    "momentum": lambda: optimizers.SGD(0.05, momentum=0.9),
    "nesterov": lambda: optimizers.SGD(0.05, momentum=0.7, nesterov=True),
    "exponential": lambda: optimizers.SGD(schedules.ExponentialDecay(0.1, 3, 0.5, staircase=True), momentum=0.5),
    "cosine": lambda: optimizers.Adam(schedules.CosineDecay(0.001, 10, 0.1, warmup_target=0.01, warmup_steps=4)),
    "piecewise": lambda: optimizers.SGD(schedules.PiecewiseConstantDecay([5, 9], [0.1, 0.01, 0.001])),
}


def assert_same_state(loaded: Any, model: Any) -> None:
    for name, param in model.params.items():
        np.testing.assert_array_equal(loaded.params[name], param, strict=True)
    assert loaded.optimizer.iterations == model.optimizer.iterations
    assert list(loaded.optimizer.slots) == list(model.optimizer.slots)
    for name, slot in model.optimizer.slots.items():
        np.testing.assert_array_equal(loaded.optimizer.slots[name], slot, strict=True)


def fit(model: Any, data: Any, seed: int, **options: Any) -> Any:
    sn.utils.set_random_seed(seed)
    return model.fit(*data, batch_size=8, verbose=0, **options).history


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_goes_on(optimizer: str, small_model: Any, small_data: Any, reload: Reload) -> None:
    small_model.compile(OPTIMIZERS[optimizer](), "sparse_categorical_crossentropy", ["accuracy"])
    fit(small_model, small_data, seed=1)
    loaded = reload(small_model)
    assert loaded.optimizer.get_config() == small_model.optimizer.get_config()
    assert fit(loaded, small_data, seed=2) == fit(small_model, small_data, seed=2)
    assert_same_state(loaded, small_model)


def image_model() -> Any:
    image = sn.Input((8, 8, 1))
    x = layers.MaxPooling2D()(layers.Conv2D(4, 2, activation="relu")(image))
    x = layers.Dense(6, activation="relu", trainable=False)(layers.Flatten()(x))
    model = sn.Model(image, layers.Dense(3, activation="softmax")(x))
    model.compile("adam", "sparse_categorical_crossentropy", ["accuracy"])
    return model


def test_two_epochs_are_one_and_one(backend: str, reload: Reload, rng: Any) -> None:
    data = rng.random((50, 8, 8, 1)).astype("float32"), rng.integers(0, 3, 50)
    straight, halfway = image_model(), image_model()
    halfway.set_weights(straight.get_weights())
    fit(straight, data, seed=0, epochs=2, shuffle=False)
    fit(halfway, data, seed=0, epochs=1, shuffle=False)
    loaded = reload(halfway)
    fit(loaded, data, seed=0, epochs=2, initial_epoch=1, shuffle=False)
    for ours, theirs in zip(straight.params.values(), loaded.params.values()):
        np.testing.assert_array_equal(theirs, ours)
    for name, slot in straight.optimizer.slots.items():
        np.testing.assert_array_equal(loaded.optimizer.slots[name], slot)


def test_a_model_compiled_but_not_trained_starts_alike(small_model: Any, small_data: Any, reload: Reload) -> None:
    loaded = reload(small_model)
    assert loaded.optimizer.slots == {}
    assert fit(loaded, small_data, seed=1) == fit(small_model, small_data, seed=1)
    assert_same_state(loaded, small_model)


def test_an_uncompiled_model_stays_uncompiled(reload: Reload) -> None:
    loaded = reload(sn.architectures.mlp())
    assert (loaded.loss, loaded.optimizer, loaded.metrics) == (None, None, [])


def test_a_changed_learning_rate_is_kept(small_model: Any, reload: Reload) -> None:
    small_model.optimizer.learning_rate = 0.125
    assert reload(small_model).optimizer.learning_rate == 0.125


@pytest.mark.parametrize("loss", {cls.__name__: cls for cls in losses.LOSSES.values()}.values())
def test_every_loss_comes_back(loss: Any, small_model: Any, reload: Reload) -> None:
    small_model.compile("sgd", loss())
    loaded = reload(small_model).loss
    assert type(loaded) is loss
    assert loaded.get_config() == small_model.loss.get_config()


def test_a_loss_from_logits_stays_one(reload: Reload) -> None:
    model = sn.Sequential([sn.Input((4,)), layers.Dense(3)])
    model.compile("sgd", losses.SparseCategoricalCrossentropy(from_logits=True))
    assert reload(model).loss.from_logits is True


def test_every_metric_comes_back_under_its_name(small_model: Any, reload: Reload) -> None:
    given = ["acc", metrics.TopKCategoricalAccuracy(k=2, name="top2"), *(cls() for cls in metrics.METRIC_CLASSES)]
    small_model.compile("sgd", "sparse_categorical_crossentropy", given)
    loaded = reload(small_model)
    assert [type(m) for m in loaded.metrics] == [type(m) for m in small_model.metrics]
    assert [m.get_config() for m in loaded.metrics] == [m.get_config() for m in small_model.metrics]
    assert loaded.metrics_names[:3] == ["loss", "acc", "top2"]


def test_the_vectors_of_a_smaller_model_are_not_kept(small_model: Any, small_data: Any, reload: Reload) -> None:
    fit(small_model, small_data, seed=1)
    small_model.add(layers.Dense(3, activation="softmax", name="more"))
    loaded = reload(small_model)
    assert fit(loaded, small_data, seed=2) == fit(small_model, small_data, seed=2)
    assert_same_state(loaded, small_model)


def test_saving_in_the_middle_of_training_disturbs_nothing(small_model: Any, small_data: Any, reload: Reload) -> None:
    undisturbed = reload(small_model)
    fit(undisturbed, small_data, seed=1, epochs=3)

    class SaveAndLoad(sn.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            reload(small_model)

    fit(small_model, small_data, seed=1, epochs=3, callbacks=[SaveAndLoad()])
    assert_same_state(undisturbed, small_model)
