"""The two networks of the course notebook, ready to compile."""

from __future__ import annotations

from collections.abc import Callable

from scratchnet.layers import Conv2D, Dense, Flatten, Input, MaxPooling2D
from scratchnet.models import Model


def mlp() -> Model:
    """Return the network with one hidden layer: images (N, 28, 28) in, 10 probabilities out, 203,530 parameters."""
    inputs = Input(shape=(28, 28))
    x = Flatten()(inputs)
    x = Dense(256, activation="relu", name="Hidden")(x)
    return Model(inputs, Dense(10, activation="softmax", name="Output")(x), name="mlp")


def cnn() -> Model:
    """Return the convolutional network: images (N, 28, 28, 1) in, 10 probabilities out, 302,026 parameters."""
    inputs = Input(shape=(28, 28, 1))
    x = Conv2D(32, kernel_size=(2, 2), activation="relu", name="Conv_1")(inputs)
    x = MaxPooling2D()(x)
    x = Conv2D(32, kernel_size=(2, 2), activation="relu", name="Conv_2")(x)
    x = MaxPooling2D()(x)
    x = Flatten()(x)
    x = Dense(256, activation="relu")(x)
    return Model(inputs, Dense(10, activation="softmax")(x), name="cnn")


ARCHITECTURES: dict[str, Callable[[], Model]] = {"mlp": mlp, "cnn": cnn}
"""Both by name, as the command line takes them."""
