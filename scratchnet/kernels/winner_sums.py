"""The gradients of a pooled convolution as sums over winners: one sample at a time, for any length of run.

The loops of `winners.py` work on whole vectors; here a patch is cut into pieces for them: two runs of four vectors at a
time, then single vectors, the last of them not full.
"""

from __future__ import annotations

from scratchnet.kernels.geometry import Geometry
from scratchnet.kernels.nonzeros import words_in
from scratchnet.kernels.runtime import inner
from scratchnet.kernels.simd import VECTOR_BYTES, WORD, ZERO, never_inline
from scratchnet.kernels.winners import (
    TAPS,
    add_kernels,
    add_narrow_kernels,
    add_narrow_patches,
    add_narrow_taps,
    add_patches,
    add_single_kernels,
    add_single_patches,
    add_taps,
    mark_winners,
)
from scratchnet.typing import Array


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
