"""Regularizers and constraints in the training step.

What a batch's loss is, in all: the loss of the outputs, plus what layers have added on the way (``Layer.add_loss``, the
penalties on activities), plus the penalties of the trained weights. The slopes of the first two come back through the
layers; those of the weights' penalties do not depend on the data, and are added to the gradients here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from scratchnet.constraints import Constraint
from scratchnet.layers.arrays import fitting
from scratchnet.layers.layer import Layer
from scratchnet.regularizers import Regularizer
from scratchnet.typing import Array


class Penalties:
    """The regularizers and constraints of all trained weights of some layers, each weight once.

    Attributes:
        regularized, constrained: the weights that have one: name, w, its gradient, and the regularizer or constraint.
    """

    def __init__(self, layers: Iterable[Layer], trainable: bool = True) -> None:
        self.regularized: list[tuple[str, Array, Array, Regularizer]] = []
        self.constrained: list[tuple[str, Array, Array, Constraint]] = []
        for layer in layers:
            for name, w, gradient, regularizer, constraint in layer.ruled_weights(trainable):
                if regularizer is not None:
                    self.regularized.append((f"{layer.name}/{name}", w, gradient, regularizer))
                if constraint is not None:
                    self.constrained.append((f"{layer.name}/{name}", w, gradient, constraint))

    def values(self) -> list[float]:
        """Return the penalty of each weight."""
        return [float(regularizer.forward(w)) for _, w, _, regularizer in self.regularized]

    def add_slopes(self) -> None:
        """Add the slope of each penalty to its weight's gradient."""
        for name, w, gradient, regularizer in self.regularized:
            gradient += _checked(regularizer.gradient(w), w, regularizer, name)

    def constrain(self) -> None:
        """Move the weights to where their constraints allow them to be, in place."""
        for name, w, _, constraint in self.constrained:
            w[...] = _checked(constraint(w), w, constraint, name)


def _checked(made: Any, w: Array, by: Any, name: str) -> Array:
    """Return what a regularizer or constraint made of a weight, which one of the user's may get wrong at any step."""
    if isinstance(made, np.ndarray) and made.shape == w.shape:
        return made
    return fitting(made, w.shape, type(by).__name__, f"what it returns for {name!r}")
