"""The last Dense, softmax and cross-entropy in one pass: logits, loss, probabilities and the gradient dz.

1. The softmax of a row needs that row of logits only: a tile of rows is finished while it is in the cache.
2. All of it is the work of some microseconds: to start three kernels one after the other would take as long, and so
   would threads.
"""

from __future__ import annotations

import numpy as np

from scratchnet.kernels.loops.bias_and_relu import bias_and_relu
from scratchnet.kernels.loops.matrix_product import matrix_product
from scratchnet.kernels.loops.softmax_crossentropy import (
    check_labels,
    check_targets,
    crossentropy_row,
    sparse_crossentropy_row,
)
from scratchnet.kernels.machine.processor import TILE
from scratchnet.kernels.machine.runtime import kernel
from scratchnet.kernels.machine.simd import ZERO
from scratchnet.typing import Array


@kernel()
def logits_and_crossentropy(
    x: Array, kernel_: Array, bias: Array, rows: Array, D: int, z: Array, labels: Array, targets: Array, scale: Array,
    p: Array, dz: Array,
) -> float:  # fmt: skip
    """Fill the logits z (samples, U), the probabilities p and the gradient dz, and return the loss.

    Without labels (an empty array) the targets (samples, U) count. See `softmax_crossentropy.py`.

    Raises:
        ValueError: the arrays have other sizes, or a label is not the number of a class.
    """
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
        matrix_product(
            x, ZERO, rows, first, last - first, nothing, 1, D, 1, kernel_, ZERO, U, U, flat, first * U, U, ZERO
        )  # fmt: skip
        bias_and_relu(flat[first * U : last * U], U, bias, False)
        for n in range(first, last):
            if labels.size > 0:
                loss += sparse_crossentropy_row(z, n, labels[n], scale[n], p, dz)
            else:
                loss += crossentropy_row(z, n, targets, scale[n], p, dz)
    return loss
