"""The gradients of a 3x3 convolution in fewer products (see `winograd.py` and `convolution_points.py`).

1. Both are ways back of the product at each point. Those of x times those of dz, summed over all tiles, are the points
   of dkernel; the 3x3 taps are worked out once, at the end.
2. Those of dz times the transposed kernel's are the points of dx; what they give is added to the pixels of a tile,
   which overlaps with its neighbours.
3. dz, which is dy where ReLU was on, goes from dy to its points at once; it is written nowhere. dy and y come from far
   memory, so those of the tile after the next are called for in time.
4. Each block of samples adds up its own points of dkernel; the blocks are then summed in order, so threads change no
   bit.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from scratchnet.kernels.loops.convolution_points import (
    KERNEL_POINTS,
    gradient_to_points_1,
    gradient_to_points_2,
    points_to_pixels_1,
    points_to_pixels_2,
)
from scratchnet.kernels.loops.convolution_tiles import Tiles
from scratchnet.kernels.loops.convolution_winograd import (
    SAMPLES,
    fits,
    point_step,
    points_of_kernel,
    points_of_tiles,
    rows_of_tiles,
)
from scratchnet.kernels.loops.matrix_product import matrix_product
from scratchnet.kernels.loops.transpose import transpose
from scratchnet.kernels.loops.vectors import add_to, copy_to, fill
from scratchnet.kernels.loops.windows import crop_image, pad_image
from scratchnet.kernels.loops.winograd import add_scaled
from scratchnet.kernels.machine.hints import never_inline
from scratchnet.kernels.machine.processor import TILE, VECTOR_BYTES
from scratchnet.kernels.machine.runtime import inner, kernel
from scratchnet.kernels.machine.scratch import scratch, zeros
from scratchnet.kernels.machine.simd import ZERO
from scratchnet.typing import Array

_fits = inner(fits)


@inner
def _points_of_dz(
    dy: Array, y: Array, relu: int, at: int, g: Tiles, begin: int, count: int, rows: Array, dbias: Array, out: Array,
    step: int,
) -> None:  # fmt: skip
    """`out` (points, tiles, F) = those of `count` tiles of dz, as `points_of_tiles` does for x; dz is added to dbias.

    The first image's dy and y begin at `at`.
    """
    never_inline()
    F, T, lane = dbias.size, g.first.size, VECTOR_BYTES // dy.itemsize
    place, below, beside = g.place, g.down, g.across
    for i in range(count):
        n, t = (begin + i) // T, (begin + i) % T
        start, down, across = at + (n * g.places + place[t]) * F, below[t] * F, beside[t] * F
        for f in range(0, F, lane):
            if g.stride == 1:
                gradient_to_points_1(dy, y, start + f, down, across, relu, dbias, f, out, f, step, rows, 4 * i, F)
            else:
                gradient_to_points_2(dy, y, start + f, down, across, relu, dbias, f, out, f, step, rows, 4 * i, F)


@inner
def _add_pixels(
    points: Array, step: int, g: Tiles, begin: int, count: int, rows: Array, images: Array, at: int, size: int
) -> None:
    """Add to images, from `at` and `size` numbers apart, what the points of `count` tiles give."""
    never_inline()
    C, lane, down, first = g.C, VECTOR_BYTES // points.itemsize, g.WP * g.C, g.first
    for i in range(count):
        to = at + (begin + i) // first.size * size + first[(begin + i) % first.size]
        for c in range(0, C, lane):
            if g.stride == 1:
                points_to_pixels_1(points, c, step, rows, 4 * i, C, images, to + c, down, C)
            else:
                points_to_pixels_2(points, c, step, rows, 4 * i, C, images, to + c, down, C)


@inner
def _gradients_of_images(
    images: Array, at: int, size: int, dy: Array, y: Array, relu: int, dy_at: int, weights: Array, g: Tiles,
    samples: int, steps: Array, channel_rows: Array, group: int, dimages: Array, needs_dx: bool, dbias: Array,
    dpoints: Array, begun: Array, ours: Array, theirs: Array,
) -> None:  # fmt: skip
    """Add what `samples` images give to dbias, `dpoints` (KERNEL_POINTS, C, F) and, if it is needed, to `dimages`.

    A point of `dpoints` that has not `begun` is set; then it has.
    """
    C, F, tiles, nothing = g.C, dbias.size, samples * g.first.size, np.zeros(1, np.int64)
    x_step, y_step = point_step(group, C, ours), point_step(group, F, ours)
    rows, counts = np.empty(4 * group, np.int64), np.empty(4, np.int64)
    for begin in range(0, tiles, group):
        count = min(group, tiles - begin)
        rows_of_tiles(g, begin, count, group, rows, counts)
        points_of_tiles(images, at, size, g, begin, count, rows, ours, x_step)
        _points_of_dz(dy, y, relu, dy_at, g, begin, count, rows, dbias, theirs, y_step)
        for t in range(g.needs.size):
            used, point = counts[g.needs[t]], g.kernel_points[t]
            own = point * C * F
            matrix_product(  # (C, F)
                ours, t * x_step, channel_rows, ZERO, C, nothing, 1, used, C, theirs, t * y_step, F, F, dpoints, own, F,
                begun[point],
            )  # fmt: skip
            begun[point] = 1
            if needs_dx:
                no_row = t * x_step + group * C
                fill(ours[no_row : no_row + C])
                matrix_product(  # (used, C)
                    theirs, t * y_step, steps, ZERO, used, nothing, 1, F, 1, weights, own, C, C, ours, t * x_step, C,
                    ZERO,
                )  # fmt: skip
        if needs_dx:
            _add_pixels(ours, x_step, g, begin, count, rows, dimages, at, size)


@inner
def _backward_block(
    dy: Array, y: Array, relu: bool, x: Array, weights: Array, g: Tiles, steps: Array, channel_rows: Array, group: int,
    dx: Array, needs_dx: bool, dbias: Array, dpoints: Array, first: int, last: int,
) -> None:  # fmt: skip
    F, count = dbias.size, min(SAMPLES, last - first)
    padded, dpadded = zeros(count * g.padded, x), scratch(count * g.padded if needs_dx else 0, x)
    ours = scratch(g.needs.size * point_step(group, g.C, x), x)
    theirs = scratch(g.needs.size * point_step(group, F, x), x)
    begun = np.zeros(KERNEL_POINTS, np.int64)
    fill(dbias)
    for begin in range(first, last, SAMPLES):
        end = min(begin + SAMPLES, last)
        images, dimages, at, size = x, dx, begin * g.pixels, g.pixels
        if g.padded > 0:
            images, dimages, at, size = padded, dpadded, ZERO, g.padded
            for n in range(begin, end):
                pad_image(x, n * g.pixels, g, padded[(n - begin) * size : (n - begin + 1) * size])
        if needs_dx:
            fill(dimages[at : at + (end - begin) * size])
        _gradients_of_images(
            images, at, size, dy, y, np.int64(relu), begin * g.places * F, weights, g, end - begin, steps, channel_rows,
            group, dimages, needs_dx, dbias, dpoints, begun, ours, theirs,
        )  # fmt: skip
        if needs_dx and g.padded > 0:
            for n in range(begin, end):
                crop_image(dpadded[(n - begin) * size : (n - begin + 1) * size], g, dx, n * g.pixels)
    if first == last:
        fill(dpoints)


@kernel(parallel=True)
def backward(
    dy: Array, y: Array, relu: bool, x: Array, kernel_: Array, matrix: Array, g: Tiles, steps: Array,
    channel_rows: Array, group: int, dx: Array, needs_dx: bool, samples: int, blocks: int, partial: Array,
    dkernel: Array, dbias: Array,
) -> None:  # fmt: skip
    """Fill dkernel (3, 3, C, F), dbias (F,) and, if it is needed, dx (samples, H, W, C).

    `steps` is the table of `group` rows of F numbers, `channel_rows` that of C rows of one. `partial` is scratch for
    `blocks` times dbias and the points of dkernel.

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
        and matrix.shape == (KERNEL_POINTS, 9)
        and length == (KERNEL_POINTS * C + 1) * F
        and steps.size >= group + TILE - 1 >= TILE
        and channel_rows.size >= C + TILE - 1
        and (dx.size == x.size or not needs_dx)
    ):
        raise ValueError("A convolution's gradient was given arrays whose sizes do not belong together.")
    weights, kernel_t = scratch(KERNEL_POINTS * C * F, x), scratch(9 * C * F, x)
    if needs_dx:
        for tap in range(9):
            transpose(kernel_, tap * C * F, F, C, F, kernel_t, tap * C * F, C)  # (F, C)
        for t in prange(KERNEL_POINTS):
            points_of_kernel(matrix, kernel_t, C * F, t, weights[t * C * F : (t + 1) * C * F])
    used = max(1, min(blocks, samples))
    for block in prange(used):
        own = partial[block * length : (block + 1) * length]
        _backward_block(
            dy, y, relu, x, weights, g, steps, channel_rows, group, dx, needs_dx, own[:F], own[F:],
            block * samples // used, (block + 1) * samples // used,
        )  # fmt: skip
    total = scratch(length, x)
    for t in prange(KERNEL_POINTS + 1):
        i, j = (F + (t - 1) * C * F, F + t * C * F) if t > 0 else (ZERO, F)
        copy_to(total[i:j], partial[i:j])
        for block in range(1, used):
            add_to(total[i:j], partial[block * length + i : block * length + j])
    copy_to(dbias, total[:F])
    for tap in prange(9):
        out = dkernel[tap * C * F : (tap + 1) * C * F]
        fill(out)
        for t in range(KERNEL_POINTS):
            if matrix[t, tap] != 0:
                add_scaled(out, matrix[t, tap], total[F + t * C * F : F + (t + 1) * C * F])
