"""The protocol for losses: labels and predictions, with and without weights, in two float types, several batches."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import numpy as np

from scratchnet.learn.signatures import Signature
from scratchnet.typing import Array

CLASSES = 4
BATCHES = {5: ("drawn", "weighted", "rounded", "far"), 3: ("drawn", "rounded")}
"""By N, for which a loss is made afresh, the kinds of the batches that it sees."""


def loss_protocol(labels: str, *arguments: Any, **options: Any) -> Callable[[Callable[..., Any]], Signature]:
    """Return the function that observes a loss's class, called as ``candidate(*arguments, **options)``.

    A candidate has ``forward(y_true, y_pred, sample_weight)``, which returns the loss, and ``backward()``, which
    returns its gradient; predictions are (N, 4), and drawn around zero.

    Args:
        labels: ``"numbers"`` of classes (N,), or ``"one-hot"`` (N, 4).
        arguments, options: the constructor's.
    """

    def observe(candidate: Callable[..., Any]) -> Signature:
        seen: Signature = {}
        with np.errstate(all="ignore"):
            for dtype in ("float64", "float32"):
                for N, kinds in BATCHES.items():
                    loss = candidate(*arguments, **options)
                    for kind in kinds:
                        seen |= _observe(loss, labels, dtype, N, kind)
        return seen

    return observe


def _observe(loss: Any, labels: str, dtype: str, N: int, kind: str) -> Signature:
    key = f"{dtype}/{N}/{kind}"
    generator = np.random.default_rng(zlib.crc32(f"{N}{kind}".encode()))
    z = generator.standard_normal((N, CLASSES))
    z = {"rounded": np.round(2 * z), "far": 700 * z}.get(kind, z).astype(dtype)
    t: Array = generator.integers(0, CLASSES, N)
    t = np.eye(CLASSES, dtype=dtype)[t] if labels == "one-hot" else t
    given_z, given_t = z.copy(), t.copy()
    weights = None if kind != "weighted" else generator.uniform(0.5, 2, N).astype(dtype)
    value = loss.forward(given_t, given_z, weights)
    changed = [name for name, a, b in (("z", given_z, z), ("t", given_t, t)) if not np.array_equal(a, b)]
    given_z[...] = 0.5
    given_t[...] = given_t[::-1].copy()
    dz = loss.backward()
    return {
        f"{key}/loss": np.asarray(value, np.float64),
        f"{key}/dz": np.array(dz),
        f"{key}/is": f"{np.shape(value)} {np.asarray(dz).dtype} changes {', '.join(changed) or 'nothing'}",
        f"{key}/again": np.array(loss.backward()),
    }
