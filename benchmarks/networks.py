"""The networks that are timed, each described once; every framework builds them from these parts.

Nine are those of the tables; three more grow with a number, such as `dense-1024`, to see how time grows with it. Names
and defaults are Keras's: images are channels last, "same" keeps ``ceil(size / strides)`` places. Where a strided "same"
convolution on an even size has its one row of padding, before or behind the image, is each framework's own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias


@dataclass(frozen=True)
class Convolution:
    """A Conv2D, or with ``transposed`` a Conv2DTranspose, with its activation."""

    filters: int
    size: int = 3
    strides: int = 1
    padding: str = "valid"
    activation: str = "relu"
    use_bias: bool = True
    transposed: bool = False


@dataclass(frozen=True)
class MaxPooling:
    """The largest of each 2x2 window."""


@dataclass(frozen=True)
class Normalization:
    """BatchNormalization with Keras's momentum 0.99 and epsilon 0.001, and an activation behind it."""

    activation: str = "relu"


@dataclass(frozen=True)
class GlobalAverage:
    """The mean of each channel."""


@dataclass(frozen=True)
class Flatten:
    """Each sample as a row."""


@dataclass(frozen=True)
class Dense:
    """A Dense layer with its activation."""

    units: int
    activation: str = "relu"


@dataclass(frozen=True)
class Residual:
    """``relu(body(x) + shortcut(x))``; an empty shortcut is x itself."""

    body: tuple[Part, ...]
    shortcut: tuple[Part, ...] = ()


Part: TypeAlias = Convolution | MaxPooling | Normalization | GlobalAverage | Flatten | Dense | Residual


@dataclass(frozen=True)
class Network:
    """A network.

    Attributes:
        title: its name in tables.
        input_shape: of one sample.
        parts: its layers, in order; they end in 10 classes by softmax, or in an image.
        task: "classes" (cross-entropy), or "image" (mean squared error against the input).
    """

    title: str
    input_shape: tuple[int, ...]
    parts: tuple[Part, ...]
    task: str = "classes"


def _same(filters: int, strides: int = 1) -> Convolution:
    return Convolution(filters, strides=strides, padding="same")


def _bare(filters: int, size: int = 3, strides: int = 1) -> Convolution:
    return Convolution(filters, size, strides, "same", "linear", use_bias=False)


def _block(filters: int, strides: int = 1) -> Residual:
    body = (_bare(filters, 3, strides), Normalization(), _bare(filters), Normalization("linear"))
    return Residual(body, () if strides == 1 else (_bare(filters, 1, strides), Normalization("linear")))


_OUTPUT = Dense(10, "softmax")

NETWORKS: dict[str, Network] = {
    "mlp": Network("the notebook's MLP", (28, 28), (Flatten(), Dense(256), _OUTPUT)),
    "cnn": Network(
        "the notebook's CNN",
        (28, 28, 1),
        (
            Convolution(32, 2), MaxPooling(), Convolution(32, 2), MaxPooling(),
            Flatten(), Dense(256), _OUTPUT,
        ),
    ),
    "lenet": Network(
        "LeNet-5",
        (28, 28, 1),
        (
            Convolution(6, 5, padding="same"), MaxPooling(), Convolution(16, 5), MaxPooling(),
            Flatten(), Dense(120), Dense(84), _OUTPUT,
        ),
    ),
    "cifar": Network(
        "CIFAR-shaped, three valid 3×3",
        (32, 32, 3),
        (
            Convolution(32), MaxPooling(), Convolution(64), MaxPooling(), Convolution(64),
            Flatten(), Dense(64), _OUTPUT,
        ),
    ),
    "vgg": Network(
        "VGG-like, 3×3 same",
        (32, 32, 3),
        (
            _same(32), _same(32), MaxPooling(), _same(64), _same(64), MaxPooling(),
            Flatten(), Dense(128), _OUTPUT,
        ),
    ),
    "strided": Network(
        "strided, no pooling",
        (28, 28, 1),
        (_same(32), _same(64, 2), _same(64), _same(128, 2), Flatten(), _OUTPUT),
    ),
    "resnet": Network(
        "small ResNet, BatchNormalization",
        (32, 32, 3),
        (_bare(16), Normalization(), _block(16), _block(32, 2), _block(64, 2), GlobalAverage(), _OUTPUT),
    ),
    "autoencoder": Network(
        "autoencoder, Conv2DTranspose",
        (28, 28, 1),
        (
            _same(32, 2),
            _same(64, 2),
            Convolution(32, strides=2, padding="same", transposed=True),
            Convolution(1, strides=2, padding="same", activation="sigmoid", transposed=True),
        ),
        "image",
    ),
    "wide": Network("wide MLP, 784-1024-1024-10", (784,), (Dense(1024), Dense(1024), _OUTPUT)),
}  # fmt: skip
"""By name, in the order of the tables."""


def _dense(units: int) -> Network:
    return Network(f"two dense layers of {units} units", (units,), (Dense(units), Dense(units)), "image")


def _conv(channels: int) -> Network:
    parts = (_same(channels), _same(channels))
    return Network(f"two 3×3 convolutions, {channels} channels", (8, 8, channels), parts, "image")


def _pool(channels: int) -> Network:
    parts = (Convolution(channels), MaxPooling(), Convolution(channels), MaxPooling(), Flatten(), _OUTPUT)
    return Network(f"two pooled 3×3 convolutions, {channels} channels", (14, 14, channels), parts)


GROWING: dict[str, Callable[[int], Network]] = {"dense": _dense, "conv": _conv, "pool": _pool}
"""Networks that grow with a number: of units, or of channels. Their work grows with its square."""


@cache
def network_named(name: str) -> Network:
    """Return one of the ``NETWORKS``, or one that grows at a number, such as ``conv-32``.

    Raises:
        KeyError: if there is none of that name.
    """
    kind, _, number = name.partition("-")
    return GROWING[kind](int(number)) if kind in GROWING and number.isdecimal() else NETWORKS[name]
