"""dkernel of a pooled convolution, one sample at a time: all of dy falls on the winners of the pooling windows.

1. One filter's dkernel is the sum of the patches where it won. Windows whose dz is 0 are passed over, along the bits
   of a word (see `nonzero_product.py`).
2. A patch is cut into pieces: two runs of four vectors at a time stay in registers, then single vectors, the last of
   them not full.
3. Where runs are shorter than a vector (few input channels), `kernel_gradient_by_filters` goes by vectors of filters.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils

from scratchnet.kernels.loops.nonzero_product import words_in
from scratchnet.kernels.loops.windows import Geometry
from scratchnet.kernels.machine.hints import never_inline
from scratchnet.kernels.machine.processor import VECTOR_BYTES
from scratchnet.kernels.machine.runtime import inner
from scratchnet.kernels.machine.simd import INT, WORD, ZERO, Emitter, bits_of, vectorised
from scratchnet.typing import Array

TAPS = 4
"""Numbers of a patch in one `add_taps`."""


def _emit_patches(pieces: int, vectors: int, masked: bool = False) -> Callable[[Emitter, Any], None]:
    def emit(e: Emitter, a: Any) -> None:
        builder = e.builder
        if masked:
            e.keep_first(a.width)
        out, x = e.pieces(e.at(a.out, a.out_at), a.out_gap, pieces, vectors), e.at(a.x, a.x_at)
        sums = e.load_sums(out)
        dz, winners, places = e.at(a.dz, a.dz_at), e.at(a.winners, a.winners_at), e.at(a.places, a.places_at)
        with e.for_each_bit(a.word) as w:
            winner = builder.zext(builder.load(e.at(winners, builder.mul(w, a.step))), INT)
            place = builder.load(e.at(places, builder.mul(w, a.size), winner))
            e.add_row(e.broadcast(e.at(dz, w)), e.pieces(e.at(x, place), a.x_gap, pieces, vectors), sums)
        e.store_sums(sums, out)

    return emit


def _define_patches(
    pieces: int, out: Array, out_at: int, out_gap: int, x: Array, x_at: int, x_gap: int, places: Array, places_at: int,
    size: int, dz: Array, dz_at: int, winners: Array, winners_at: int, step: int, word: int, width: int,
) -> None:  # fmt: skip
    """For one filter, add up dz times the patch of each window's winner: two pieces of four vectors.

    The set bits of `word` say which windows count. Window w has its dz at ``dz_at + w``, its winner at ``winners_at + w
    * step``, and its winner's patch at ``x_at + places[places_at + w * size + winner]``. The second piece lies `x_gap`
    after the first in the patch and `out_gap` after it in `out`.
    """
    for w in bits_of(word):
        for piece in range(pieces):
            start = x_at + places[places_at + w * size + int(winners[winners_at + w * step])] + piece * x_gap
            to = out_at + piece * out_gap
            out[to : to + width] += dz[dz_at + w] * x[start : start + width]


add_patches = vectorised(_emit_patches(2, 4))(partial(_define_patches, 2))
add_single_patches = vectorised(_emit_patches(1, 4))(partial(_define_patches, 1))
add_narrow_patches = vectorised(_emit_patches(1, 1, masked=True))(partial(_define_patches, 1))


@inner
def kernel_gradient(
    x: Array, x_at: int, runs: Array, run: int, places: Array, size: int, windows: int, dz_t: Array, words: Array,
    won: Array, won_at: int, F: int, out: Array,
) -> None:  # fmt: skip
    """Add one sample's gradient to `out` (F, K), the transposed dkernel: each filter's patches.

    dz_t is (F, windows) and words (F, words_in(windows)) its nonzeros. Window w has its winners (F,) at ``won_at + w *
    F``, and the patches of its `size` places at ``places[w * size :]``.
    """
    never_inline()
    lane, K, per_row = VECTOR_BYTES // x.itemsize, runs.size * run, words_in(windows)
    for f in range(F):
        for number in range(per_row):
            word, w = words[f * per_row + number], number * WORD
            dz_at, places_at, winners_at = f * windows + w, w * size, won_at + w * F + f
            for r in range(0, runs.size, 2):
                to, start, i = f * K + r * run, x_at + runs[r], ZERO
                pieces = min(2, runs.size - r)
                gap = runs[r + 1] - runs[r] if pieces == 2 else ZERO
                while i + 4 * lane <= run:
                    if pieces == 2:
                        add_patches(
                            out, to + i, run, x, start + i, gap, places, places_at, size, dz_t, dz_at, won, winners_at,
                            F, word, 4 * lane,
                        )  # fmt: skip
                    else:
                        add_single_patches(
                            out, to + i, run, x, start + i, gap, places, places_at, size, dz_t, dz_at, won, winners_at,
                            F, word, 4 * lane,
                        )  # fmt: skip
                    i += 4 * lane
                while i < run:
                    width = min(lane, run - i)
                    for piece in range(pieces):
                        add_narrow_patches(
                            out, to + piece * run + i, run, x, start + piece * gap + i, gap, places, places_at, size,
                            dz_t, dz_at, won, winners_at, F, word, width,
                        )  # fmt: skip
                    i += lane


def _emit_taps(vectors: int, masked: bool = False) -> Callable[[Emitter, Any], None]:
    def emit(e: Emitter, a: Any) -> None:
        builder = e.builder
        if masked:
            e.keep_first(a.width)
        out = [e.at(a.out, a.out_at, builder.mul(a.step, INT(k))) for k in range(TAPS)]
        out = [e.pieces(row, None, 1, vectors) for row in out]
        sums = [e.load_sums(row) for row in out]
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
            e.store_sums(sums[k], out[k])

    return emit


def _define_taps(
    out: Array, out_at: int, x: Array, x_at: int, places: Array, size: int, taps: Array, taps_at: int, dz: Array,
    dz_at: int, winners: Array, winners_at: int, step: int, windows: int, width: int,
) -> None:  # fmt: skip
    """For two vectors of filters, add up dz times TAPS numbers of the winners' patches.

    Row k of `out` starts at ``out_at + k * step`` and belongs to the number at ``taps[taps_at + k]`` of a patch. dz and
    winners of window w start at ``dz_at + w * step`` and ``winners_at + w * step``.
    """
    for w in range(windows):
        dz_row, winner = (a[at + w * step :][:width] for a, at in ((dz, dz_at), (winners, winners_at)))
        start = x_at + places[w * size + winner.astype(np.int64)]  # (width,)
        for k in range(TAPS):
            out[out_at + k * step :][:width] += dz_row * x[start + taps[taps_at + k]]


add_taps = vectorised(_emit_taps(2))(_define_taps)
add_narrow_taps = vectorised(_emit_taps(1, masked=True))(_define_taps)


@inner
def kernel_gradient_by_filters(
    x: Array, x_at: int, g: Geometry, places: Array, size: int, windows: int, dz: Array, won: Array, won_at: int,
    F: int, out: Array,
) -> None:  # fmt: skip
    """As `kernel_gradient`, for short runs: adds to `out` (K rounded up to TAPS, F), in vectors of filters."""
    lane = VECTOR_BYTES // x.itemsize
    for k in range(0, g.K, TAPS):
        f = ZERO
        while f + 2 * lane <= F:
            add_taps(out, k * F + f, x, x_at, places, size, g.taps, k, dz, f, won, won_at + f, F, windows, 2 * lane)
            f += 2 * lane
        while f < F:
            width = min(lane, F - f)
            add_narrow_taps(out, k * F + f, x, x_at, places, size, g.taps, k, dz, f, won, won_at + f, F, windows, width)
            f += lane
