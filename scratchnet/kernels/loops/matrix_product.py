"""The blocked product that dense layers and convolutions are made of.

    out[m, n] (+)= sum over k of x[rows[m] + place(k)] * panel[k, n]

with place(k) = offsets[k // run] + k % run * step. The tables `rows` and `offsets` say where the numbers lie, so the
same code is the dense product (rows a row length apart), its transpose (step = row length), and a convolution that
reads its patches straight from the image.

1. TILE rows by two vectors of columns at a time stay in registers (`matrix_product_tile.py`); `panel` is read unpacked.
2. The last tile ends at the last row: what it shares with the one before is set twice, to the same bits. Where that
   cannot be (the product is added, or has fewer rows than a tile), it is a scratch tile of which the new rows are kept.
   Leftover columns are masked vectors. So nothing outside the arrays is touched and every number is the same sum in the
   same order wherever it lies. Adding to `out` goes on from the sum that is there: a product in several pieces along k
   has the bits of one in one piece.
3. All whole tiles are one call: a call with so many arguments takes longer than a tile's sum of 16 products.
"""

from __future__ import annotations

import numpy as np

from scratchnet.kernels.loops.matrix_product_tile import tiles
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
def _tiles(
    x: Array, x_at: int, rows: Array, rows_at: int, row_count: int, offsets: Array, runs: int, run: int, step: int,
    panel: Array, panel_at: int, panel_step: int, out: Array, out_at: int, out_step: int, add: int, width: int,
) -> None:  # fmt: skip
    """The vector loop, once for all that call it here."""
    never_inline()
    tiles(
        x, x_at, rows, rows_at, row_count, offsets, runs, run, step, panel, panel_at, panel_step,
        out, out_at, out_step, add, width,
    )  # fmt: skip


@inner
def _last_rows(
    x: Array, x_at: int, rows: Array, first: int, offsets: Array, runs: int, run: int, step: int,
    panel: Array, panel_at: int, panel_step: int, columns: int, out: Array, out_at: int, out_step: int, add: int,
    old: int, count: int,
) -> None:  # fmt: skip
    """A tile from row `first` on, of which `count` rows after `old` ones are kept: in scratch, columns pair by pair."""
    never_inline()
    pair = 2 * (VECTOR_BYTES // x.itemsize)
    spare = scratch(TILE * pair, out)
    for n in range(0, columns, pair):
        width = min(pair, columns - n)
        for row in range(count if add != 0 else 0):
            for j in range(width):
                spare[(old + row) * pair + j] = out[out_at + row * out_step + n + j]
        _tiles(
            x, x_at, rows, first, TILE, offsets, runs, run, step, panel, panel_at + n, panel_step,
            spare, 0, pair, add, width,
        )  # fmt: skip
        for row in range(count):
            for j in range(width):
                out[out_at + row * out_step + n + j] = spare[(old + row) * pair + j]


@inner
def matrix_product(
    x: Array, x_at: int, rows: Array, rows_at: int, row_count: int, offsets: Array, runs: int, run: int, step: int,
    panel: Array, panel_at: int, panel_step: int, columns: int, out: Array, out_at: int, out_step: int, add: int,
) -> None:  # fmt: skip
    """``out[out_at + m * out_step + n]`` for m < row_count, n < columns: set, or added to if `add` is not 0."""
    never_inline()
    last = max(0, row_count - TILE)
    whole = row_count if add == 0 and row_count >= TILE else row_count // TILE * TILE
    if whole > 0:
        _tiles(
            x, x_at, rows, rows_at, whole, offsets, runs, run, step, panel, panel_at, panel_step,
            out, out_at, out_step, add, columns,
        )  # fmt: skip
    if whole < row_count:
        _last_rows(
            x, x_at, rows, rows_at + last, offsets, runs, run, step, panel, panel_at, panel_step, columns,
            out, out_at + whole * out_step, out_step, add, whole - last, row_count - whole,
        )  # fmt: skip
