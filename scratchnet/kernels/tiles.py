"""The innermost loop of every product: TILE rows by two vectors of columns, summed in registers.

    out[p, :] (+)= sum over k of x[rows[p] + place(k)] * panel[k, :]

1. TILE x 2 vectors of sums stay in registers during the whole sum over k; each number of `x` that is loaded serves two
   vectors of columns, each vector of `panel` serves TILE rows. 116 of 118 GFLOP/s on one Zen 4 core.
2. Where the rows and the k's lie is said by tables, so one routine is the dense product, its transpose, the convolution
   with any stride and dilation (without im2col), and its gradient.
3. `transpose_square` transposes in registers: log2(lanes) rounds of interleaving rows instead of lanes^2 single moves.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils

from scratchnet.kernels.simd import INT, TILE, Emitter, lanes, vectorised
from scratchnet.typing import Array


def _emit_tile(vectors: int, masked: bool = False) -> Callable[[Emitter, Any], None]:
    def emit(e: Emitter, a: Any) -> None:
        builder = e.builder
        if masked:
            e.keep_first(a.width)
        adding = builder.icmp_signed("!=", a.add, INT(0))
        rows = [e.at(a.out, a.out_at, builder.mul(a.out_step, INT(p))) for p in range(TILE)]
        places = [[e.at(row, v * e.count) for v in range(vectors)] for row in rows]
        begin = [[builder.select(adding, e.load(place), e.zero) for place in row] for row in places]
        for row, sums in zip(places, sum_tile(e, a, begin)):
            for place, total in zip(row, sums):
                e.store(builder.load(total), place)

    return emit


def sum_tile(e: Emitter, a: Any, begin: list[list[Any]]) -> list[list[Any]]:
    """The loop itself: returns the register variables of the rows of sums, which start at `begin`."""
    builder, count, vectors = e.builder, len(begin), len(begin[0])
    sums = [[cgutils.alloca_once_value(builder, vector) for vector in row] for row in begin]
    start = [e.at(a.x, a.x_at, builder.load(e.at(a.rows, a.rows_at, p))) for p in range(count)]
    panel_row = cgutils.alloca_once_value(builder, e.at(a.panel, a.panel_at))
    with cgutils.for_range(builder, a.runs) as r:
        position = cgutils.alloca_once_value(builder, builder.load(e.at(a.offsets, r.index)))
        with cgutils.for_range(builder, a.run):
            here, weights = builder.load(position), builder.load(panel_row)
            columns = [e.load(e.at(weights, v * e.count)) for v in range(vectors)]
            for p in range(count):
                number = e.splat(builder.load(e.at(start[p], here)))
                for v in range(vectors):
                    builder.store(e.multiply_add(number, columns[v], builder.load(sums[p][v])), sums[p][v])
            builder.store(builder.add(here, a.step), position)
            builder.store(e.at(weights, a.panel_step), panel_row)
    return sums


def _define_tile(
    x: Array, x_at: int, rows: Array, rows_at: int, offsets: Array, runs: int, run: int, step: int,
    panel: Array, panel_at: int, panel_step: int, out: Array, out_at: int, out_step: int, add: int, width: int,
) -> None:  # fmt: skip
    for p in range(TILE):
        place = slice(out_at + p * out_step, out_at + p * out_step + width)
        total = out[place].copy() if add else np.zeros(width, x.dtype)
        for r in range(runs):
            for i in range(run):
                k = panel_at + (r * run + i) * panel_step
                total += x[x_at + rows[rows_at + p] + offsets[r] + i * step] * panel[k : k + width]
        out[place] = total


@vectorised(_emit_tile(2))
def wide_tile(
    x: Array, x_at: int, rows: Array, rows_at: int, offsets: Array, runs: int, run: int, step: int,
    panel: Array, panel_at: int, panel_step: int, out: Array, out_at: int, out_step: int, add: int, width: int,
) -> None:  # fmt: skip
    """Two vectors of columns for TILE rows, written (or, if `add` is not 0, added) to ``out[out_at + p * out_step :]``.

    Row p is ``sum over r < runs, i < run of x[x_at + rows[rows_at + p] + offsets[r] + i * step] * panel row (r * run +
    i)``. A panel row begins at ``panel_at + k * panel_step``. All arrays C-contiguous; all offsets count numbers.
    `width` must be two vectors.
    """
    _define_tile(
        x, x_at, rows, rows_at, offsets, runs, run, step, panel, panel_at, panel_step, out, out_at, out_step, add, width
    )


@vectorised(_emit_tile(1, masked=True))
def masked_tile(
    x: Array, x_at: int, rows: Array, rows_at: int, offsets: Array, runs: int, run: int, step: int,
    panel: Array, panel_at: int, panel_step: int, out: Array, out_at: int, out_step: int, add: int, width: int,
) -> None:  # fmt: skip
    """As `wide_tile`, with `width` columns, at most one vector: nothing beyond `width` is read or written."""
    _define_tile(
        x, x_at, rows, rows_at, offsets, runs, run, step, panel, panel_at, panel_step, out, out_at, out_step, add, width
    )


def _emit_square(e: Emitter, a: Any) -> None:
    builder, n = e.builder, e.count
    rows = [e.load(e.at(a.x, a.x_at, builder.mul(a.x_step, INT(i)))) for i in range(n)]
    lanes_type = ir.VectorType(ir.IntType(32), n)
    low = [i // 2 + (n if i % 2 else 0) for i in range(n)]  # a0 b0 a1 b1 ...
    halves = [ir.Constant(lanes_type, [i + shift for i in low]) for shift in (0, n // 2)]
    for _ in range(n.bit_length() - 1):  # each round interleaves row i with row i + n/2; log2(n) of them transpose
        rows = [
            builder.shuffle_vector(rows[i], rows[i + n // 2], half) for i in range(n // 2) for half in halves
        ]  # fmt: skip
    for i, row in enumerate(rows):
        e.store(row, e.at(a.out, a.out_at, builder.mul(a.out_step, INT(i))))


@vectorised(_emit_square)
def transpose_square(x: Array, x_at: int, x_step: int, out: Array, out_at: int, out_step: int) -> None:
    """Transpose a square of as many rows as a register has lanes; rows are `x_step` and `out_step` apart."""
    n = lanes(x.dtype)
    square = np.array([x[x_at + i * x_step :][:n] for i in range(n)])  # (n, n)
    for i in range(n):
        out[out_at + i * out_step :][:n] = square[:, i]
