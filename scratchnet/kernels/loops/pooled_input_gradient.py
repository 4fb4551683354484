"""dx of a pooled convolution, one sample at a time: all of dy falls on the winners of the pooling windows.

1. dx under one place is the sum of the kernels of the filters that won there, found as the bits of a word.
2. A kernel is cut into pieces: two runs of four vectors at a time stay in registers, then single vectors, the last of
   them not full.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from numba.core import cgutils

from scratchnet.kernels.machine.hints import never_inline
from scratchnet.kernels.machine.processor import VECTOR_BYTES
from scratchnet.kernels.machine.runtime import inner
from scratchnet.kernels.machine.simd import INT, WORD, ZERO, Emitter, bits_of, vectorised, word_of
from scratchnet.typing import Array


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
        out, kernels = e.pieces(e.at(a.out, a.out_at), a.out_gap, pieces, vectors), e.at(a.kernels, a.kernels_at)
        sums, dz = e.load_sums(out), e.at(a.dz, a.dz_at)
        with e.for_each_bit(a.word) as f:
            row = e.pieces(e.at(kernels, builder.mul(f, a.step)), a.kernels_gap, pieces, vectors)
            e.add_row(e.broadcast(e.at(dz, f)), row, sums)
        e.store_sums(sums, out)

    return emit


def _define_kernels(
    pieces: int, out: Array, out_at: int, out_gap: int, kernels: Array, kernels_at: int, kernels_gap: int, step: int,
    dz: Array, dz_at: int, word: int, width: int,
) -> None:  # fmt: skip
    """For one place of a window, add dz times the kernel of each filter that won there: two pieces of four vectors.

    The set bits of `word` say which filters won. Filter f has its dz at ``dz_at + f`` and its kernel at ``kernels_at +
    f * step``. The second piece lies `kernels_gap` after the first, and `out_gap` after it in `out`.
    """
    for f in bits_of(word):
        for piece in range(pieces):
            start = kernels_at + f * step + piece * kernels_gap
            to = out_at + piece * out_gap
            out[to : to + width] += dz[dz_at + f] * kernels[start : start + width]


add_kernels = vectorised(_emit_kernels(2, 4))(partial(_define_kernels, 2))
add_single_kernels = vectorised(_emit_kernels(1, 4))(partial(_define_kernels, 1))
add_narrow_kernels = vectorised(_emit_kernels(1, 1, masked=True))(partial(_define_kernels, 1))


@inner
def input_gradient(
    kernel_t: Array, runs: Array, run: int, places: Array, cells: Array, size: int, windows: int, dz: Array,
    won: Array, won_at: int, F: int, words: Array, dx: Array, dx_at: int,
) -> None:  # fmt: skip
    """Add one sample's gradient to the padded image at `dx_at`: under each place, the kernels (F, K) that won there.

    `words` is scratch for `windows` times `size` of them.
    """
    never_inline()
    lane, K = VECTOR_BYTES // dx.itemsize, runs.size * run
    for first in range(0, F, WORD):
        for w in range(windows):
            mark_winners(dz, w * F + first, won, won_at + w * F + first, F - first, size, words, w * size)
        for w in range(windows):
            for cell in range(w * size, (w + 1) * size):
                word, dz_at, place = words[cell], w * F + first, dx_at + places[cell]
                if word == 0 or cells[cell] < 0:
                    continue
                for r in range(0, runs.size, 2):
                    to, start, i = place + runs[r], first * K + r * run, ZERO
                    pieces = min(2, runs.size - r)
                    gap = runs[r + 1] - runs[r] if pieces == 2 else ZERO
                    while i + 4 * lane <= run:
                        if pieces == 2:
                            add_kernels(dx, to + i, gap, kernel_t, start + i, run, K, dz, dz_at, word, 4 * lane)
                        else:
                            add_single_kernels(dx, to + i, gap, kernel_t, start + i, run, K, dz, dz_at, word, 4 * lane)
                        i += 4 * lane
                    while i < run:
                        width = min(lane, run - i)
                        for piece in range(pieces):
                            add_narrow_kernels(
                                dx, to + piece * gap + i, gap, kernel_t, start + piece * run + i, run, K, dz, dz_at,
                                word, width,
                            )  # fmt: skip
                        i += lane
