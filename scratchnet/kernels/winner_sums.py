"""The gradients of a pooled convolution as sums over winners: one sample at a time, for any length of run.

The loops of `winners.py` work on whole vectors; here a patch is cut into pieces for them: two runs of four vectors at a
time, then single vectors, the last of them not full.
"""

from __future__ import annotations

from scratchnet.kernels.geometry import Geometry
from scratchnet.kernels.runtime import inner
from scratchnet.kernels.simd import VECTOR_BYTES, ZERO
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
)
from scratchnet.typing import Array


@inner
def kernel_gradient(
    x: Array, x_at: int, g: Geometry, places: Array, size: int, windows: int, dz: Array, won: Array, F: int, out: Array
) -> None:
    """Add one sample's gradient to `out` (F, K), the transposed dkernel: each filter's patches.

    Window w has its dz and winners (F,) at ``w * F``, and the patches of its `size` places at ``places[w * size :]``.
    """
    lane, K, run = VECTOR_BYTES // x.itemsize, g.K, g.run
    for f in range(F):
        for r in range(0, g.runs.size, 2):
            to, start, i = f * K + r * run, x_at + g.runs[r], ZERO
            pair = r + 1 < g.runs.size
            gap = g.runs[r + 1] - g.runs[r] if pair else ZERO
            while i + 4 * lane <= run:
                if pair:
                    add_patches(out, to + i, run, x, start + i, gap, places, size, dz, won, f, F, windows, 4 * lane)
                else:
                    add_single_patches(
                        out, to + i, run, x, start + i, gap, places, size, dz, won, f, F, windows, 4 * lane
                    )
                i += 4 * lane
            while i < run:
                width = min(lane, run - i)
                for piece in range(2 if pair else 1):
                    add_narrow_patches(
                        out, to + piece * run + i, run, x, start + piece * gap + i, gap, places, size, dz, won, f, F,
                        windows, width,
                    )  # fmt: skip
                i += lane


@inner
def kernel_gradient_by_filters(
    x: Array, x_at: int, g: Geometry, places: Array, size: int, windows: int, dz: Array, won: Array, F: int, out: Array
) -> None:
    """As `kernel_gradient`, for short runs: adds to `out` (K rounded up to TAPS, F), in vectors of filters."""
    lane = VECTOR_BYTES // x.itemsize
    for k in range(0, g.K, TAPS):
        f = ZERO
        while f + 2 * lane <= F:
            add_taps(out, k * F + f, x, x_at, places, size, g.taps, k, dz, won, f, F, windows, 2 * lane)
            f += 2 * lane
        while f < F:
            width = min(lane, F - f)
            add_narrow_taps(out, k * F + f, x, x_at, places, size, g.taps, k, dz, won, f, F, windows, width)
            f += lane


@inner
def input_gradient(
    kernel_t: Array, g: Geometry, places: Array, cells: Array, size: int, dz: Array, won: Array, F: int,
    dx: Array, dx_at: int,
) -> None:  # fmt: skip
    """Add one sample's gradient to the padded image at `dx_at`: under each place, the kernels (F, K) that won there."""
    lane, K, run = VECTOR_BYTES // dx.itemsize, g.K, g.run
    for cell in range(cells.size):
        if cells[cell] < 0:
            continue
        at, q = cell // size * F, cell % size
        for r in range(0, g.runs.size, 2):
            to, start, i = dx_at + places[cell] + g.runs[r], r * run, ZERO
            pair = r + 1 < g.runs.size
            gap = g.runs[r + 1] - g.runs[r] if pair else ZERO
            while i + 4 * lane <= run:
                if pair:
                    add_kernels(dx, to + i, gap, kernel_t, start + i, run, K, dz, won, at, q, F, 4 * lane)
                else:
                    add_single_kernels(dx, to + i, gap, kernel_t, start + i, run, K, dz, won, at, q, F, 4 * lane)
                i += 4 * lane
            while i < run:
                width = min(lane, run - i)
                for piece in range(2 if pair else 1):
                    add_narrow_kernels(
                        dx, to + piece * gap + i, gap, kernel_t, start + piece * run + i, run, K, dz, won, at, q, F,
                        width,
                    )  # fmt: skip
                i += lane
