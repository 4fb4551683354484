"""The mean squared error (losses/regression.py) and its gradient in one pass over the numbers.

1. Loss and gradient come from one reading of labels and predictions, and no array of errors is made.
2. The numbers are cut into blocks for the threads. A block's squares are added up in whichever order is fastest, the
   blocks in their order, all in float64, so threads change no bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from scratchnet.kernels.loops.bias_and_relu import BLOCK
from scratchnet.kernels.machine.hints import no_overlap
from scratchnet.kernels.machine.runtime import any_order, kernel
from scratchnet.typing import Array


@any_order  # no square is negative
def _squares(y_true: Array, y_pred: Array, slope: Any, dy: Array) -> float:
    """Return the sum of the squared errors, and fill dy with the errors times `slope`."""
    no_overlap()
    total = 0.0  # float64: a sum of float32 squares may overflow where their mean does not
    for i in range(dy.size):
        error = y_pred[i] - y_true[i]
        dy[i] = slope * error
        total += np.float64(error) * np.float64(error)
    return total


@kernel(parallel=True)
def mean_squared_error(y_true: Array, y_pred: Array, scale: Array, dy: Array) -> float:
    """Return the loss, the sum of ``scale[r] * (y_pred - y_true)²``, and fill dy with its gradient.

    Args:
        y_true, y_pred, dy: (P,) floats.
        scale: (R,) floats, each for P/R numbers that follow each other.

    Raises:
        ValueError: sizes do not fit together.
    """
    if not y_true.size == y_pred.size == dy.size or scale.size == 0 or dy.size % scale.size != 0:
        raise ValueError("A mean squared error was given arrays whose sizes do not belong together.")
    each = max(dy.size // scale.size, 1)
    blocks = (dy.size + BLOCK - 1) // BLOCK
    found = np.zeros(blocks)
    for block in prange(blocks):
        i, end = block * BLOCK, min(block * BLOCK + BLOCK, dy.size)
        total = 0.0
        while i < end:
            row = i // each
            j = min(end, (row + 1) * each)
            total += np.float64(scale[row]) * _squares(y_true[i:j], y_pred[i:j], 2 * scale[row], dy[i:j])
            i = j
        found[block] = total
    loss = 0.0
    for block in range(blocks):
        loss += found[block]
    return loss
