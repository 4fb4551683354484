"""The innermost loop of every product: TILE rows by two vectors of columns, summed in registers.

    out[p, :] (+)= sum over k of x[rows[p] + place(k)] * panel[k, :]

1. TILE x 2 vectors of sums stay in registers during the whole sum over k; each number of `x` that is loaded serves two
   vectors of columns, each vector of `panel` serves TILE rows. 110 of 117 GFLOP/s on one Zen 4 core.
2. The places of the sums TILE rows on are called for in time: where they are added to, the next tile begins with them.
3. Where the rows and the k's lie is said by tables, so one routine is the dense product, its transpose, the convolution
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


def _emit_wide(e: Emitter, a: Any) -> None:
    pair = 2 * e.count
    with cgutils.for_range(e.builder, e.builder.sdiv(a.width, INT(pair))) as n:
        _emit_tile(e, a, e.builder.mul(n.index, INT(pair)), 2)


def _emit_masked(e: Emitter, a: Any) -> None:
    builder = e.builder
    vectors = builder.sdiv(builder.add(a.width, INT(e.count - 1)), INT(e.count))
    with cgutils.for_range(builder, vectors) as n:
        column = builder.mul(n.index, INT(e.count))
        e.keep_first(builder.sub(a.width, column))
        _emit_tile(e, a, column, 1)


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
    """`width` columns for TILE rows, written (or, if `add` is not 0, added) to ``out[out_at + p * out_step :]``.

    Row p is ``sum over r < runs, i < run of x[x_at + rows[rows_at + p] + offsets[r] + i * step] * panel row (r * run +
    i)``. A panel row begins at ``panel_at + k * panel_step``. All arrays C-contiguous; all offsets count numbers.
    `width` must be a multiple of two vectors, unless it is masked.
    """
    starts = x_at + rows[rows_at : rows_at + TILE]
    place = out_at + out_step * np.arange(TILE)[:, None] + np.arange(width)
    total = out[place] if add else np.zeros((TILE, width), x.dtype)
    for r in range(runs):
        for i in range(run):
            k = panel_at + (r * run + i) * panel_step
            total += x[starts + offsets[r] + i * step, None] * panel[k : k + width]
    out[place] = total


wide_tile = vectorised(_emit_wide)(_define_tile)
masked_tile = vectorised(_emit_masked)(_define_tile)
