"""dx of a 2x2 or 3x3 convolution that is pooled 2x2: as `pooled_input_gradient.py`, a whole window at a time.

1. The 3x3 pixels (4x4 for a 3x3 kernel) under one window stay in registers while the kernels of all filters are added
   to them: those that won the first place to the upper left of the square, and so on.
2. Two columns of the square are then finished and stored, the others are the first of the next window's square.
3. The lower rows are the upper ones of the squares below: what a row of windows stores there, the next one loads.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numba.core import cgutils

from scratchnet.kernels.loops.pooled_input_gradient import mark_winners
from scratchnet.kernels.machine.hints import never_inline
from scratchnet.kernels.machine.processor import VECTOR_BYTES, lanes
from scratchnet.kernels.machine.runtime import inner
from scratchnet.kernels.machine.simd import INT, WORD, ZERO, Emitter, bits_of, vectorised
from scratchnet.typing import Array

VECTORS = 2 if VECTOR_BYTES == 64 else 1
"""Vectors of channels of 3x3 pixels that fit into the registers."""


def _emit_row(taps: int, vectors: int) -> Callable[[Emitter, Any], None]:
    size, shared = taps + 1, taps - 1
    square = [(i, j) for i in range(size) for j in range(size)]

    def emit(e: Emitter, a: Any) -> None:
        builder, lane = e.builder, range(vectors)
        fresh = builder.icmp_signed("!=", a.fresh, INT(0))
        sums = {(i, j, v): cgutils.alloca_once_value(builder, e.zero) for i, j in square for v in lane}
        first = e.at(a.dx, a.dx_at)

        def place(pixel: Any, i: int, j: int, v: int) -> Any:
            return e.at(pixel, builder.mul(a.down, INT(i)), builder.mul(a.across, INT(j)), v * e.count)

        def begin(pixel: Any, columns: range) -> None:
            for i, j in square:
                for v in lane if j in columns else ():
                    above = e.load(place(pixel, i, j, v)) if i < shared else e.zero
                    builder.store(builder.select(fresh, e.zero, above), sums[i, j, v])

        def finish(pixel: Any, columns: range) -> None:
            for i, j in square:
                for v in lane if j in columns else ():
                    e.store(builder.load(sums[i, j, v]), place(pixel, i, j, v))

        begin(first, range(shared))
        with cgutils.for_range(builder, a.windows) as w:
            pixel = e.at(first, builder.mul(w.index, builder.mul(a.across, INT(2))))
            begin(pixel, range(shared, size))
            for q in range(4):
                words = e.at(a.words, a.words_at, builder.mul(w.index, INT(4)), q)
                with cgutils.for_range(builder, a.groups) as group:
                    dz = e.at(a.dz, a.dz_at, builder.mul(w.index, a.filters), builder.mul(group.index, INT(WORD)))
                    start = builder.mul(builder.mul(group.index, INT(WORD)), a.step)
                    with e.for_each_bit(builder.load(e.at(words, builder.mul(group.index, a.words_step)))) as f:
                        number = e.broadcast(e.at(dz, f))
                        kernel_ = e.at(a.kernels, a.kernels_at, start, builder.mul(f, a.step))
                        for tap in range(taps * taps):
                            for v in lane:
                                total = sums[q // 2 + tap // taps, q % 2 + tap % taps, v]
                                row = e.load(e.at(kernel_, builder.mul(a.across, INT(tap)), v * e.count))
                                builder.store(e.multiply_add(number, row, builder.load(total)), total)
            finish(pixel, range(2))
            for i, j in square:
                for v in lane if j < shared else ():
                    builder.store(builder.load(sums[i, j + 2, v]), sums[i, j, v])
        finish(e.at(first, builder.mul(a.windows, builder.mul(a.across, INT(2)))), range(shared))

    return emit


def _emit_won(e: Emitter, a: Any) -> None:
    builder = e.builder
    words = [cgutils.alloca_once_value(builder, INT(0)) for _ in range(4)]
    vectors = builder.udiv(builder.add(a.filters, INT(e.count - 1)), INT(e.count))
    with cgutils.for_range(builder, vectors) as v:
        first = builder.mul(v.index, INT(e.count))
        e.keep_first(builder.sub(a.filters, first))
        winners = e.load(e.at(a.winners, a.winners_at, first))
        nonzero = builder.fcmp_unordered("!=", e.load(e.at(a.dz, a.dz_at, first)), e.zero)  # zeros beyond the last
        for q, word in enumerate(words):
            won = builder.icmp_unsigned("==", winners, e.splat(winners.type.element(q)))
            bits = builder.shl(e.bits(builder.and_(won, nonzero)), first)
            builder.store(builder.or_(builder.load(word), bits), word)
    for q, word in enumerate(words):
        builder.store(builder.load(word), e.at(a.words, a.words_at, q))


@vectorised(_emit_won)
def mark_four(
    dz: Array, dz_at: int, winners: Array, winners_at: int, filters: int, words: Array, words_at: int
) -> None:
    """As `mark_winners`, for windows of four places and at most 64 filters."""
    mark_winners(dz, dz_at, winners, winners_at, filters, 4, words, words_at)


def _define_row(
    taps: int, vectors: int, dx: Array, dx_at: int, down: int, across: int, kernels: Array, kernels_at: int, step: int,
    dz: Array, dz_at: int, filters: int, words: Array, words_at: int, words_step: int, groups: int, windows: int,
    fresh: int,
) -> None:  # fmt: skip
    """Set the pixels under one row of windows, for a 2x2 kernel and VECTORS of channels.

    Pixel (i, j) begins at ``dx_at + i * down + j * across``; what lies in the rows shared with the windows above is
    added to, unless `fresh` is not 0. Filter f has its kernel at ``kernels_at + f * step``, its taps `across` apart,
    and its dz in window w at ``dz_at + w * filters + f``. The bits of ``words[words_at + 4 * w + q + group *
    words_step]`` say which of the 64 filters of a group won place q.
    """
    width, shared = vectors * lanes(dx.dtype), taps - 1

    def pixel(i: int, j: int) -> Any:
        return dx[dx_at + i * down + j * across :][:width]

    for j in range(2 * windows + shared):
        for i in range(0 if fresh else shared, taps + 1):
            pixel(i, j)[...] = 0
    for w in range(windows):
        for q in range(4):
            for group in range(groups):
                for bit in bits_of(words[words_at + 4 * w + q + group * words_step]):
                    f = group * WORD + bit
                    for tap in range(taps * taps):
                        row = kernels[kernels_at + f * step + tap * across :][:width]
                        under = pixel(q // 2 + tap // taps, 2 * w + q % 2 + tap % taps)
                        under += dz[dz_at + w * filters + f] * row


wide_row_2 = vectorised(_emit_row(2, VECTORS))(partial(_define_row, 2, VECTORS))
row_2 = vectorised(_emit_row(2, 1))(partial(_define_row, 2, 1))
row_3 = vectorised(_emit_row(3, 1))(partial(_define_row, 3, 1))


@inner
def input_gradient_of_squares(
    kernel_t: Array, taps: int, C: int, dz: Array, won: Array, won_at: int, F: int, words: Array, down: int, rows: int,
    columns: int, dx: Array, dx_at: int,
) -> None:  # fmt: skip
    """One sample's gradient in the padded image at `dx_at`, whose rows are `down` numbers: overwrites what is there.

    kernel_t is (F, K) and C whole vectors. There are `rows` times `columns` windows, two pixels apart; `words` is
    scratch for four times as many, for each WORD filters.
    """
    never_inline()
    lane, K, windows = VECTOR_BYTES // dx.itemsize, taps * taps * C, rows * columns
    groups = (F + WORD - 1) // WORD
    for w in range(windows):
        for group in range(groups):
            f = group * WORD
            mark_four(dz, w * F + f, won, won_at + w * F + f, min(WORD, F - f), words, 4 * (group * windows + w))
    for row in range(rows):
        w, fresh, c = row * columns, np.int64(row == 0), ZERO
        at = dx_at + 2 * row * down
        while c < C:
            if taps == 3:
                row_3(
                    dx, at + c, down, C, kernel_t, c, K, dz, w * F, F, words, 4 * w, 4 * windows, groups, columns, fresh
                )
                c += lane
            elif c + VECTORS * lane <= C:
                wide_row_2(
                    dx, at + c, down, C, kernel_t, c, K, dz, w * F, F, words, 4 * w, 4 * windows, groups, columns, fresh
                )
                c += VECTORS * lane
            else:
                row_2(
                    dx, at + c, down, C, kernel_t, c, K, dz, w * F, F, words, 4 * w, 4 * windows, groups, columns, fresh
                )
                c += lane
