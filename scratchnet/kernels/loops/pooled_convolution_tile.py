"""The innermost loop of a convolution whose output goes through max-pooling, for windows of four places.

1. The sums of whole pooling windows are in registers anyway, so maximum, winner and ReLU are worked out there; the
   convolution's own output is never written.
2. ReLU comes after the maximum, once instead of four times: the maximum is the same, and where it is cut off to 0 no
   gradient asks who won.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from llvmlite import ir

from scratchnet.kernels.loops.matrix_product_tile import sum_tile
from scratchnet.kernels.machine.processor import VECTOR_BYTES
from scratchnet.kernels.machine.simd import INT, Emitter, vectorised
from scratchnet.typing import Array

POOLED = 2 if VECTOR_BYTES == 64 else 1
"""Windows of four places in one `pool_tile`."""


def pool_four(e: Emitter, a: Any, sums: list[Any], finite: bool = False) -> tuple[Any, Any]:
    """The largest of four registers, cut off at 0 if `a.relu`, and the number of the first that has it.

    NaN is the largest number (which of the four then has won is not said), unless it is known that all are finite.
    """
    builder, byte = e.builder, a.winners.type.pointee
    best, winner = sums[0], ir.Constant(ir.VectorType(byte, e.count), None)
    for q in range(1, 4):
        better = builder.fcmp_ordered(">", sums[q], best)
        best = builder.select(better, sums[q], best)
        winner = builder.select(better, e.splat(byte(q)), winner)
    relu = e.splat(builder.icmp_signed("!=", a.relu, INT(0)))
    off = builder.and_(relu, builder.fcmp_ordered("<=", best, e.zero))
    y = builder.select(off, e.zero, best)
    if finite:
        return y, winner
    lost = builder.or_(*(builder.fcmp_unordered("uno", sums[q], sums[q + 1]) for q in (0, 2)))
    return builder.select(lost, ir.Constant(e.vec, [float("nan")] * e.count), y), winner


def store_pooled(e: Emitter, a: Any, best: Any, winner: Any, to: Any) -> None:
    """Write what `pool_four` found to `y` and `winners`."""
    e.store(best, e.at(a.y, to))
    e.store(winner, e.at(a.winners, to))


def _emit_pool(vectors: int) -> Callable[[Emitter, Any], None]:
    def emit(e: Emitter, a: Any) -> None:
        builder = e.builder
        bias = [e.load(e.at(a.bias, a.bias_at, v * e.count)) for v in range(vectors)]
        sums = sum_tile(e, a, [bias] * (4 * POOLED))
        for v in range(vectors):
            for window in range(POOLED):
                four = [builder.load(sums[4 * window + q][v]) for q in range(4)]
                best, winner = pool_four(e, a, four)
                to = builder.add(a.y_at, builder.add(builder.mul(a.y_step, INT(window)), INT(v * e.count)))
                store_pooled(e, a, best, winner, to)

    return emit


def _define_pool(
    vectors: int, x: Array, x_at: int, rows: Array, rows_at: int, offsets: Array, runs: int, run: int, step: int,
    panel: Array, panel_at: int, panel_step: int, bias: Array, bias_at: int, relu: int, y: Array, winners: Array,
    y_at: int, y_step: int,
) -> None:  # fmt: skip
    """Convolve the 4 * POOLED places of POOLED pooling windows with two vectors of filters, and pool.

    The arguments up to `panel_step` are those of `matrix_product_tile.py`, of one tile of rows. Window i goes to
    ``y[y_at + i * y_step :]`` and its winners (0...3, uint8) to the same places of `winners`.
    """
    width = vectors * VECTOR_BYTES // x.itemsize
    for window in range(POOLED):
        z = np.tile(bias[bias_at : bias_at + width], (4, 1))  # (4, width)
        for q in range(4):
            for k in range(runs * run):
                number = x[x_at + rows[rows_at + 4 * window + q] + offsets[k // run] + k % run * step]
                z[q] += number * panel[panel_at + k * panel_step :][:width]
        to = slice(y_at + window * y_step, y_at + window * y_step + width)
        y[to], winners[to] = z.max(axis=0), z.argmax(axis=0)
        if relu:
            y[to][y[to] <= 0] = 0


wide_pool_tile = vectorised(_emit_pool(2))(partial(_define_pool, 2))
narrow_pool_tile = vectorised(_emit_pool(1))(partial(_define_pool, 1))
