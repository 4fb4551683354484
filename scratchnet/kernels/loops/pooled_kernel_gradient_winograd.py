"""dkernel of a pooled convolution with few input channels, in fewer products: the transpose of `winograd.py`.

1. Forward, y = PLACES ((IMAGE x) (KERNEL kernel)) is linear in the kernel, so dkernel = KERNEL^T sum of (IMAGE x)
   (PLACES^T dz). The sum runs over all windows of all samples and has 9 points for a 2x2 kernel, not 4 taps times 4
   places; KERNEL^T is applied once, at the end.
2. dz lies at one of the four places of a window, the winner. So a number of PLACES^T dz is dz, -dz or 0, depending on
   who won: the vector of filters stays as it is and a mask says where it counts.
3. The points stay in registers while all windows of a sample pass by, and so does dbias. A window whose pixels are all
   0, the background of an image, adds to dbias only.
4. Blocks of samples add up their own; the blocks are summed in order, so threads change no bit.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numba import prange
from numba.core import cgutils

from scratchnet.kernels.loops.bias_and_relu import gradient
from scratchnet.kernels.loops.vectors import BLOCKS, blocks_of, copy_to, fill, sum_blocks
from scratchnet.kernels.loops.windows import Image, pad_image
from scratchnet.kernels.loops.winograd import IMAGE, PLACES, both_ways, combine
from scratchnet.kernels.machine.processor import VECTOR_BYTES, lanes
from scratchnet.kernels.machine.runtime import inner, kernel
from scratchnet.kernels.machine.scratch import scratch, zeros
from scratchnet.kernels.machine.simd import INT, ZERO, Emitter, vectorised
from scratchnet.typing import Array

VECTORS = 2 if VECTOR_BYTES == 64 else 1
"""Vectors of filters whose 9 points fit into the registers together."""


def _places_of_points(taps: int) -> Any:
    """PLACES^T, both ways: (points, 4) with entries 0, 1, -1."""
    return np.kron(np.transpose(PLACES[taps]), np.transpose(PLACES[taps]))


def _emit_point_sums(taps: int, vectors: int) -> Callable[[Emitter, Any], None]:
    size, places = taps + 1, _places_of_points(taps)

    def add(e: Emitter, point: Any, dz: Any, won: list[Any], of_place: Any, total: Any) -> None:
        """total += point * dz in the lanes whose winner counts with +1 at this point, -= where with -1."""
        builder = e.builder
        for sign in (1, -1):
            lanes_on: Any = None
            for q in np.flatnonzero(of_place == sign):
                lanes_on = won[q] if lanes_on is None else builder.or_(lanes_on, won[q])
            if lanes_on is None:
                continue
            before = builder.load(total)
            after = e.multiply_add(point, dz if sign > 0 else builder.fsub(e.zero, dz), before)
            if np.count_nonzero(of_place == sign) < 4:
                after = builder.select(lanes_on, after, before)
            builder.store(after, total)

    def emit(e: Emitter, a: Any) -> None:
        builder = e.builder
        out = [[e.at(a.out, a.out_at, builder.mul(a.out_step, INT(t)), v * e.count) for v in range(vectors)]
               for t in range(size * size)]  # fmt: skip
        sums = [[cgutils.alloca_once_value(builder, e.load(place)) for place in row] for row in out]
        relu = e.splat(builder.icmp_signed("!=", a.relu, INT(0)))
        bias_sums = [
            cgutils.alloca_once_value(builder, e.load(e.at(a.dbias, a.filter, v * e.count))) for v in range(vectors)
        ]
        with cgutils.for_range(builder, a.windows) as w:
            x = e.at(a.x, a.x_at, builder.load(e.at(a.tiles, w.index)))
            rows = [e.at(x, builder.mul(a.down, INT(i))) for i in range(size)]
            square = [[e.at(row, builder.mul(a.across, INT(j))) for j in range(size)] for row in rows]
            first = builder.mul(w.index, a.step)
            numbers = [[e.load(e.at(array, a.at, first, v * e.count)) for array in (a.dy, a.y)] for v in range(vectors)]
            dz = [gradient(e, relu, *pair) for pair in numbers]
            for total, vector in zip(bias_sums, dz):
                builder.store(builder.fadd(builder.load(total), vector), total)
            with builder.if_then(builder.not_(e.all_zero(square))):
                pixels = [[builder.load(place) for place in row] for row in square]
                points = [e.splat(point) for point in both_ways(e, IMAGE[taps], pixels)]
                for v in range(vectors):
                    winner = e.load(e.at(a.winners, a.at, first, v * e.count))
                    won = [builder.icmp_unsigned("==", winner, e.splat(winner.type.element(q))) for q in range(4)]
                    for t, point in enumerate(points):
                        add(e, point, dz[v], won, places[t], sums[t][v])
        for v, total in enumerate(bias_sums):
            e.store(builder.load(total), e.at(a.dbias, a.filter, v * e.count))
        for row, totals in zip(out, sums):
            for place, total in zip(row, totals):
                e.store(builder.load(total), place)

    return emit


def _define_point_sums(
    taps: int, vectors: int, out: Array, out_at: int, out_step: int, x: Array, x_at: int, down: int, across: int,
    tiles: Array, windows: int, dy: Array, y: Array, winners: Array, at: int, step: int, relu: int, dbias: Array,
    filter: int,
) -> None:  # fmt: skip
    """Add to the 9 points of a 2x2 kernel what the windows of one sample give: one channel, VECTORS of filters.

    Point t goes to ``out_at + t * out_step``. Window w sees the pixels (i, j) at ``x_at + tiles[w] + i * down + j *
    across``; its dy, y and winners begin at ``at + w * step``. dz, which is dy where ReLU was on, or everywhere if
    `relu` is 0, is also added to dbias, from `filter` on.
    """
    size, width = taps + 1, vectors * lanes(x.dtype)
    image, places = np.kron(IMAGE[taps], IMAGE[taps]), _places_of_points(taps)
    for w in range(windows):
        first, to = x_at + tiles[w], slice(at + w * step, at + w * step + width)
        pixels = np.array([x[first + i * down + j * across] for i in range(size) for j in range(size)])
        dz = np.where((y[to] <= 0) & bool(relu), 0, dy[to]).astype(dy.dtype)
        dbias[filter : filter + width] += dz
        won = winners[to].astype(np.int64)
        for t in range(size * size):
            spread = places[t][won] * dz
            out[out_at + t * out_step :][:width] += (image[t] @ pixels) * spread


wide_point_sums_2 = vectorised(_emit_point_sums(2, VECTORS))(partial(_define_point_sums, 2, VECTORS))
point_sums_2 = vectorised(_emit_point_sums(2, 1))(partial(_define_point_sums, 2, 1))
point_sums_3 = vectorised(_emit_point_sums(3, 1))(partial(_define_point_sums, 3, 1))


@inner
def _block(
    dy: Array, y: Array, winners: Array, relu: bool, x: Array, taps: int, g: Image, tiles: Array, dbias: Array,
    points: Array, first: int, last: int,
) -> None:  # fmt: skip
    F, C, windows, lane = dbias.size, g.C, tiles.size, VECTOR_BYTES // x.itemsize
    padded, ignored, on = zeros(g.padded, x), scratch(F, x), np.int64(relu)
    for n in range(first, last):
        i = n * windows * F
        image, at = x, n * g.pixels
        if g.padded > 0:
            pad_image(x, at, g, padded)
            image, at = padded, ZERO
        for c in range(C):
            f, sums = ZERO, dbias if c == 0 else ignored  # every channel has the same dz
            while f < F:
                to, start, down = c * F + f, at + c, g.WP * C
                if taps == 3:
                    point_sums_3(
                        points, to, C * F, image, start, down, C, tiles, windows, dy, y, winners, i + f, F, on, sums, f
                    )
                    f += lane
                elif f + VECTORS * lane <= F:
                    wide_point_sums_2(
                        points, to, C * F, image, start, down, C, tiles, windows, dy, y, winners, i + f, F, on, sums, f
                    )
                    f += VECTORS * lane
                else:
                    point_sums_2(
                        points, to, C * F, image, start, down, C, tiles, windows, dy, y, winners, i + f, F, on, sums, f
                    )
                    f += lane


def fits(taps: int, filters: int, itemsize: int) -> bool:
    """Whether `by_points` can do it: kernels of 2x2 or 3x3, filters in whole vectors."""
    return 2 <= taps <= 3 and filters > 0 and filters % (VECTOR_BYTES // itemsize) == 0


def partial_rows(taps: int, channels: int) -> int:
    """Rows of F numbers that one block needs in `partial`, beside dbias."""
    return (taps + 1) * (taps + 1) * channels


_fits, _partial_rows = inner(fits), inner(partial_rows)


@kernel(parallel=True)
def by_points(
    dy: Array, y: Array, winners: Array, relu: bool, x: Array, taps: int, matrix: Array, g: Image, tiles: Array,
    samples: int, partial: Array, dkernel: Array, dbias: Array,
) -> None:  # fmt: skip
    """Fill dkernel (K, F) and dbias (F,).

    `tiles` is that of `winograd.forward`, `matrix` (taps * taps, points) the transpose of its matrix. `partial` is
    scratch for BLOCKS times dbias and the points.

    Raises:
        ValueError: it does not fit (see `fits`), or the arrays have other sizes.
    """
    F, length = dbias.size, partial.size // BLOCKS
    if not _fits(taps, F, x.itemsize):
        raise ValueError("by_points takes kernels of 2x2 or 3x3, with filters in whole vectors.")
    if not (
        x.size == samples * g.pixels
        and dy.size == y.size == winners.size == samples * tiles.size * F
        and matrix.shape == (taps * taps, (taps + 1) * (taps + 1))
        and dkernel.size == taps * taps * g.C * F
        and length == (_partial_rows(taps, g.C) + 1) * F
    ):
        raise ValueError("by_points was given arrays whose sizes do not belong together.")
    blocks = blocks_of(samples)
    for block in prange(blocks):
        own = partial[block * length : (block + 1) * length]
        fill(own)
        _block(
            dy, y, winners, relu, x, taps, g, tiles, own[:F], own[F:], block * samples // blocks,
            (block + 1) * samples // blocks,
        )  # fmt: skip
    total = scratch(length, x)
    sum_blocks(partial, blocks, total)
    copy_to(dbias, total[:F])
    combine(matrix, total[F:], g.C * F, dkernel)
