"""The gradients of a 3x3 convolution with stride 1 in fewer products (see `winograd.py`).

1. dx is the convolution of `convolution_winograd.py`: of dz, with a border of zeros, by the kernel turned by half a
   circle.
2. dkernel is the way back of a product: the points of x times those of dz, summed over all tiles, are the points of
   dkernel; the 3x3 taps are worked out once, at the end.
3. Each block of samples adds up its own points of dkernel; the blocks are then summed in order, so threads change no
   bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from scratchnet.kernels.loops.bias_and_relu import relu_gradient
from scratchnet.kernels.loops.convolution_tiles import Tiles
from scratchnet.kernels.loops.convolution_winograd import (
    POINTS,
    SAMPLES,
    convolve,
    fits,
    point_step,
    points_of_kernel,
    points_of_tiles,
)
from scratchnet.kernels.loops.matrix_product import matrix_product
from scratchnet.kernels.loops.vectors import add_to, copy_to, fill
from scratchnet.kernels.loops.windows import pad_image
from scratchnet.kernels.loops.winograd import PLACES, add_scaled, both_ways
from scratchnet.kernels.machine.processor import TILE, VECTOR_BYTES, lanes
from scratchnet.kernels.machine.runtime import inner, kernel
from scratchnet.kernels.machine.scratch import scratch, zeros
from scratchnet.kernels.machine.simd import INT, ZERO, Emitter, vectorised
from scratchnet.typing import Array

_BACK = tuple(zip(*PLACES[3]))  # from places to points


def _emit_points(e: Emitter, a: Any) -> None:
    builder, dz, side = e.builder, e.at(a.dz, a.dz_at), range(2)
    rows = [e.at(dz, builder.mul(a.down, INT(i))) for i in side]
    square = [[e.load(e.at(row, builder.mul(a.across, INT(j)))) for j in side] for row in rows]
    for t, point in enumerate(both_ways(e, _BACK, square)):
        e.store(point, e.at(a.out, a.out_at, builder.mul(a.out_step, INT(t))))


@vectorised(_emit_points)
def _places_to_points(dz: Array, dz_at: int, down: int, across: int, out: Array, out_at: int, out_step: int) -> None:
    """The points of dz at a tile of four places, for one vector of filters: the transpose of `points_to_places`.

    Place (i, j) begins at ``dz_at + i * down + j * across``, point t goes to ``out_at + t * out_step``.
    """
    width, matrix = lanes(dz.dtype), np.array(_BACK, dz.dtype)
    square = np.array([[dz[dz_at + i * down + j * across :][:width] for j in range(2)] for i in range(2)])
    points = np.einsum("ai,bj,ijv->abv", matrix, matrix, square)
    for t, point in enumerate(points.reshape(-1, width)):
        out[out_at + t * out_step :][:width] = point


_fits = inner(fits)


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
    x_step, y_step = point_step(group, C, ours), point_step(group, F, ours)
    for begin in range(0, samples * T, group):
        count = min(group, samples * T - begin)
        points_of_tiles(images, at, size, g, begin, count, ours, x_step)
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
    length = POINTS * point_step(group, max(g.C, F), x)
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
            convolve(
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
            points_of_kernel(matrix, turned, C * F, t, weights[t * C * F : (t + 1) * C * F])
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
