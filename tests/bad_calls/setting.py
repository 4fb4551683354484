"""What the tables of bad calls talk of: every public name, a small trained model, its data, and some files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import scratchnet
from scratchnet import (
    Input,
    Layer,
    Model,
    Sequential,
    activations,
    architectures,
    callbacks,
    config,
    constraints,
    datasets,
    gradient_check,
    images,
    initializers,
    interop,
    layers,
    load_model,
    losses,
    metrics,
    models,
    optimizers,
    plotting,
    regularizers,
    saving,
    schedules,
    utils,
)
from scratchnet.utils import random

X = np.random.default_rng(0).normal(size=(6, 3)).astype(np.float32)
Y = np.arange(6) % 3
IMAGES = np.zeros((2, 5, 5))

NAMES: dict[str, Any] = {
    name: thing
    for module in (callbacks, constraints, initializers, losses, metrics, optimizers, regularizers, schedules, layers)
    for name, thing in vars(module).items()
    if isinstance(thing, type) and not name.startswith("_")
} | {"scratchnet": scratchnet, "np": np}
"""Classes by their names; where two modules have one of the same name, the layer's or the later module's counts."""

NAMES |= {
    thing.__name__.rpartition(".")[2]: thing
    for thing in (
        *(activations, architectures, callbacks, config, constraints, datasets, gradient_check, images, initializers),
        *(interop, layers, losses, metrics, models, optimizers, plotting, regularizers, saving, schedules, utils),
        *(Input, Layer, Model, Sequential, load_model),
    )
}


class Doubled(Layer):
    """A layer of the user's own, which a file only mentions."""

    def forward(self, x: Any, training: bool = False) -> Any:
        return 2 * x

    def backward(self, dy: Any) -> Any:
        return 2 * dy


def model() -> Sequential:
    """Return a small model that has been trained for one epoch."""
    utils.set_random_seed(1)
    utils.clear_session()
    hidden = layers.Dense(4, activation="relu", name="hidden")
    chances = layers.Dense(3, activation="softmax", name="chances")
    small = Sequential([Input((3,), name="x"), hidden, chances], name="small")
    small.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    small.fit(X, Y, verbose=0)
    return small


def uncompiled(trained: Model) -> Model:
    """Return a copy that has not been compiled."""
    return Sequential.from_config(trained.get_config())


def batches() -> Iterator[Any]:
    """Return an iterator over two batches."""
    return iter([(X, Y)] * 2)


def make_files() -> None:
    """Write, into the current folder, files that are not what they are taken for."""
    trained = model()
    trained.save("model.safetensors")
    trained.save_weights("weights.safetensors")
    Sequential([Input((7,)), layers.Dense(2)]).save_weights("other.safetensors")
    Sequential([Input((3,)), Doubled(), layers.Dense(2)]).save("own.safetensors")
    Path("cut.safetensors").write_bytes(Path("model.safetensors").read_bytes()[:-40])
    Path("empty").touch()
    Path("text.txt").write_text("Once upon a time.\n", encoding="utf-8")


def seeds() -> list[Any]:
    """Return what random numbers follow from."""
    return [random.global_state(), np.random.get_state(legacy=False)["state"]["key"].tolist()]


def state(trained: Model) -> list[Any]:
    """Return all of a model, and the settings of the session, that a refused call must leave alone."""
    optimizer = trained.optimizer
    return [
        [array.tobytes() for array in trained.get_weights()],
        [(layer.name, layer.trainable, sorted(vars(layer))) for layer in trained.layers],
        (id(trained.history), repr(trained.history.history if trained.history else None), trained.stop_training),
        (id(optimizer), optimizer.batches, {name: slot.tobytes() for name, slot in optimizer.slots.items()})
        if optimizer
        else None,
        [(id(target.loss), list(map(id, target.metrics))) for target in trained.targets],
        (config.backend(), config.floatx()),
    ]


NAMES |= {"X": X, "Y": Y, "IMAGES": IMAGES, "batches": batches, "uncompiled": uncompiled}


def make_command_files() -> None:
    """Write what the tables of commands name beside."""
    Path("empty-folder").mkdir()
    Path("broken.py").write_text("class Layer(\n", encoding="utf-8")
    Path("layer.py").write_text(
        "class Mine:\n    def forward(self, x):\n        return 2 * x\n\n"
        "    def backward(self, dy):\n        return 2 * dy\n",
        encoding="utf-8",
    )
