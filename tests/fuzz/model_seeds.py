"""Small models whose files the fuzzer begins from: together they have most of what a header can say."""

from __future__ import annotations

from typing import Any

import numpy as np

import scratchnet as sn
from scratchnet import layers, losses, metrics, optimizers, regularizers, schedules


def trained_mlp() -> Any:
    """A sequential model with an optimizer that has been at work."""
    model = sn.Sequential(
        [sn.Input((4,)), layers.Dense(5, activation="relu"), layers.Dropout(0.5, seed=1), layers.Dense(3, "softmax")]
    )
    model.compile(optimizers.Adam(1e-3, clipnorm=1.0), losses.SparseCategoricalCrossentropy(), ["accuracy"])
    model.fit(np.eye(4), np.arange(4) % 3, verbose=0)
    return model


def cnn() -> Any:
    """A convolutional one, with running means, augmentation, penalties, constraints and a schedule."""
    model = sn.Sequential(
        [
            sn.Input((6, 6, 1)),
            layers.RandomFlip("horizontal", seed=1),
            layers.RandomTranslation(0.1, 0.1, seed=2),
            layers.Rescaling(1 / 255),
            layers.Conv2D(2, 3, padding="same", kernel_regularizer=regularizers.L2(0.1)),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(1, activation="sigmoid", kernel_constraint="max_norm"),
        ]
    )
    rate = schedules.ExponentialDecay(0.1, 10, 0.5)
    model.compile(optimizers.SGD(rate, momentum=0.9), "binary_crossentropy", [metrics.BinaryAccuracy(threshold=0.25)])
    model.fit(np.zeros((4, 6, 6, 1)), np.arange(4)[:, None] % 2, verbose=0)
    return model


def two_ends() -> Any:
    """A graph with a shared layer, two inputs and two outputs, each with its loss."""
    left, right = sn.Input((4,), name="left"), sn.Input((4,), name="right")
    shared = layers.Dense(4, activation="tanh", name="shared")
    both = layers.Add()([shared(left), shared(right)])
    normal = layers.LayerNormalization()(layers.Concatenate(axis=1)([both, left]))
    model = sn.Model([left, right], [layers.Dense(2, name="first")(both), layers.Dense(1, name="second")(normal)])
    model.compile(
        "rmsprop",
        {"first": "mse", "second": losses.Huber(0.5)},
        {"first": ["mae"], "second": None},
        loss_weights=[1, 2],
    )
    return model


def nested() -> Any:
    """A frozen model inside a model whose ends have names."""
    inner = sn.Sequential([sn.Input((3, 3, 2)), layers.DepthwiseConv2D(2), layers.Flatten()], name="inner")
    inner.trainable = False
    image = sn.Input((3, 3, 2), name="image")
    out = layers.Dense(2, kernel_initializer=sn.initializers.HeUniform(seed=3))(layers.LeakyReLU(0.1)(inner(image)))
    return sn.Model({"image": image}, {"logits": out}, name="outer")


def words() -> Any:
    """Integers in, and shapes that are not told."""
    model = sn.Sequential(
        [sn.Input((4,), dtype="int32"), layers.Embedding(5, 3), layers.Permute((2, 1)), layers.Reshape((-1, 6))]
    )
    model.add(layers.GaussianNoise(0.1, seed=3))
    model.add(layers.Activation("gelu"))
    model.compile("adamw", "mse")
    return model


def weights_model() -> Any:
    """What a file of weights is read into."""
    return sn.Sequential([sn.Input((2,)), layers.Dense(2), layers.BatchNormalization()])


MODELS = (trained_mlp, cnn, two_ends, nested, words)
