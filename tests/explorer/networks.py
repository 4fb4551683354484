"""Small networks that together have every layer and setting that the page computes, trained for a moment.

``python -m tests.explorer.networks FOLDER`` writes what their pages are told, for the tests of the front end.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import scratchnet as sn
from scratchnet import layers
from scratchnet.explorer.contents import Picture, contents
from scratchnet.models import Model

CLASSES = ["a", "b", "c", "d"]
SIDE = 9


def chain() -> Model:
    """Strides, "same" padding, dilation, groups, the poolings, BatchNormalization, Dropout; Adam."""
    inputs = layers.Input(shape=(SIDE, SIDE, 1))
    x = layers.ZeroPadding2D(((1, 0), (0, 2)))(inputs)
    x = layers.Conv2D(6, 3, padding="same", activation="gelu", name="same")(x)
    x = layers.BatchNormalization(name="norm")(x)
    x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
    x = layers.Conv2D(4, 2, strides=(2, 1), groups=2, use_bias=False, name="groups")(x)
    x = layers.LeakyReLU()(x)
    x = layers.Dropout(0.4)(x)
    x = layers.AveragePooling2D(2, strides=1, padding="same")(x)
    x = layers.Flatten()(x)
    x = layers.Dense(5, activation="tanh")(x)
    model = Model(inputs, layers.Dense(4, activation="softmax")(x))
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def residual() -> Model:
    """A tensor used twice, Add, a shared layer, global pooling, label smoothing; SGD with Nesterov and decay."""
    inputs = layers.Input(shape=(SIDE, SIDE, 1))
    x = layers.Rescaling(2.0, -0.5)(inputs)
    x = layers.Conv2D(3, 3, padding="same", dilation_rate=2, activation="silu")(x)
    shared = layers.Conv2D(3, 1, activation="relu", name="shared")
    x = layers.Add()([x, shared(shared(x))])
    x = layers.BatchNormalization(scale=False)(x)
    x = layers.ReLU(max_value=1.0)(x)
    frozen = layers.BatchNormalization(center=False)
    frozen.trainable = False
    x = frozen(x)
    both = layers.Add()([layers.GlobalAveragePooling2D()(x), layers.GlobalMaxPooling2D()(x)])
    x = layers.Reshape((3, 1))(both)
    x = layers.Dense(2, activation="softmax")(x)
    x = layers.Dense(4, use_bias=False)(layers.Flatten()(x))
    model = Model(inputs, layers.Softmax()(x))
    optimizer = sn.optimizers.SGD(0.05, momentum=0.9, nesterov=True, weight_decay=0.01)
    optimizer.exclude_from_weight_decay(var_names=["bias", "beta", "gamma"])
    model.compile(optimizer, sn.losses.CategoricalCrossentropy(label_smoothing=0.1))
    return model


def functions() -> Model:
    """The other activation functions, logits out; plain SGD."""
    names = ("elu", "selu", "sigmoid", "hard_sigmoid", "exponential", "softplus")
    x: Any = layers.Input(shape=(SIDE, SIDE))
    inputs = x
    x = layers.Flatten()(x)
    x = layers.Dense(6, activation=sn.activations.GELU(approximate=True))(x)
    for name in names:
        x = layers.Dense(6, activation=name)(x)
    x = layers.Activation("tanh")(x)
    model = Model(inputs, layers.Dense(4)(x))
    model.compile(sn.optimizers.SGD(0.1), sn.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


def augmented() -> Model:
    """What changes images in training, a cut, noise, and a network like those of the challenge behind it; AdamW."""
    inputs = layers.Input(shape=(SIDE, SIDE, 1))
    x = layers.RandomFlip("horizontal")(inputs)
    x = layers.RandomTranslation(0.2, 0.2)(x)
    x = layers.RandomCrop(SIDE - 1, SIDE - 2)(layers.ZeroPadding2D(1)(x))
    x = layers.RandomErasing()(x)
    x = layers.Conv2D(4, 3, padding="same", use_bias=False)(x)
    x = layers.GaussianNoise(0.1)(layers.Activation("relu")(layers.BatchNormalization()(x)))
    x = layers.Conv2D(5, 3, padding="same", use_bias=False)(layers.MaxPooling2D()(x))
    x = layers.Dropout(0.2)(layers.GlobalMaxPooling2D()(layers.ReLU()(layers.BatchNormalization()(x))))
    model = Model(inputs, layers.Dense(4, activation="softmax")(x))
    model.compile(sn.optimizers.AdamW(0.01), sn.losses.CategoricalCrossentropy(label_smoothing=0.1))
    return model


def closed() -> Model:
    """Layers that the page has not, one with weights, and one with a regularizer."""
    inputs = layers.Input(shape=(SIDE, SIDE, 1))
    x = layers.Conv2D(2, 2, activation="relu")(inputs)
    x = layers.DepthwiseConv2D(3)(x)
    x = layers.Flatten()(x)
    x = layers.Dense(6, activation="relu", kernel_regularizer="l2")(x)
    model = Model(inputs, layers.Dense(4, activation="softmax")(x))
    model.compile(sn.optimizers.AdamW(), "sparse_categorical_crossentropy")
    return model


NETWORKS: dict[str, Callable[[], Model]] = {
    "chain": chain,
    "residual": residual,
    "functions": functions,
    "augmented": augmented,
    "closed": closed,
}


def trained(name: str) -> Model:
    """Return the network after a few steps, the same each time."""
    sn.utils.clear_session()
    sn.utils.set_random_seed(3)
    model = NETWORKS[name]()
    rng = np.random.default_rng(5)
    shape = model.inputs[0].shape[1:]
    x = rng.random((32, *(n for n in shape if n is not None)), np.float32)
    labels = rng.integers(0, 4, 32)
    model.fit(x, labels if "sparse" in model.loss.name else np.eye(4)[labels], epochs=2, batch_size=8, verbose=0)
    return model


def pictures(count: int = 3) -> list[Picture]:
    pixels = np.random.default_rng(7).integers(0, 256, (count, SIDE, SIDE)).astype(np.uint8)
    pixels[:, :3, :3] = 0  # a background, where numbers tie
    return [Picture(f"test:{n}", pixels[n], n if n else None) for n in range(count)]


def contents_of(name: str) -> dict[str, Any]:
    """Return what the page of a network is told."""
    model, batch = trained(name), pictures()
    x = np.divide(np.stack([one.pixels for one in batch]), 255, dtype=np.float32)
    x = x.reshape(len(x), *(n for n in model.inputs[0].shape[1:] if n is not None))
    return contents(model, batch, x, CLASSES, name, 255)


def write(folder: Path) -> None:
    """Write what the page of each network is told, as JSON."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in NETWORKS:
        (folder / f"{name}.json").write_text(json.dumps(contents_of(name), allow_nan=False), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
