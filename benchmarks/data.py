"""The images that everybody trains on, from ``scratchnet.datasets``, in the forms that users hand over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.networks import NETWORKS, network_named

TRAINING_IMAGES, TEST_IMAGES = 60_000, 10_000
RANDOM_IMAGES = 16_384
LARGE = 2**24
"""So many numbers, 67 MB, are enough of random images; 512 images there must be."""


@dataclass
class Images:
    """Images (N, ...) and labels (N,), with a word on where they are from."""

    x_train: Any
    y_train: Any
    x_test: Any
    y_test: Any
    source: str


def load() -> Images:
    """Return Fashion-MNIST as uint8; without it the embedded subset, repeated to the same number of images."""
    from scratchnet.datasets import fashion_mnist
    from scratchnet.errors import DatasetError

    try:
        (x_train, y_train), (x_test, y_test) = fashion_mnist.load_data()
        return Images(x_train, y_train, x_test, y_test, "Fashion-MNIST, 60,000 + 10,000 images")
    except DatasetError:
        (x_train, y_train), (x_test, y_test) = fashion_mnist.load_data(subset="mini")
        return Images(
            np.resize(x_train, (TRAINING_IMAGES, 28, 28)),
            np.resize(y_train, TRAINING_IMAGES),
            np.resize(x_test, (TEST_IMAGES, 28, 28)),
            np.resize(y_test, TEST_IMAGES),
            "embedded subset of Fashion-MNIST (5,000 + 1,000 images), repeated to 60,000 + 10,000",
        )


def as_float32(images: Images) -> Images:
    """Return the images scaled to 0…1 as float32, the form that every framework likes best."""
    x_train, x_test = ((x / np.float32(255)).astype(np.float32) for x in (images.x_train, images.x_test))
    return Images(x_train, images.y_train, x_test, images.y_test, images.source)


def as_notebook(images: Images) -> Images:
    """Return the images as the course notebook makes them: ``x / 255.0``, float64."""
    return Images(images.x_train / 255.0, images.y_train, images.x_test / 255.0, images.y_test, images.source)


def for_network(x: Any, network: str) -> Any:
    """Return samples (N, ...) as a view of the shape that the network takes, such as (N, 28, 28, 1)."""
    return x.reshape(len(x), *network_named(network).input_shape)


def targets(x: Any, y: Any, network: str) -> Any:
    """Return what the network is trained on: the labels, or the samples themselves, shaped as they go in."""
    return for_network(x, network) if network_named(network).task == "image" else y


def is_fashion_mnist(network: str) -> bool:
    """Whether the network takes images of 28x28 pixels, in whatever shape."""
    return int(np.prod(network_named(network).input_shape)) == 28 * 28


def random_images(network: str) -> Images:
    """Return random samples for a network that takes other images than those: none of their numbers is 0."""
    generator, shape = np.random.default_rng(0), network_named(network).input_shape
    count = RANDOM_IMAGES if network in NETWORKS else max(512, min(RANDOM_IMAGES, LARGE // int(np.prod(shape))))
    x = generator.random((count, *shape), np.float32) * np.float32(0.9) + np.float32(0.1)
    y = generator.integers(0, 10, count).astype(np.uint8)
    return Images(x, y, x[:1000], y[:1000], "random numbers")
