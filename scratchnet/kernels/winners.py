"""The innermost loops of a pooled convolution's gradients: all of dy falls on the winners of the pooling windows.

1. `add_patches` makes one filter's dkernel as a sum of the patches where it won; `add_kernels` makes dx under one place
   as the sum of the filters that won there, found as the bits of a mask.
2. `add_taps` is `add_patches` where runs are shorter than a vector (few input channels): it goes by vectors of filters.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils

from scratchnet.kernels.simd import INT, WORD, Emitter, bits_of, vectorised, word_of
from scratchnet.typing import Array

TAPS = 4
"""Numbers of a patch in one `add_taps`."""


def _load_sums(e: Emitter, pointers: list[Any]) -> list[Any]:
    return [cgutils.alloca_once_value(e.builder, e.load(pointer)) for pointer in pointers]


def _store_sums(e: Emitter, sums: list[Any], pointers: list[Any]) -> None:
    for total, pointer in zip(sums, pointers):
        e.store(e.builder.load(total), pointer)


def _add_row(e: Emitter, number: Any, row: list[Any], sums: list[Any]) -> None:
    """sums += number * row: a register, and a row given by the address of each vector."""
    for pointer, total in zip(row, sums):
        e.builder.store(e.multiply_add(number, e.load(pointer), e.builder.load(total)), total)


def _pieces(e: Emitter, pointer: Any, gap: Any, pieces: int, vectors: int) -> list[Any]:
    """The addresses of the vectors of one or two pieces, the second `gap` numbers after the first."""
    starts = [pointer] if pieces == 1 else [pointer, e.at(pointer, gap)]
    return [e.at(start, v * e.count) for start in starts for v in range(vectors)]


def _emit_patches(pieces: int, vectors: int, masked: bool = False) -> Callable[[Emitter, Any], None]:
    def emit(e: Emitter, a: Any) -> None:
        builder = e.builder
        if masked:
            e.keep_first(a.width)
        out, x = _pieces(e, e.at(a.out, a.out_at), a.out_gap, pieces, vectors), e.at(a.x, a.x_at)
        sums = _load_sums(e, out)
        dz, winners, places = e.at(a.dz, a.dz_at), e.at(a.winners, a.winners_at), e.at(a.places, a.places_at)
        with e.for_each_bit(a.word) as w:
            winner = builder.zext(builder.load(e.at(winners, builder.mul(w, a.step))), INT)
            place = builder.load(e.at(places, builder.mul(w, a.size), winner))
            _add_row(e, e.broadcast(e.at(dz, w)), _pieces(e, e.at(x, place), a.x_gap, pieces, vectors), sums)
        _store_sums(e, sums, out)

    return emit


def _define_patches(
    pieces: int, out: Array, out_at: int, out_gap: int, x: Array, x_at: int, x_gap: int, places: Array, places_at: int,
    size: int, dz: Array, dz_at: int, winners: Array, winners_at: int, step: int, word: int, width: int,
) -> None:  # fmt: skip
    for w in bits_of(word):
        for piece in range(pieces):
            start = x_at + places[places_at + w * size + int(winners[winners_at + w * step])] + piece * x_gap
            to = out_at + piece * out_gap
            out[to : to + width] += dz[dz_at + w] * x[start : start + width]


@vectorised(_emit_patches(2, 4))
def add_patches(
    out: Array, out_at: int, out_gap: int, x: Array, x_at: int, x_gap: int, places: Array, places_at: int, size: int,
    dz: Array, dz_at: int, winners: Array, winners_at: int, step: int, word: int, width: int,
) -> None:  # fmt: skip
    """For one filter, add up dz times the patch of each window's winner: two pieces of four vectors.

    The set bits of `word` say which windows count. Window w has its dz at ``dz_at + w``, its winner at ``winners_at + w
    * step``, and its winner's patch at ``x_at + places[places_at + w * size + winner]``. The second piece lies `x_gap`
    after the first in the patch and `out_gap` after it in `out`.
    """
    _define_patches(
        2, out, out_at, out_gap, x, x_at, x_gap, places, places_at, size, dz, dz_at, winners, winners_at, step, word,
        width,
    )  # fmt: skip


@vectorised(_emit_patches(1, 4))
def add_single_patches(
    out: Array, out_at: int, out_gap: int, x: Array, x_at: int, x_gap: int, places: Array, places_at: int, size: int,
    dz: Array, dz_at: int, winners: Array, winners_at: int, step: int, word: int, width: int,
) -> None:  # fmt: skip
    """As `add_patches`, for one piece."""
    _define_patches(
        1, out, out_at, out_gap, x, x_at, x_gap, places, places_at, size, dz, dz_at, winners, winners_at, step, word,
        width,
    )  # fmt: skip


@vectorised(_emit_patches(1, 1, masked=True))
def add_narrow_patches(
    out: Array, out_at: int, out_gap: int, x: Array, x_at: int, x_gap: int, places: Array, places_at: int, size: int,
    dz: Array, dz_at: int, winners: Array, winners_at: int, step: int, word: int, width: int,
) -> None:  # fmt: skip
    """As `add_patches`, for one piece of at most one vector of `width` numbers."""
    _define_patches(
        1, out, out_at, out_gap, x, x_at, x_gap, places, places_at, size, dz, dz_at, winners, winners_at, step, word,
        width,
    )  # fmt: skip


def _emit_won(e: Emitter, a: Any) -> None:
    builder = e.builder
    vectors = range(0, WORD, e.count)
    winners, nonzero = [], []
    for first in vectors:
        e.keep_first(builder.sub(a.filters, INT(first)))
        value = e.load(e.at(a.dz, a.dz_at, first))  # zeros beyond the last filter
        nonzero.append(builder.fcmp_unordered("!=", value, e.zero))
        winners.append(e.load(e.at(a.winners, a.winners_at, first)))
    with cgutils.for_range(builder, a.size) as q:
        here = e.splat(builder.trunc(q.index, a.winners.type.pointee))
        word: Any = INT(0)
        for first, won, on in zip(vectors, winners, nonzero):
            bits = e.bits(builder.and_(builder.icmp_unsigned("==", won, here), on))
            word = builder.or_(word, builder.shl(bits, INT(first)))
        builder.store(word, e.at(a.words, a.words_at, q.index))


@vectorised(_emit_won)
def mark_winners(
    dz: Array, dz_at: int, winners: Array, winners_at: int, filters: int, size: int, words: Array, words_at: int
) -> None:
    """For each place q < size of a window, bit i of ``words[words_at + q]`` says whether filter i won there.

    Filters with a dz of 0 do not count. A word reaches as far as there are `filters`, but no further than 64.
    """
    count = min(filters, WORD)
    for q in range(size):
        won = winners[winners_at : winners_at + count] == q
        words[words_at + q] = word_of(won & (dz[dz_at : dz_at + count] != 0))


def _emit_kernels(pieces: int, vectors: int, masked: bool = False) -> Callable[[Emitter, Any], None]:
    def emit(e: Emitter, a: Any) -> None:
        builder = e.builder
        if masked:
            e.keep_first(a.width)
        out, kernels = _pieces(e, e.at(a.out, a.out_at), a.out_gap, pieces, vectors), e.at(a.kernels, a.kernels_at)
        sums, dz = _load_sums(e, out), e.at(a.dz, a.dz_at)
        with e.for_each_bit(a.word) as f:
            row = _pieces(e, e.at(kernels, builder.mul(f, a.step)), a.kernels_gap, pieces, vectors)
            _add_row(e, e.broadcast(e.at(dz, f)), row, sums)
        _store_sums(e, sums, out)

    return emit


def _define_kernels(
    pieces: int, out: Array, out_at: int, out_gap: int, kernels: Array, kernels_at: int, kernels_gap: int, step: int,
    dz: Array, dz_at: int, word: int, width: int,
) -> None:  # fmt: skip
    for f in bits_of(word):
        for piece in range(pieces):
            start = kernels_at + f * step + piece * kernels_gap
            to = out_at + piece * out_gap
            out[to : to + width] += dz[dz_at + f] * kernels[start : start + width]


@vectorised(_emit_kernels(2, 4))
def add_kernels(
    out: Array, out_at: int, out_gap: int, kernels: Array, kernels_at: int, kernels_gap: int, step: int,
    dz: Array, dz_at: int, word: int, width: int,
) -> None:  # fmt: skip
    """For one place of a window, add dz times the kernel of each filter that won there: two pieces of four vectors.

    The set bits of `word` say which filters won. Filter f has its dz at ``dz_at + f`` and its kernel at ``kernels_at +
    f * step``. The second piece lies `kernels_gap` after the first, and `out_gap` after it in `out`.
    """
    _define_kernels(2, out, out_at, out_gap, kernels, kernels_at, kernels_gap, step, dz, dz_at, word, width)


@vectorised(_emit_kernels(1, 4))
def add_single_kernels(
    out: Array, out_at: int, out_gap: int, kernels: Array, kernels_at: int, kernels_gap: int, step: int,
    dz: Array, dz_at: int, word: int, width: int,
) -> None:  # fmt: skip
    """As `add_kernels`, for one piece."""
    _define_kernels(1, out, out_at, out_gap, kernels, kernels_at, kernels_gap, step, dz, dz_at, word, width)


@vectorised(_emit_kernels(1, 1, masked=True))
def add_narrow_kernels(
    out: Array, out_at: int, out_gap: int, kernels: Array, kernels_at: int, kernels_gap: int, step: int,
    dz: Array, dz_at: int, word: int, width: int,
) -> None:  # fmt: skip
    """As `add_kernels`, for one piece of at most one vector of `width` numbers."""
    _define_kernels(1, out, out_at, out_gap, kernels, kernels_at, kernels_gap, step, dz, dz_at, word, width)


def _emit_taps(vectors: int, masked: bool = False) -> Callable[[Emitter, Any], None]:
    def emit(e: Emitter, a: Any) -> None:
        builder = e.builder
        if masked:
            e.keep_first(a.width)
        out = [e.at(a.out, a.out_at, builder.mul(a.step, INT(k))) for k in range(TAPS)]
        out = [_pieces(e, row, None, 1, vectors) for row in out]
        sums = [_load_sums(e, row) for row in out]
        x = [e.at(a.x, a.x_at, builder.load(e.at(a.taps, a.taps_at, k))) for k in range(TAPS)]
        with cgutils.for_range(builder, a.windows) as w:
            i, first = builder.mul(w.index, a.step), builder.mul(w.index, a.size)
            dz = [e.load(e.at(a.dz, a.dz_at, i, v * e.count)) for v in range(vectors)]
            winners = [e.load(e.at(a.winners, a.winners_at, i, v * e.count)) for v in range(vectors)]
            with cgutils.for_range(builder, a.size) as q:
                here = e.splat(builder.trunc(q.index, a.winners.type.pointee))
                won = [
                    builder.select(builder.icmp_unsigned("==", winners[v], here), dz[v], ir.Constant(e.vec, None))
                    for v in range(vectors)
                ]
                place = builder.load(e.at(a.places, first, q.index))
                for k in range(TAPS):
                    number = e.splat(builder.load(e.at(x[k], place)))
                    for v in range(vectors):
                        builder.store(e.multiply_add(number, won[v], builder.load(sums[k][v])), sums[k][v])
        for k in range(TAPS):
            _store_sums(e, sums[k], out[k])

    return emit


def _define_taps(
    out: Array, out_at: int, x: Array, x_at: int, places: Array, size: int, taps: Array, taps_at: int, dz: Array,
    dz_at: int, winners: Array, winners_at: int, step: int, windows: int, width: int,
) -> None:  # fmt: skip
    for w in range(windows):
        dz_row, winner = (a[at + w * step :][:width] for a, at in ((dz, dz_at), (winners, winners_at)))
        start = x_at + places[w * size + winner.astype(np.int64)]  # (width,)
        for k in range(TAPS):
            out[out_at + k * step :][:width] += dz_row * x[start + taps[taps_at + k]]


@vectorised(_emit_taps(2))
def add_taps(
    out: Array, out_at: int, x: Array, x_at: int, places: Array, size: int, taps: Array, taps_at: int, dz: Array,
    dz_at: int, winners: Array, winners_at: int, step: int, windows: int, width: int,
) -> None:  # fmt: skip
    """For two vectors of filters, add up dz times TAPS numbers of the winners' patches.

    Row k of `out` starts at ``out_at + k * step`` and belongs to the number at ``taps[taps_at + k]`` of a patch. dz and
    winners of window w start at ``dz_at + w * step`` and ``winners_at + w * step``.
    """
    _define_taps(
        out, out_at, x, x_at, places, size, taps, taps_at, dz, dz_at, winners, winners_at, step, windows, width
    )


@vectorised(_emit_taps(1, masked=True))
def add_narrow_taps(
    out: Array, out_at: int, x: Array, x_at: int, places: Array, size: int, taps: Array, taps_at: int, dz: Array,
    dz_at: int, winners: Array, winners_at: int, step: int, windows: int, width: int,
) -> None:  # fmt: skip
    """As `add_taps`, for at most one vector of `width` filters."""
    _define_taps(
        out, out_at, x, x_at, places, size, taps, taps_at, dz, dz_at, winners, winners_at, step, windows, width
    )
