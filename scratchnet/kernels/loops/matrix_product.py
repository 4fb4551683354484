"""The blocked product that dense layers and convolutions are made of.

    out[m, n] (+)= sum over k of x[rows[m] + place(k)] * panel[k, n]

with place(k) = offsets[k // run] + k % run * step. The tables `rows` and `offsets` say where the numbers lie, so the
same code is the dense product (rows a row length apart), its transpose (step = row length), and a convolution that
reads its patches straight from the image.

1. TILE rows by two vectors of columns at a time stay in registers (`matrix_product_tile.py`); `panel` is read unpacked.
2. Leftover rows are computed in a scratch tile that ends at the last row, leftover columns with masked vectors, so
   nothing outside the arrays is touched and every number is the same sum in the same order wherever it lies. Adding to
   `out` goes on from the sum that is there: a product in several pieces along k has the bits of one in one piece.
"""

from __future__ import annotations

import numpy as np

from scratchnet.kernels.loops.matrix_product_tile import masked_tile, wide_tile
from scratchnet.kernels.machine.hints import never_inline
from scratchnet.kernels.machine.processor import TILE, VECTOR_BYTES
from scratchnet.kernels.machine.runtime import inner
from scratchnet.kernels.machine.scratch import scratch
from scratchnet.typing import Array


def tile_table(offsets: Array) -> Array:
    """A table of rows as the product wants it: int64, the last row repeated so that a tile may begin at any row."""
    table = np.asarray(offsets, np.int64).reshape(-1)
    return np.ascontiguousarray(np.pad(table, (0, TILE - 1), mode="edge"))


@inner
def _tile(
    x: Array, x_at: int, rows: Array, rows_at: int, offsets: Array, runs: int, run: int, step: int,
    panel: Array, panel_at: int, panel_step: int, out: Array, out_at: int, out_step: int, add: int, width: int,
) -> None:  # fmt: skip
    never_inline()
    lane = VECTOR_BYTES // x.itemsize
    if width == 2 * lane:
        wide_tile(
            x, x_at, rows, rows_at, offsets, runs, run, step, panel, panel_at, panel_step, out, out_at, out_step, add,
            width,
        )  # fmt: skip
        return
    for column in range(0, width, lane):
        masked_tile(
            x, x_at, rows, rows_at, offsets, runs, run, step, panel, panel_at + column, panel_step,
            out, out_at + column, out_step, add, min(lane, width - column),
        )  # fmt: skip


@inner
def matrix_product(
    x: Array, x_at: int, rows: Array, rows_at: int, row_count: int, offsets: Array, runs: int, run: int, step: int,
    panel: Array, panel_at: int, panel_step: int, columns: int, out: Array, out_at: int, out_step: int, add: int,
) -> None:  # fmt: skip
    """``out[out_at + m * out_step + n]`` for m < row_count, n < columns: set, or added to if `add` is not 0."""
    never_inline()
    pair = 2 * (VECTOR_BYTES // x.itemsize)
    spare = out
    if row_count % TILE != 0:
        spare = scratch(TILE * pair, out)
    for m in range(0, row_count, TILE):
        for n in range(0, columns, pair):
            width = min(pair, columns - n)
            if m + TILE <= row_count:
                _tile(
                    x, x_at, rows, rows_at + m, offsets, runs, run, step, panel, panel_at + n, panel_step,
                    out, out_at + m * out_step + n, out_step, add, width,
                )  # fmt: skip
                continue
            first = max(0, row_count - TILE)
            for row in range(m if add != 0 else row_count, row_count):
                to, source = out_at + row * out_step + n, (row - first) * pair
                for j in range(width):
                    spare[source + j] = out[to + j]
            _tile(
                x, x_at, rows, rows_at + first, offsets, runs, run, step, panel, panel_at + n, panel_step,
                spare, 0, pair, add, width,
            )  # fmt: skip
            for row in range(m, row_count):
                to, source = out_at + row * out_step + n, (row - first) * pair
                for j in range(width):
                    out[to + j] = spare[source + j]
