"""The innermost loop of every product: TILE rows by two vectors of columns, summed in registers.

    out[p, :] (+)= sum over k of x[rows[p] + place(k)] * panel[k, :]

1. TILE x 2 vectors of sums stay in registers during the whole sum over k; each number of `x` that is loaded serves two
   vectors of columns, each vector of `panel` serves TILE rows. 110 of 117 GFLOP/s on one Zen 4 core.
2. A vector of columns that is left over is loaded and stored whole, only what is less than a vector by a mask: with
   AVX2 a masked store takes as long as ten others.
3. The places of the sums TILE rows on are called for in time: where they are added to, the next tile begins with them.
4. Where the rows and the k's lie is said by tables, so one routine is the dense product, its transpose, the convolution
   with any stride and dilation (without im2col), and its gradient.
"""

from __future__ import annotations

from itertools import chain
from types import SimpleNamespace
from typing import Any

import numpy as np
from numba.core import cgutils

from scratchnet.kernels.machine.processor import TILE
from scratchnet.kernels.machine.simd import INT, Emitter, vectorised
from scratchnet.typing import Array


def _emit_tile(e: Emitter, a: Any, column: Any, vectors: int) -> None:
    builder = e.builder
    adding = builder.icmp_signed("!=", a.add, INT(0))
    rows = [e.at(a.out, a.out_at, column, builder.mul(a.out_step, INT(p))) for p in range(TILE)]
    places = [[e.at(row, v * e.count) for v in range(vectors)] for row in rows]
    begin = [[builder.select(adding, e.load(place), e.zero) for place in row] for row in places]
    for place in chain(*places):
        e.prefetch(e.at(place, builder.mul(a.out_step, INT(TILE))))
    panel_at = builder.add(a.panel_at, column)
    for row, sums in zip(places, sum_tile(e, SimpleNamespace(**{**vars(a), "panel_at": panel_at}), begin)):
        for place, total in zip(row, sums):
            e.store(builder.load(total), place)


def _emit_tiles(e: Emitter, a: Any) -> None:
    builder = e.builder
    last = builder.sub(a.row_count, INT(TILE))
    whole = builder.sdiv(a.width, INT(e.count))
    pairs = builder.sdiv(whole, INT(2))
    tiles = builder.sdiv(builder.add(a.row_count, INT(TILE - 1)), INT(TILE))
    with cgutils.for_range(builder, tiles) as m:
        first = builder.mul(m.index, INT(TILE))
        first = builder.select(builder.icmp_signed("<", first, last), first, last)
        rows_at, out_at = builder.add(a.rows_at, first), builder.add(a.out_at, builder.mul(a.out_step, first))
        here = SimpleNamespace(**{**vars(a), "rows_at": rows_at, "out_at": out_at})
        with cgutils.for_range(builder, pairs) as n:
            _emit_tile(e, here, builder.mul(n.index, INT(2 * e.count)), 2)
        column = builder.mul(pairs, INT(2 * e.count))
        with builder.if_then(builder.icmp_signed("<", builder.mul(pairs, INT(2)), whole)):
            _emit_tile(e, here, column, 1)
        column = builder.mul(whole, INT(e.count))
        with builder.if_then(builder.icmp_signed("<", column, a.width)):
            e.keep_first(builder.sub(a.width, column))
            _emit_tile(e, here, column, 1)
            e.mask = None


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


def _define_tiles(
    x: Array, x_at: int, rows: Array, rows_at: int, row_count: int, offsets: Array, runs: int, run: int, step: int,
    panel: Array, panel_at: int, panel_step: int, out: Array, out_at: int, out_step: int, add: int, width: int,
) -> None:  # fmt: skip
    """`width` columns of `row_count` rows, written (or, if `add` is not 0, added) to ``out[out_at + m * out_step :]``.

    Row m is ``sum over r < runs, i < run of x[x_at + rows[rows_at + m] + offsets[r] + i * step] * panel row (r * run +
    i)``. A panel row begins at ``panel_at + k * panel_step``. All arrays C-contiguous; all offsets count numbers.
    There are TILE rows at least; if they are added to, whole tiles, because the last tile ends at the last row.
    """
    for tile in range(0, row_count, TILE):
        first = min(tile, row_count - TILE)
        starts = x_at + rows[rows_at + first : rows_at + first + TILE]
        place = out_at + out_step * (first + np.arange(TILE))[:, None] + np.arange(width)
        total = out[place] if add else np.zeros((TILE, width), x.dtype)
        for r in range(runs):
            for i in range(run):
                k = panel_at + (r * run + i) * panel_step
                total += x[starts + offsets[r] + i * step, None] * panel[k : k + width]
        out[place] = total


tiles = vectorised(_emit_tiles)(_define_tiles)
