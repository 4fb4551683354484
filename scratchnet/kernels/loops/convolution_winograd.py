"""A 3x3 convolution with stride 1 in fewer products (see `winograd.py`).

1. Tiles of 2x2 places take 16 products for each pair of channel and filter instead of 36. The points of some dozens of
   tiles are worked out together, so that for each point there is one matrix product, whose numbers stay in the cache.
2. Tiles of 4x4 places would take 36 products instead of 144, but with 128 channels are 1e-5 off, 2x2 are 5e-7.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from scratchnet.kernels.loops.convolution_tiles import Tiles
from scratchnet.kernels.loops.matrix_product import matrix_product
from scratchnet.kernels.loops.vectors import fill
from scratchnet.kernels.loops.windows import pad_image
from scratchnet.kernels.loops.winograd import PLACES, add_scaled, both_ways, image_points_3
from scratchnet.kernels.machine.hints import never_inline
from scratchnet.kernels.machine.processor import TILE, VECTOR_BYTES, lanes
from scratchnet.kernels.machine.runtime import inner, kernel
from scratchnet.kernels.machine.scratch import LINE, scratch, zeros
from scratchnet.kernels.machine.simd import INT, ZERO, Emitter, vectorised
from scratchnet.typing import Array

POINTS = 16
SAMPLES = 4
"""Samples of a forward block, whose tiles are worked out together."""


def _emit_places(e: Emitter, a: Any) -> None:
    builder, points, side = e.builder, e.at(a.points, a.points_at), range(4)
    square = [[e.load(e.at(points, builder.mul(a.step, INT(4 * i + j)))) for j in side] for i in side]
    bias, relu = e.load(e.at(a.bias, a.bias_at)), e.splat(builder.icmp_signed("!=", a.relu, INT(0)))
    steps = (builder.add(a.down, a.across), a.down, a.across, INT(0))
    for place, step in zip(reversed(both_ways(e, PLACES[3], square)), steps):
        y = builder.fadd(place, bias)
        off = builder.and_(relu, builder.fcmp_ordered("<=", y, e.zero))
        e.store(builder.select(off, e.zero, y), e.at(a.y, a.y_at, step))


@vectorised(_emit_places)
def points_to_places(
    points: Array, points_at: int, step: int, bias: Array, bias_at: int, relu: int, y: Array, y_at: int, down: int,
    across: int,
) -> None:  # fmt: skip
    """From points to a tile of four places, with bias and ReLU, for one vector of filters.

    Point t begins at ``points_at + t * step``, place (i, j) at ``y_at + i * down + j * across``. The first is written
    last: with a step of 0 it is the one that stays.
    """
    width, matrix = lanes(points.dtype), np.array(PLACES[3], points.dtype)
    square = np.array([points[points_at + t * step :][:width] for t in range(POINTS)]).reshape(4, 4, width)
    z = np.einsum("ai,bj,ijv->abv", matrix, matrix, square) + bias[bias_at : bias_at + width]
    for i, j in ((1, 1), (1, 0), (0, 1), (0, 0)):
        place = y[y_at + i * down + j * across :][:width]
        place[...] = z[i, j]
        if relu:
            place[place <= 0] = 0


@inner
def point_step(group: int, numbers: int, x: Array) -> int:
    """From one point of `group` tiles to the next: a cache line more than they take.

    A tile writes all its points at once. Steps of 4096 bytes or a multiple would take them all to the same few places
    of the nearest cache, out of which they would push each other.
    """
    return group * numbers + LINE // x.itemsize


@inner
def points_of_tiles(images: Array, at: int, size: int, g: Tiles, begin: int, count: int, out: Array, step: int) -> None:
    """`out` (POINTS, count, C) = the points of `count` tiles, from number `begin` of images `size` numbers apart.

    A point begins `step` numbers after the one before.
    """
    never_inline()
    C, T, lane = g.C, g.first.size, VECTOR_BYTES // images.itemsize
    for i in range(count):
        n, t = (begin + i) // T, (begin + i) % T
        for c in range(0, C, lane):
            image_points_3(images, at + n * size + g.first[t] + c, g.WP * C, C, out, i * C + c, step)


@inner
def convolve(
    images: Array, at: int, size: int, samples: int, weights: Array, bias: Array, relu: bool, g: Tiles, rows: Array,
    group: int, y: Array, y_at: int, ours: Array, theirs: Array,
) -> None:  # fmt: skip
    """y (samples, places, F), from `y_at`, of images that lie `size` numbers apart from `at` on.

    weights (POINTS, C, F) are the points of the kernel; `ours` and `theirs` are scratch for those of `group` tiles.
    """
    C, F, T, lane, on = g.C, bias.size, g.first.size, VECTOR_BYTES // y.itemsize, np.int64(relu)
    nothing, x_step, y_step = np.zeros(1, np.int64), point_step(group, C, ours), point_step(group, F, ours)
    for begin in range(0, samples * T, group):
        count = min(group, samples * T - begin)
        points_of_tiles(images, at, size, g, begin, count, ours, x_step)
        for t in range(POINTS):
            matrix_product(  # (count, F)
                ours, t * x_step, rows, ZERO, count, nothing, 1, C, 1, weights, t * C * F, F, F, theirs, t * y_step, F,
                ZERO,
            )  # fmt: skip
        for i in range(count):
            n, tile = (begin + i) // T, (begin + i) % T
            to = y_at + (n * g.places + g.place[tile]) * F
            for f in range(0, F, lane):
                points_to_places(
                    theirs, i * F + f, y_step, bias, f, on, y, to + f, g.down[tile] * F, g.across[tile] * F
                )  # fmt: skip


def fits(filters: int, channels: int, itemsize: int) -> bool:
    """Whether the kernels here can do it: filters and channels in whole vectors."""
    lane = VECTOR_BYTES // itemsize
    return filters > 0 and filters % lane == 0 and channels > 0 and channels % lane == 0


_fits = inner(fits)


@inner
def points_of_kernel(matrix: Array, kernel_: Array, length: int, t: int, out: Array) -> None:
    """Point t of a kernel (9, length)."""
    fill(out)
    for tap in range(9):
        if matrix[t, tap] != 0:
            add_scaled(out, matrix[t, tap], kernel_[tap * length : (tap + 1) * length])


@inner
def _forward_block(
    x: Array, weights: Array, bias: Array, relu: bool, g: Tiles, rows: Array, group: int, y: Array, first: int,
    last: int,
) -> None:  # fmt: skip
    images, at, size = x, first * g.pixels, g.pixels
    if g.padded > 0:
        images, at, size = zeros((last - first) * g.padded, x), ZERO, g.padded
        for n in range(first, last):
            pad_image(x, n * g.pixels, g, images[(n - first) * size : (n - first + 1) * size])
    ours = scratch(POINTS * point_step(group, g.C, x), x)
    theirs = scratch(POINTS * point_step(group, bias.size, x), x)
    convolve(
        images, at, size, last - first, weights, bias, relu, g, rows, group, y, first * g.places * bias.size, ours,
        theirs,
    )  # fmt: skip


@kernel(parallel=True)
def forward(
    x: Array, kernel_: Array, matrix: Array, bias: Array, relu: bool, g: Tiles, rows: Array, group: int, y: Array,
    samples: int,
) -> None:  # fmt: skip
    """y (samples, OH, OW, F) = relu(x convolved with the kernel (3, 3, C, F) + bias); no cut at 0 unless `relu`.

    `matrix` is that of `matrix_of`, `rows` the table of `group` rows of C numbers; `group` tiles are done together.

    Raises:
        ValueError: it does not fit (see `fits`), or the arrays have other sizes.
    """
    F, length = bias.size, g.C * bias.size
    if not _fits(F, g.C, x.itemsize):
        raise ValueError("convolution_winograd takes filters and channels in whole vectors.")
    if not (
        x.size == samples * g.pixels
        and kernel_.size == 9 * length
        and matrix.shape == (POINTS, 9)
        and rows.size >= group + TILE - 1 >= TILE
        and y.size == samples * g.places * F
    ):
        raise ValueError("A convolution was given arrays whose sizes do not belong together.")
    weights = scratch(POINTS * length, x)
    for t in prange(POINTS):
        points_of_kernel(matrix, kernel_, length, t, weights[t * length : (t + 1) * length])
    for block in prange((samples + SAMPLES - 1) // SAMPLES):
        _forward_block(
            x, weights, bias, relu, g, rows, group, y, SAMPLES * block, min(SAMPLES * block + SAMPLES, samples)
        )
