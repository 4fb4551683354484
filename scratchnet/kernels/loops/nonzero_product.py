"""Products that pass over zeros: behind a ReLU, about half of the numbers and most of the gradients are 0.

    out[n, :] += sum over the k with x[n, k] != 0 of x[n, k] * panel[k, :]

1. Each row of x is read once and leaves one bit for each of its numbers, 64 to a word. A product then goes from set bit
   to set bit, so a number that is 0 costs nothing, not even a test.
2. A strip of WIDE vectors of columns stays in registers during a word; 64 rows of the panel's strip, packed together,
   stay in the nearest cache while all rows of x pass by. For each number this is slower than `matrix_product`, so it
   pays below SPARSE.
3. Adding 0 * panel[k] changes no finite sum, so both ways give the same bits, and each block may choose for itself.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numba.core import cgutils

from scratchnet.kernels.loops.vectors import copy_to
from scratchnet.kernels.machine.hints import never_inline
from scratchnet.kernels.machine.processor import NEAREST_CACHE, VECTOR_BYTES, lanes
from scratchnet.kernels.machine.runtime import inner
from scratchnet.kernels.machine.simd import INT, WORD, Emitter, bits_of, vectorised, word_of
from scratchnet.typing import Array

NARROW = 4
"""Vectors of columns that stay in registers; fewer would wait for each other's sums."""
WIDE = 2 * NARROW if 2 * NARROW * VECTOR_BYTES * WORD <= NEAREST_CACHE * 3 // 4 else NARROW
"""The same where a word's rows of so many columns fit into the nearest cache: a set bit is then found half as often."""
SPARSE = 0.75
"""The share of numbers other than 0 below which passing over the zeros is faster."""


def _emit_word(e: Emitter, a: Any) -> None:
    builder = e.builder

    def nonzero(first: int) -> Any:
        return builder.fcmp_unordered("!=", e.load(e.at(a.x, a.x_at, first)), e.zero)

    word = e.word(a.count, nonzero)
    builder.store(word, e.at(a.words, a.words_at))
    builder.store(builder.add(builder.load(a.total), builder.ctpop(word)), a.total)


@vectorised(_emit_word)
def _mark_word(x: Array, x_at: int, count: int, words: Array, words_at: int, total: Array) -> None:
    """Bit i of ``words[words_at]`` says whether ``x[x_at + i]`` is not 0, for i < count, as far as the word reaches.

    The number of set bits is added to total (1,).
    """
    nonzero = x[x_at : x_at + min(count, WORD)] != 0
    words[words_at] = word_of(nonzero)
    total[0] += nonzero.sum()


def _emit_add_rows(vectors: int) -> Callable[[Emitter, Any], None]:
    def emit(e: Emitter, a: Any) -> None:
        builder = e.builder
        out = [e.at(a.out, a.out_at, v * e.count) for v in range(vectors)]
        fresh = builder.icmp_signed("!=", a.fresh, INT(0))
        sums = [cgutils.alloca_once_value(builder, builder.select(fresh, e.zero, e.load(place))) for place in out]
        values, panel = e.at(a.x, a.x_at), e.at(a.panel, a.panel_at)
        with e.for_each_bit(a.word) as k:
            place, row = e.at(values, k), e.at(panel, builder.mul(k, a.panel_step))
            number = e.splat(builder.load(place)) if vectors > NARROW else e.broadcast(place)
            for v in range(vectors):
                total = e.multiply_add(number, e.load(e.at(row, v * e.count)), builder.load(sums[v]))
                builder.store(total, sums[v])
        for place, total in zip(out, sums):
            e.store(builder.load(total), place)

    return emit


def _define_add_rows(
    vectors: int, out: Array, out_at: int, x: Array, x_at: int, word: int, panel: Array, panel_at: int, panel_step: int,
    fresh: int,
) -> None:  # fmt: skip
    """Add ``x[x_at + k]`` times row k of the panel to ``out[out_at:]``, a wide strip of columns, for every set bit k.

    If `fresh` is not 0, the sum begins at 0 instead of what is there.
    """
    width = vectors * lanes(x.dtype)
    if fresh:
        out[out_at : out_at + width] = 0
    for k in bits_of(word):
        row = panel_at + k * panel_step
        out[out_at : out_at + width] += x[x_at + k] * panel[row : row + width]


