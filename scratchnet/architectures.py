"""The two networks of the course notebook, and that of its last question, the challenge, ready to compile."""

from __future__ import annotations

from collections.abc import Callable

from scratchnet.layers import (
    BatchNormalization,
    Conv2D,
    Dense,
    Flatten,
    GlobalMaxPooling2D,
    Input,
    MaxPooling2D,
    RandomCrop,
    RandomErasing,
    RandomFlip,
    ZeroPadding2D,
)
from scratchnet.layers.tensor import SymbolicTensor
from scratchnet.models import Model
from scratchnet.recipes import Recipe, recipe


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


def challenge(size: str | Recipe = "minutes") -> Model:
    """Return a network of the challenge: images (N, 28, 28, 1) in, 10 probabilities out.

    Three blocks of two convolutions, of which one halves height and width. In training the images come mirrored, moved
    and with holes, as the recipe says. How to train it is in ``recipes``.

    Args:
        size: ``"minutes"``, ``"hour"`` or ``"night"``, or a recipe of your own.

    Raises:
        ValueError: for another size, with the nearest known one.
    """
    made = recipe(size) if isinstance(size, str) else size
    inputs = Input(shape=(28, 28, 1))
    x = _varied(inputs, made)
    for filters, pooled in zip(made.filters, made.pooled, strict=True):
        x = Conv2D(filters, kernel_size=3, padding="same", activation="relu")(x)
        x = MaxPooling2D()(x) if pooled else x
        x = BatchNormalization(momentum=0.95)(x)
    x = GlobalMaxPooling2D()(x)
    return Model(inputs, Dense(10, activation="softmax")(x), name="challenge")


def _varied(x: SymbolicTensor, made: Recipe) -> SymbolicTensor:
    """Return the images as training shows them: each epoch they are a little different."""
    if made.flip:
        x = RandomFlip("horizontal")(x)
    if made.shift:
        x = RandomCrop(28, 28)(ZeroPadding2D(made.shift)(x))
    if made.erase:
        x = RandomErasing((made.erase, made.erase), fill_value=0.0, value_range=(0, 1))(x)
    return x


ARCHITECTURES: dict[str, Callable[[], Model]] = {"mlp": mlp, "cnn": cnn, "challenge": challenge}
"""All by name, as the command line takes them."""
