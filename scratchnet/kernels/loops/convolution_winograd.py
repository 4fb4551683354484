"""A 3x3 convolution with stride 1 or 2 in fewer products (see `winograd.py` and `convolution_points.py`).

1. Tiles of 2x2 places take 16 products (with stride 2: 25) for each pair of channel and filter instead of 36. The
   points of some dozens of tiles are worked out together, so that for each point there is one matrix product, whose
   numbers stay in the cache.
2. Its gradients take tiles of 4x4 places where they can; why this does not, `convolution_points.py` says.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from scratchnet.kernels.loops.convolution_points import (
    pixels_to_points_four,
    pixels_to_points_pair,
    pixels_to_points_strided,
    points_to_places_pair,
    points_to_places_strided,
)
from scratchnet.kernels.loops.convolution_tiles import Tiles
from scratchnet.kernels.loops.matrix_product import matrix_product
from scratchnet.kernels.loops.vectors import fill
from scratchnet.kernels.loops.windows import pad_image
from scratchnet.kernels.loops.winograd import add_scaled
from scratchnet.kernels.machine.hints import never_inline
from scratchnet.kernels.machine.processor import TILE, VECTOR_BYTES
from scratchnet.kernels.machine.runtime import inner, kernel
from scratchnet.kernels.machine.scratch import LINE, scratch, zeros
from scratchnet.kernels.machine.simd import ZERO
from scratchnet.typing import Array


@inner
def point_step(group: int, numbers: int, x: Array) -> int:
    """From one point of `group` tiles to the next: one row more than they take, and a cache line.

    The row is for tiles at an odd edge, which do not need the point. And a tile writes all its points at once: steps of
    4096 bytes or a multiple would take them all to the same few places of the nearest cache, out of which they would
    push each other.
    """
    return (group + 1) * numbers + LINE // x.itemsize


@inner
def rows_of_tiles(g: Tiles, begin: int, count: int, group: int, rows: Array, counts: Array) -> None:
    """Which row each of `count` tiles has at its points: `rows` (count, 4) and how many rows there are, `counts` (4,).

    The four are the points by what they need (see `needs` in `convolution_points.py`). A tile at an odd edge has no
    row at those that need what is not there; it is given row `group`, which is not multiplied.
    """
    down, across, T = g.down, g.across, g.first.size
    counts[:] = 0
    for i in range(count):
        t = (begin + i) % T
        for k in range(4):
            there = (k < 2 or down[t] != 0) and (k % 2 == 0 or across[t] != 0)
            rows[4 * i + k] = counts[k] if there else group
            counts[k] += 1 if there else 0


@inner
def points_of_tiles(
    images: Array, at: int, size: int, g: Tiles, begin: int, count: int, rows: Array, out: Array, step: int
) -> None:
    """`out` (points, tiles, C) = the points of `count` tiles, from number `begin` of images `size` numbers apart.

    A point begins `step` numbers after the one before; `rows` is that of `rows_of_tiles`.
    """
    never_inline()
    C, lane, down, first = g.C, VECTOR_BYTES // images.itemsize, g.WP * g.C, g.first
    for i in range(count):
        start = at + (begin + i) // first.size * size + first[(begin + i) % first.size]
        for c in range(0, C, lane):
            if g.side == 4:
                pixels_to_points_four(images, start + c, down, C, out, c, step, rows, 4 * i, C)
            elif g.stride == 1:
                pixels_to_points_pair(images, start + c, down, C, out, c, step, rows, 4 * i, C)
            else:
                pixels_to_points_strided(images, start + c, down, C, out, c, step, rows, 4 * i, C)


@inner
def _places_of_tiles(
    points: Array, step: int, g: Tiles, begin: int, count: int, rows: Array, bias: Array, on: int, y: Array
) -> None:
    never_inline()
    F, T, lane = bias.size, g.first.size, VECTOR_BYTES // y.itemsize
    place, below, beside = g.place, g.down, g.across
    for i in range(count):
        n, t = (begin + i) // T, (begin + i) % T
        to, down, across = (n * g.places + place[t]) * F, below[t] * F, beside[t] * F
        for f in range(0, F, lane):
            if g.stride == 1:
                points_to_places_pair(points, f, step, rows, 4 * i, F, bias, f, on, y, to + f, down, across)
            else:
                points_to_places_strided(points, f, step, rows, 4 * i, F, bias, f, on, y, to + f, down, across)


def fits(filters: int, channels: int, itemsize: int) -> bool:
    """Whether the kernels here can do it: filters and channels in whole vectors."""
    lane = VECTOR_BYTES // itemsize
    return filters > 0 and filters % lane == 0 and channels > 0 and channels % lane == 0


_fits = inner(fits)


@inner
def _weighted_sum(weights: Array, x: Array, at: int, step: int, out: Array) -> None:
    """out = the sum of rows of x, which begin at `at` and are `step` apart, each times its weight."""
    never_inline()
    fill(out)
    for i in range(weights.size):
        if weights[i] != 0:
            start = at + i * step
            add_scaled(out, weights[i], x[start : start + out.size])


@inner
def row_of_both_ways(matrix: Array, p: int, x: Array, at: int, length: int, out: Array) -> None:
    """Row p of matrix * x * matrix^T; an entry of these squares is a row of `length` numbers, and x begins at `at`."""
    P, T = matrix.shape
    row = scratch(T * length, x)
    for t in range(T):
        _weighted_sum(matrix[p], x, at + t * length, T * length, row[t * length : (t + 1) * length])
    for q in range(P):
        _weighted_sum(matrix[q], row, ZERO, length, out[(p * P + q) * length : (p * P + q + 1) * length])


@inner
def _forward_block(
    x: Array, weights: Array, bias: Array, relu: bool, g: Tiles, steps: Array, group: int, y: Array, first: int,
    last: int,
) -> None:  # fmt: skip
    C, F, points, nothing = g.C, bias.size, g.needs.size, np.zeros(1, np.int64)
    images, at, size = x, first * g.pixels, g.pixels
    if g.padded > 0:
        images, at, size = zeros((last - first) * g.padded, x), ZERO, g.padded
        for n in range(first, last):
            pad_image(x, n * g.pixels, g, images[(n - first) * size : (n - first + 1) * size])
    x_step, y_step = point_step(group, C, x), point_step(group, F, x)
    ours, theirs = scratch(points * x_step, x), scratch(points * y_step, x)
    rows, counts = np.empty(4 * group, np.int64), np.empty(4, np.int64)
    for t in range(points):
        start = t * y_step + group * F
        fill(theirs[start : start + F])
    tiles = (last - first) * g.first.size
    for begin in range(0, tiles, group):
        count = min(group, tiles - begin)
        rows_of_tiles(g, begin, count, group, rows, counts)
        points_of_tiles(images, at, size, g, begin, count, rows, ours, x_step)
        for t in range(points):
            matrix_product(  # (count, F)
                ours, t * x_step, steps, ZERO, counts[g.needs[t]], nothing, 1, C, 1, weights,
                g.kernel_points[t] * C * F, F, F, theirs, t * y_step, F, ZERO,
            )  # fmt: skip
        _places_of_tiles(
            theirs, y_step, g, begin, count, rows, bias, np.int64(relu), y[first * g.places * F : last * g.places * F]
        )


@kernel(parallel=True)
def forward(
    x: Array, kernel_: Array, matrix: Array, bias: Array, relu: bool, g: Tiles, steps: Array, group: int, together: int,
    y: Array, samples: int,
) -> None:  # fmt: skip
    """y (samples, OH, OW, F) = relu(x convolved with the kernel (3, 3, C, F) + bias); no cut at 0 unless `relu`.

    `matrix` makes the points of the kernel. A block of samples has `together`, whose tiles are cut into groups of
    `group`; `steps` is the table of so many rows of C numbers.

    Raises:
        ValueError: it does not fit (see `fits`), or the arrays have other sizes.
    """
    F, length = bias.size, g.C * bias.size
    if not _fits(F, g.C, x.itemsize):
        raise ValueError("convolution_winograd takes filters and channels in whole vectors.")
    if not (
        x.size == samples * g.pixels
        and kernel_.size == 9 * length
        and matrix.size**2 == 9 * (g.kernel_points.max() + 1)
        and steps.size >= group + TILE - 1 >= TILE
        and together > 0
        and y.size == samples * g.places * F
    ):
        raise ValueError("A convolution was given arrays whose sizes do not belong together.")
    weights = scratch(matrix.shape[0] ** 2 * length, x)
    for p in prange(matrix.shape[0]):
        row_of_both_ways(matrix, p, kernel_, ZERO, length, weights)
    for block in prange((samples + together - 1) // together):
        _forward_block(
            x, weights, bias, relu, g, steps, group, y, together * block, min(together * block + together, samples)
        )