_add_wide_rows = vectorised(_emit_add_rows(WIDE))(partial(_define_add_rows, WIDE))
_add_narrow_rows = vectorised(_emit_add_rows(NARROW))(partial(_define_add_rows, NARROW))


def _emit_pack(e: Emitter, a: Any) -> None:
    builder = e.builder
    with cgutils.for_range(builder, a.rows) as k:
        row = e.at(a.panel, a.panel_at, builder.mul(k.index, a.panel_step))
        to = e.at(a.tile, builder.mul(k.index, a.strip))
        with cgutils.for_range(builder, builder.udiv(a.strip, INT(NARROW * e.count))) as part:
            first = builder.mul(part.index, INT(NARROW * e.count))
            vectors = [e.load(e.at(row, first, v * e.count)) for v in range(NARROW)]
            for v, vector in enumerate(vectors):
                e.store(vector, e.at(to, first, v * e.count))


@vectorised(_emit_pack)
def _pack(panel: Array, panel_at: int, panel_step: int, rows: int, strip: int, tile: Array) -> None:
    """`pack_strip` for a strip of `strip_of`: each of its loads walks in equal steps, which caches can foresee.

    To copy row by row makes the whole forward pass of a dense layer 11 % slower; a plain loop over these vectors
    doubles its time (Zen 4).
    """
    for k in range(rows):
        tile[k * strip : (k + 1) * strip] = panel[panel_at + k * panel_step :][:strip]


@inner
def strip_of(x: Array, columns: int) -> int:
    """How many columns make a strip: wide ones, unless narrow ones leave fewer of all the columns over."""
    narrow = NARROW * (VECTOR_BYTES // x.itemsize)
    wide = WIDE * (VECTOR_BYTES // x.itemsize)
    return wide if columns % wide == columns % narrow else narrow


@inner
def words_in(columns: int) -> int:
    """How many words a row takes."""
    return (columns + WORD - 1) // WORD


@inner
def mark_nonzeros(x: Array, rows: int, columns: int, words: Array) -> Any:
    """Fill words (rows, words_in(columns)) with the bits of x (rows, columns); return how many are set."""
    never_inline()
    per_row, total = words_in(columns), np.zeros(1, np.int64)
    for n in range(rows):
        for i in range(per_row):
            _mark_word(x, n * columns + i * WORD, columns - i * WORD, words, n * per_row + i, total)
    return total[0]


@inner
def pack_strip(panel: Array, panel_at: int, panel_step: int, rows: int, strip: int, tile: Array) -> None:
    """Copy `rows` rows of a strip of the panel to `tile` (rows, strip): there they lie close together."""
    never_inline()
    if strip % (NARROW * (VECTOR_BYTES // panel.itemsize)) == 0:
        _pack(panel, panel_at, panel_step, rows, strip, tile)
        return
    for k in range(rows):
        copy_to(tile[k * strip : (k + 1) * strip], panel[panel_at + k * panel_step : panel_at + k * panel_step + strip])


@inner
def add_nonzero_product(
    x: Array, columns: int, words: Array, word: int, first: int, last: int, panel: Array, panel_at: int,
    panel_step: int, strip: int, out: Array, out_at: int, out_step: int, fresh: bool,
) -> None:  # fmt: skip
    """Add rows `first` to `last` of x, as far as word number `word` reaches, times a strip of the panel to `out`.

    If `fresh`, the sums begin here, whatever was in `out`. x is (N, columns); the panel's row for the first number of
    that word begins at `panel_at`, the others follow in steps of `panel_step`; its strip is one of `strip_of`. Row n
    goes to ``out[out_at + (n - first) * out_step :]``.
    """
    never_inline()
    per_row, narrow = words_in(columns), NARROW * (VECTOR_BYTES // x.itemsize)
    for n in range(first, last):
        to, x_at, bits = out_at + (n - first) * out_step, n * columns + word * WORD, words[n * per_row + word]
        if strip > narrow:
            _add_wide_rows(out, to, x, x_at, bits, panel, panel_at, panel_step, np.int64(fresh))
        else:
            _add_narrow_rows(out, to, x, x_at, bits, panel, panel_at, panel_step, np.int64(fresh))
