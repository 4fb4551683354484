"""Softmax and cross-entropy in one stable pass from the logits (losses/crossentropy.py, from_logits).

1. Loss, probabilities and the gradient dz come from one reading of each row, while it is in registers.
2. The row's maximum is taken off first: logits of +-1e4 give finite numbers everywhere.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from scratchnet.kernels.machine.runtime import inner, kernel
from scratchnet.typing import Array


@inner
def _exponentials(logits: Array, n: int, p: Array) -> tuple[Any, Any]:
    """Fill p[n] with e^(z - max z) and return (max z, the sum of the row)."""
    top = logits[n, 0]
    for k in range(1, logits.shape[1]):
        top = max(top, logits[n, k])
    total = logits.dtype.type(0)
    for k in range(logits.shape[1]):
        e = np.exp(logits[n, k] - top)
        p[n, k] = e
        total += e
    return top, total


@inner
def sparse_crossentropy_row(logits: Array, n: int, label: int, scale: Any, p: Array, dz: Array) -> Any:
    """Fill row n of p and dz, and return its scaled loss; see `sparse_softmax_crossentropy`."""
    top, total = _exponentials(logits, n, p)
    for k in range(logits.shape[1]):
        p[n, k] /= total
        dz[n, k] = p[n, k] * scale
    dz[n, label] = (p[n, label] - logits.dtype.type(1)) * scale
    return (math.log(total) - (logits[n, label] - top)) * scale


@inner
def crossentropy_row(logits: Array, n: int, targets: Array, scale: Any, p: Array, dz: Array) -> Any:
    """Fill row n of p and dz, and return its scaled loss; see `softmax_crossentropy`."""
    top, total = _exponentials(logits, n, p)
    loss, weight, log_total = 0.0, logits.dtype.type(0), math.log(total)
    for k in range(logits.shape[1]):
        weight += targets[n, k]
        loss -= targets[n, k] * (logits[n, k] - top - log_total) * scale
    for k in range(logits.shape[1]):
        p[n, k] /= total
        dz[n, k] = (p[n, k] * weight - targets[n, k]) * scale
    return loss


@inner
def check_labels(logits: Array, labels: Array, scale: Array, p: Array, dz: Array) -> None:
    """Refuse labels that are not in 0...K-1, and arrays of other shapes: both would be written beyond their end."""
    if not (labels.size == scale.size == logits.shape[0] and p.shape == dz.shape == logits.shape):
        raise ValueError("A cross-entropy was given arrays whose sizes do not belong together.")
    for n in range(labels.size):
        if not 0 <= labels[n] < logits.shape[1]:
            raise ValueError("A cross-entropy was given a label that is not the number of a class.")


@inner
def check_targets(logits: Array, targets: Array, scale: Array, p: Array, dz: Array) -> None:
    """As `check_labels`, for targets (N, K)."""
    if not (scale.size == logits.shape[0] and targets.shape == p.shape == dz.shape == logits.shape):
        raise ValueError("A cross-entropy was given arrays whose sizes do not belong together.")


@kernel()
def sparse_softmax_crossentropy(logits: Array, labels: Array, scale: Array, p: Array, dz: Array) -> float:
    """Return the loss, the sum over n of ``scale[n] * -log p[n, labels[n]]``.

    Args:
        logits: (N, K) floats.
        labels: (N,) int64, each in 0...K-1.
        scale: (N,) floats: the sample weights divided by N.
        p: (N, K), filled with the probabilities.
        dz: (N, K), filled with the gradient with respect to the logits, ``scale * (p - one_hot(labels))``.

    Raises:
        ValueError: a label lies outside, or shapes do not fit together.
    """
    check_labels(logits, labels, scale, p, dz)
    loss = 0.0
    for n in range(logits.shape[0]):
        loss += sparse_crossentropy_row(logits, n, labels[n], scale[n], p, dz)
    return loss


@kernel()
def softmax_crossentropy(logits: Array, targets: Array, scale: Array, p: Array, dz: Array) -> float:
    """As `sparse_softmax_crossentropy`, for targets (N, K) that are distributions, such as one-hot rows.

    The loss is the sum of ``scale[n] * -targets[n, k] * log p[n, k]``, its gradient ``scale * (p sum(targets) -
    targets)``.
    """
    check_targets(logits, targets, scale, p, dz)
    loss = 0.0
    for n in range(logits.shape[0]):
        loss += crossentropy_row(logits, n, targets, scale[n], p, dz)
    return loss
