"""The last Dense together with softmax and cross-entropy: logits, loss, probabilities and dz in one pass.

1. All of it is the work of some microseconds: to start three kernels one after the other would take as long.
2. `forward` computes nothing yet; the loss, which always follows, does.

The loops: `loops/logits_and_crossentropy.py`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.kernels.loops.logits_and_crossentropy import logits_and_crossentropy
from scratchnet.kernels.loops.nonzero_product import NARROW
from scratchnet.kernels.machine.processor import lanes
from scratchnet.kernels.steps.dense import DenseStep
from scratchnet.typing import Array

_NO_LABELS = np.empty(0, np.int64)


class DenseCrossentropyStep(DenseStep):
    """The last Dense of a plan that ends in logits and whose loss is a cross-entropy.

    `forward` takes x in and returns the array of the logits; it is `loss`, which always follows, that fills it.
    """

    @classmethod
    def fits(cls, layers: list[Any]) -> bool:
        """Whether the layer has no activation, one axis and few units: many have a faster product."""
        return (
            layers[0].activation.name == "linear"
            and len(layers[0].input_shape) == 2
            and layers[0].units < NARROW * lanes(layers[0].dtype)
        )

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return y (N, U), a buffer of the step that `loss` will fill."""
        self.x, self.shape = self.flat(x), x.shape
        if len(x) != self.N:
            self.prepare(len(x))
        self.y = self.z
        return self.y

    def loss(self, y_true: Array, sparse: bool, scale: Array, p: Array, dz: Array) -> float:
        """Fill the logits, the probabilities p and the gradient dz (N, U); return the sum of the scaled losses.

        The arguments are those of `sparse_softmax_crossentropy` and `softmax_crossentropy`.
        """
        labels, targets = (y_true, self.y[:0]) if sparse else (_NO_LABELS, y_true)
        return float(
            logits_and_crossentropy(
                self.x, self.kernel, self.bias, self.rows, self.D, self.y, labels, targets, scale, p, dz
            )
        )  # fmt: skip
