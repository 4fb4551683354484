"""The last Dense, softmax and cross-entropy in one pass: logits, loss, probabilities and the gradient dz.

1. The softmax of a row needs that row of logits only: a tile of rows is finished while it is in the cache.
2. All of it is the work of some microseconds: to start three kernels one after the other would take as long, and so
   would threads.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.kernels.dense import DenseStep
from scratchnet.kernels.nonzeros import NARROW
from scratchnet.kernels.product import product
from scratchnet.kernels.relu import bias_and_relu
from scratchnet.kernels.runtime import kernel
from scratchnet.kernels.simd import TILE, ZERO, lanes
from scratchnet.kernels.softmax_crossentropy import (
    check_labels,
    check_targets,
    crossentropy_row,
    sparse_crossentropy_row,
)
from scratchnet.typing import Array

_NO_LABELS = np.empty(0, np.int64)


@kernel()
def _forward(
    x: Array, kernel_: Array, bias: Array, rows: Array, D: int, z: Array, labels: Array, targets: Array, scale: Array,
    p: Array, dz: Array,
) -> float:  # fmt: skip
    samples, U, nothing, loss = z.shape[0], bias.size, np.zeros(1, np.int64), 0.0
    if not (z.shape[1] == U and x.size == samples * D and kernel_.size == D * U and rows.size >= samples + TILE - 1):
        raise ValueError("A dense layer was given arrays whose sizes do not belong together.")
    if labels.size > 0:
        check_labels(z, labels, scale, p, dz)
    else:
        check_targets(z, targets, scale, p, dz)
    flat = z.reshape(-1)
    for first in range(0, samples, TILE):
        last = min(first + TILE, samples)
        product(
            x, ZERO, rows, first, last - first, nothing, 1, D, 1, kernel_, ZERO, U, U, flat, first * U, U, ZERO
        )  # fmt: skip
        bias_and_relu(flat[first * U : last * U], U, bias, False)
        for n in range(first, last):
            if labels.size > 0:
                loss += sparse_crossentropy_row(z, n, labels[n], scale[n], p, dz)
            else:
                loss += crossentropy_row(z, n, targets, scale[n], p, dz)
    return loss


class DenseCrossentropyStep(DenseStep):
    """The last Dense of a plan that ends in logits and whose loss is a cross-entropy.

    `forward` takes x in and returns the array of the logits; it is `loss`, which always follows, that fills it.
    """

    @classmethod
    def fits(cls, layers: list[Any]) -> bool:
        """Whether `layers` is a Dense without activation, for one axis, and narrow: a wide one has a faster product."""
        return (
            DenseStep.fits(layers)
            and layers[0].activation.name == "linear"
            and len(layers[0].input_shape) == 2
            and layers[0].units < NARROW * lanes(layers[0].dtype)
        )

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return y (N, U), a buffer of the step that `loss` will fill."""
        self.x, self.shape = self.flat(x), x.shape
        self.y = self.buffer("y", len(x), (self.U,))  # (N, U)
        return self.y

    def loss(self, y_true: Array, sparse: bool, scale: Array, p: Array, dz: Array) -> float:
        """Fill the logits, the probabilities p and the gradient dz (N, U); return the sum of the scaled losses.

        The arguments are those of `sparse_softmax_crossentropy` and `softmax_crossentropy`.
        """
        N = len(self.y)
        labels, targets = (y_true, self.y[:0]) if sparse else (_NO_LABELS, y_true)
        return float(
            _forward(
                self.x, self.kernel, self.bias, self.row_table(N), self.D, self.y, labels, targets, scale, p, dz
            )
        )  # fmt: skip
