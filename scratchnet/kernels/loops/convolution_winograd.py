"""A 3x3 convolution with stride 1 in fewer products, and its gradients (see `winograd.py`).

1. Tiles of 2x2 places take 16 products for each pair of channel and filter instead of 36. The points of some dozens of
   tiles are worked out together, so that for each point there is one matrix product, whose numbers stay in the cache.
2. dx is the same convolution: of dz, with a border of zeros, by the kernel turned by half a circle.
3. dkernel is the way back of a product too: the points of x times those of dz, summed over all tiles, are the points
   of dkernel; the 3x3 taps are worked out once, at the end.
4. Tiles of 4x4 places would take 36 products instead of 144, but with 128 channels are 1e-5 off, 2x2 are 5e-7.
5. Each block of samples adds up its own points of dkernel; the blocks are then summed in order, so threads change no
   bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from scratchnet.kernels.loops.bias_and_relu import relu_gradient
from scratchnet.kernels.loops.convolution_tiles import Tiles
from scratchnet.kernels.loops.matrix_product import matrix_product
from scratchnet.kernels.loops.vectors import add_to, copy_to, fill
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
_BACK = tuple(zip(*PLACES[3]))  # from places to points


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
def _points_to_places(
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


def _emit_points(e: Emitter, a: Any) -> None:
    builder, dz, side = e.builder, e.at(a.dz, a.dz_at), range(2)
    rows = [e.at(dz, builder.mul(a.down, INT(i))) for i in side]
    square = [[e.load(e.at(row, builder.mul(a.across, INT(j)))) for j in side] for row in rows]
    for t, point in enumerate(both_ways(e, _BACK, square)):
        e.store(point, e.at(a.out, a.out_at, builder.mul(a.out_step, INT(t))))


@vectorised(_emit_points)
def _places_to_points(dz: Array, dz_at: int, down: int, across: int, out: Array, out_at: int, out_step: int) -> None:
    """The points of dz at a tile of four places, for one vector of filters: the transpose of `_points_to_places`.

    Place (i, j) begins at ``dz_at + i * down + j * across``, point t goes to ``out_at + t * out_step``.
    """
    width, matrix = lanes(dz.dtype), np.array(_BACK, dz.dtype)
    square = np.array([[dz[dz_at + i * down + j * across :][:width] for j in range(2)] for i in range(2)])
    points = np.einsum("ai,bj,ijv->abv", matrix, matrix, square)
    for t, point in enumerate(points.reshape(-1, width)):
        out[out_at + t * out_step :][:width] = point


@inner
def _point_step(group: int, numbers: int, x: Array) -> int:
    """From one point of `group` tiles to the next: a cache line more than they take.

    A tile writes all its points at once. Steps of 4096 bytes or a multiple would take them all to the same few places
    of the nearest cache, out of which they would push each other.
    """
    return group * numbers + LINE // x.itemsize


@inner
def _points_of_tiles(
    images: Array, at: int, size: int, g: Tiles, begin: int, count: int, out: Array, step: int
) -> None:
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
def _convolve(
    images: Array, at: int, size: int, samples: int, weights: Array, bias: Array, relu: bool, g: Tiles, rows: Array,
    group: int, y: Array, y_at: int, ours: Array, theirs: Array,
) -> None:  # fmt: skip
    """y (samples, places, F), from `y_at`, of images that lie `size` numbers apart from `at` on.

    weights (POINTS, C, F) are the points of the kernel; `ours` and `theirs` are scratch for those of `group` tiles.
    """
    C, F, T, lane, on = g.C, bias.size, g.first.size, VECTOR_BYTES // y.itemsize, np.int64(relu)
    nothing, x_step, y_step = np.zeros(1, np.int64), _point_step(group, C, ours), _point_step(group, F, ours)
    for begin in range(0, samples * T, group):
        count = min(group, samples * T - begin)
        _points_of_tiles(images, at, size, g, begin, count, ours, x_step)
        for t in range(POINTS):
            matrix_product(  # (count, F)
                ours, t * x_step, rows, ZERO, count, nothing, 1, C, 1, weights, t * C * F, F, F, theirs, t * y_step, F,
                ZERO,
            )  # fmt: skip
        for i in range(count):
            n, tile = (begin + i) // T, (begin + i) % T
            to = y_at + (n * g.places + g.place[tile]) * F
            for f in range(0, F, lane):
                _points_to_places(
                    theirs, i * F + f, y_step, bias, f, on, y, to + f, g.down[tile] * F, g.across[tile] * F
                )  # fmt: skip


def fits(filters: int, channels: int, itemsize: int) -> bool:
    """Whether the kernels here can do it: filters and channels in whole vectors."""
    lane = VECTOR_BYTES // itemsize
    return filters > 0 and filters % lane == 0 and channels > 0 and channels % lane == 0


_fits = inner(fits)


@inner
def _points_of_kernel(matrix: Array, kernel_: Array, length: int, t: int, out: Array) -> None:
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
    ours = scratch(POINTS * _point_step(group, g.C, x), x)
    theirs = scratch(POINTS * _point_step(group, bias.size, x), x)
    _convolve(
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
        _points_of_kernel(matrix, kernel_, length, t, weights[t * length : (t + 1) * length])
    for block in prange((samples + SAMPLES - 1) // SAMPLES):
        _forward_block(
            x, weights, bias, relu, g, rows, group, y, SAMPLES * block, min(SAMPLES * block + SAMPLES, samples)
        )


@inner
def _turned(kernel_: Array, C: int, F: int, out: Array) -> None:
    """`out` (9, F, C) = the kernel (9, C, F) turned by half a circle, each tap transposed."""
    for tap in range(9):
        for c in range(C):
            for f in range(F):
                out[(tap * F + f) * C + c] = kernel_[((8 - tap) * C + c) * F + f]


@inner
def _add_points(
    images: Array, dz_images: Array, g: Tiles, back: Tiles, samples: int, at: int, size: int, channel_rows: Array,
    group: int, ours: Array, theirs: Array, out: Array,
) -> None:  # fmt: skip
    """Add to `out` (POINTS, C, F) what `samples` images give: at each point, those of x times those of dz."""
    C, F, T, lane = g.C, back.C, g.first.size, VECTOR_BYTES // out.itemsize
    nothing, one = np.zeros(1, np.int64), ZERO + 1
    x_step, y_step = _point_step(group, C, ours), _point_step(group, F, ours)
    for begin in range(0, samples * T, group):
        count = min(group, samples * T - begin)
        _points_of_tiles(images, at, size, g, begin, count, ours, x_step)
        for i in range(count):
            n, tile = (begin + i) // T, (begin + i) % T
            row, column = g.place[tile] // g.OW, g.place[tile] % g.OW
            place = n * back.HP * back.WP + (back.top + row) * back.WP + back.left + column
            for f in range(0, F, lane):
                _places_to_points(dz_images, place * F + f, back.WP * F, F, theirs, i * F + f, y_step)
        for t in range(POINTS):
            matrix_product(  # (C, F)
                ours, t * x_step, channel_rows, ZERO, C, nothing, 1, count, C, theirs, t * y_step, F, F, out,
                t * C * F, F, one,
            )  # fmt: skip


@inner
def _backward_block(
    dy: Array, y: Array, relu: bool, x: Array, weights: Array, g: Tiles, back: Tiles, rows: Array, channel_rows: Array,
    group: int, dx: Array, needs_dx: bool, dbias: Array, points: Array, no_bias: Array, first: int, last: int,
) -> None:  # fmt: skip
    F, size, dz_size = dbias.size, g.pixels, back.HP * back.WP * back.C
    count = min(SAMPLES, last - first)
    dz = zeros(count * dz_size, x)
    padded = zeros(count * g.padded, x)
    length = POINTS * _point_step(group, max(g.C, F), x)
    ours, theirs = scratch(length, x), scratch(length, x)
    for begin in range(first, last, SAMPLES):
        samples = min(SAMPLES, last - begin)
        images, at, size = x, begin * g.pixels, g.pixels
        if g.padded > 0:
            images, at, size = padded, ZERO, g.padded
        for n in range(begin, begin + samples):
            if g.padded > 0:
                pad_image(x, n * g.pixels, g, padded[(n - begin) * size : (n - begin + 1) * size])
            for row in range(g.OH):
                to = (n - begin) * dz_size + ((back.top + row) * back.WP + back.left) * F
                relu_gradient(dy, y, (n * g.places + row * g.OW) * F, relu, g.OW, F, dz, to, dbias)
        _add_points(images, dz, g, back, samples, at, size, channel_rows, group, ours, theirs, points)
        if needs_dx:
            _convolve(
                dz, ZERO, dz_size, samples, weights, no_bias, False, back, rows, group, dx, begin * g.pixels, ours,
                theirs,
            )  # fmt: skip


@kernel(parallel=True)
def backward(
    dy: Array, y: Array, relu: bool, x: Array, kernel_: Array, matrix: Array, g: Tiles, back: Tiles, rows: Array,
    channel_rows: Array, group: int, dx: Array, needs_dx: bool, samples: int, blocks: int, partial: Array,
    dkernel: Array, dbias: Array,
) -> None:  # fmt: skip
    """Fill dkernel (3, 3, C, F), dbias (F,) and, if it is needed, dx (samples, H, W, C).

    `back` are the tiles of dx over dz. `rows` is the table of `group` rows of F numbers, `channel_rows` that of C rows
    of one. `partial` is scratch for `blocks` times dbias and the points of dkernel.

    Raises:
        ValueError: it does not fit (see `fits`), or the arrays have other sizes.
    """
    C, F, length = g.C, dbias.size, partial.size // blocks
    if not _fits(F, C, x.itemsize):
        raise ValueError("convolution_winograd takes filters and channels in whole vectors.")
    if not (
        x.size == samples * g.pixels
        and dy.size == y.size == samples * g.places * F
        and kernel_.size == dkernel.size == 9 * C * F
        and matrix.shape == (POINTS, 9)
        and length == (POINTS * C + 1) * F
        and back.C == F
        and back.places * C == g.pixels
        and rows.size >= group + TILE - 1 >= TILE
        and channel_rows.size >= C + TILE - 1
        and (dx.size == x.size or not needs_dx)
    ):
        raise ValueError("A convolution's gradient was given arrays whose sizes do not belong together.")
    weights, turned, no_bias = scratch(POINTS * C * F, x), scratch(9 * C * F, x), zeros(C, x)
    if needs_dx:
        _turned(kernel_, C, F, turned)
        for t in prange(POINTS):
            _points_of_kernel(matrix, turned, C * F, t, weights[t * C * F : (t + 1) * C * F])
    used = min(blocks, samples)
    for block in prange(used):
        own = partial[block * length : (block + 1) * length]
        fill(own)
        _backward_block(
            dy, y, relu, x, weights, g, back, rows, channel_rows, group, dx, needs_dx, own[:F], own[F:], no_bias,
            block * samples // used, (block + 1) * samples // used,
        )  # fmt: skip
    total = scratch(length, x)
    for t in prange(POINTS + 1):
        i, j = (F + (t - 1) * C * F, F + t * C * F) if t > 0 else (ZERO, F)
        copy_to(total[i:j], partial[i:j])
        for block in range(1, used):
            add_to(total[i:j], partial[block * length + i : block * length + j])
    copy_to(dbias, total[:F])
    for tap in prange(9):
        out = dkernel[tap * C * F : (tap + 1) * C * F]
        fill(out)
        for t in range(POINTS):
            if matrix[t, tap] != 0:
                add_scaled(out, matrix[t, tap], total[F + t * C * F : F + (t + 1) * C * F])
