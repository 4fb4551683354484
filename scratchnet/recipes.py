"""Recipes for the challenge: how well can Fashion-MNIST be learnt on two cores in minutes, in an hour, in a night?

Everything that was chosen stands here, and nothing else does: the network is built from a recipe by
``architectures.challenge``, and ``scratchnet train challenge`` follows it. What each ingredient gives, and how it was
chosen, is told in ``docs/reports/challenge.md``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scratchnet.errors import unknown_name
from scratchnet.losses import CategoricalCrossentropy
from scratchnet.optimizers import SGD
from scratchnet.schedules import CosineDecay
from scratchnet.typing import Array

if TYPE_CHECKING:
    from scratchnet.models import Model


def _mirrored(x: Array) -> list[Array]:
    return [np.ascontiguousarray(x[:, :, ::-1])]


def _moved(x: Array) -> list[Array]:
    """Return the images moved by one pixel up, down, left and right; what comes in at the other side is black."""
    moved = [np.zeros_like(x) for _ in range(4)]
    up, down, left, right = moved
    up[:, :-1], down[:, 1:], left[:, :, :-1], right[:, :, 1:] = x[:, 1:], x[:, :-1], x[:, :, 1:], x[:, :, :-1]
    return moved


VIEWS: dict[str, Callable[[Array], list[Array]]] = {"mirrored": _mirrored, "moved": _moved}
"""Other ways to look at images (N, H, W, …), by name: each makes one or more of them out of the images."""


@dataclass(frozen=True)
class Recipe:
    """How a network of the challenge is built and trained.

    Attributes:
        filters: of the convolutions, one after the other; each is 3×3, with ReLU and BatchNormalization behind it.
        pooled: for each of them, whether its output is halved by max-pooling.
        epochs: passes through the training images.
        batch_size: images a step.
        learning_rate: the highest one. One cycle: it rises from 0 in a straight line, and falls to 0 as a cosine.
        warm_up: the share of the steps in which it rises.
        momentum: Nesterov's.
        weight_decay: the share of the kernels, times the learning rate, that each step takes off; biases and the
            scales of the normalizations are spared.
        label_smoothing: the share of the truth that goes to all classes alike.
        flip: whether every other training image is mirrored.
        shift: by how many pixels a batch is moved at most, in each direction.
        erase: the share of training images in which a rectangle is painted black.
        views: how to look at an image when it counts, besides as it is; names in ``VIEWS``. Two of them are combined.
    """

    filters: tuple[int, ...]
    epochs: int
    pooled: tuple[bool, ...] = (False, True, False, True, False, True)
    batch_size: int = 128
    learning_rate: float = 0.2
    warm_up: float = 0.2
    momentum: float = 0.9
    weight_decay: float = 0.005
    label_smoothing: float = 0.1
    flip: bool = True
    shift: int = 1
    erase: float = 0.5
    views: tuple[str, ...] = ("mirrored",)

    def compile(self, model: Model, images: int) -> None:
        """Compile the model to be trained on so many images, whose labels come as one-hot rows (N, 10)."""
        steps = self.epochs * math.ceil(images / self.batch_size)
        rising = round(self.warm_up * steps)
        schedule = CosineDecay(0.0, steps - rising, warmup_target=self.learning_rate, warmup_steps=rising)
        sgd = SGD(schedule, self.momentum, nesterov=True, weight_decay=self.weight_decay)
        sgd.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
        model.compile(sgd, CategoricalCrossentropy(label_smoothing=self.label_smoothing), ["accuracy"])


CHALLENGE: dict[str, Recipe] = {
    "minutes": Recipe(filters=(32, 32, 64, 64, 128, 128), epochs=14, learning_rate=0.1, shift=0, erase=0.25),
    "hour": Recipe(filters=(48, 48, 96, 96, 176, 176), epochs=30),
    "night": Recipe(filters=(48, 48, 96, 96, 176, 176), epochs=60, learning_rate=0.1, views=("mirrored", "moved")),
}
"""The recipes by the time that they may take on two cores: 12, 60 and 150 minutes."""


def recipe(size: str) -> Recipe:
    """Return the recipe of a name.

    Raises:
        ValueError: for an unknown name, with the nearest known one.
    """
    if size not in CHALLENGE:
        raise unknown_name("size of the challenge", size, CHALLENGE)
    return CHALLENGE[size]


def averaged(predict: Callable[[Array], Array], x: Array, views: tuple[str, ...] = ()) -> Array:
    """Return the mean of what ``predict`` says of the images x (N, H, W, …) as they are and in each of these views.

    Views are combined: ``("mirrored", "moved")`` looks at an image and its mirror image, and at each of the two as it
    is and moved by a pixel in four directions, ten times in all.

    Raises:
        ValueError: for an unknown view, with the nearest known one.
    """
    for name in views:
        if name not in VIEWS:
            raise unknown_name("view", name, VIEWS)
    if not views:
        return predict(x)
    first, *others = views
    looks = [averaged(predict, look, tuple(others)) for look in (x, *VIEWS[first](x))]
    return sum(looks[1:], looks[0]) / len(looks)
