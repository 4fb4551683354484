"""Which kernel runs what: the one place where layers, losses and optimizers meet their kernels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scratchnet.layers.layer import Layer
from scratchnet.losses import Loss
from scratchnet.optimizers import Optimizer, UpdateRule
from scratchnet.typing import Array


def kernel_step(run: Sequence[Layer], needs_dx: bool, fuse: bool = True) -> Any:
    """Return the kernel step for the longest beginning of ``run`` that has one, or None."""
    return None


def kernel_loss(loss: Loss) -> Loss:
    """Return what computes ``loss`` by a kernel, or the loss itself."""
    return loss


def kernel_update_rule(optimizer: Optimizer) -> UpdateRule:
    """Return the kernel for the optimizer's ``update``, or the update itself."""
    return optimizer.update


def kernel_gather(data: Array, rows: Any, out: Array) -> Array:
    """Return rows of a data set in ``out``'s dtype: in ``out``, or as they lie if they need no copy."""
    out[...] = data[rows]
    return out
