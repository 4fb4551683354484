"""The gradients of a 3x3 convolution in fewer products (see `winograd.py` and `convolution_points.py`).

1. Both are ways back of the product at each point. Those of x times those of dz, summed over all tiles, are the points
   of dkernel; the 3x3 taps are worked out once, at the end.
2. Those of dz times the transposed kernel's are the points of dx; what they give is added to the pixels of a tile,
   which overlaps with its neighbours.
3. With stride 1, tiles of 4x4 places take 36 products instead of 144 where an image has several of them.
4. dz, which is dy where ReLU was on, is worked out for some samples at a time, in scratch images that have all places
   of the tiles at the edges too.
5. Each block of samples adds up its own points of dkernel; the blocks are then summed in order, so threads change no
   bit.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from scratchnet.kernels.loops.bias_and_relu import relu_gradient
from scratchnet.kernels.loops.convolution_points import (
    places_to_points_four,
    places_to_points_pair,
    places_to_points_strided,
    points_to_pixels_four,
    points_to_pixels_pair,
    points_to_pixels_strided,
)
from scratchnet.kernels.loops.convolution_tiles import Tiles
from scratchnet.kernels.loops.convolution_winograd import (
    fits,
    point_step,
    points_of_tiles,
    row_of_both_ways,
    rows_of_tiles,
)
from scratchnet.kernels.loops.matrix_product import matrix_product
from scratchnet.kernels.loops.transpose import transpose
from scratchnet.kernels.loops.vectors import add_to, copy_to, fill
from scratchnet.kernels.loops.windows import crop_image, pad_image
from scratchnet.kernels.machine.hints import never_inline
from scratchnet.kernels.machine.processor import TILE, VECTOR_BYTES
from scratchnet.kernels.machine.runtime import inner, kernel
from scratchnet.kernels.machine.scratch import scratch, zeros
from scratchnet.kernels.machine.simd import ZERO
from scratchnet.typing import Array

_fits = inner(fits)


@inner
def _dz_of_samples(dy: Array, y: Array, relu: bool, g: Tiles, first: int, last: int, dbias: Array, dz: Array) -> None:
    """`dz` (last - first, OHP, OWP, F) = the gradients of all places, 0 where there is none; added to dbias as well."""
    never_inline()
    F = dbias.size
    fill(dz[: (last - first) * g.OHP * g.OWP * F])
    for n in range(first, last):
        for row in range(g.OH):
            at, to = (n * g.places + row * g.OW) * F, ((n - first) * g.OHP + row) * g.OWP * F
            relu_gradient(dy, y, at, relu, g.OW, F, dz, to, dbias)


@inner
def _points_of_dz(dz: Array, F: int, g: Tiles, begin: int, count: int, rows: Array, out: Array, step: int) -> None:
    """`out` (points, tiles, F) = those of `count` tiles of dz, as `points_of_tiles` does for x."""
    never_inline()
    lane, T, down = VECTOR_BYTES // dz.itemsize, g.first.size, g.OWP * F
    for i in range(count):
        start = ((begin + i) // T * g.OHP * g.OWP + g.corner[(begin + i) % T]) * F
        for f in range(0, F, lane):
            if g.side == 4:
                places_to_points_four(dz, start + f, down, F, out, f, step, rows, 4 * i, F)
            elif g.stride == 1:
                places_to_points_pair(dz, start + f, down, F, out, f, step, rows, 4 * i, F)
            else:
                places_to_points_strided(dz, start + f, down, F, out, f, step, rows, 4 * i, F)


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
            if g.side == 4:
                points_to_pixels_four(points, c, step, rows, 4 * i, C, images, to + c, down, C)
            elif g.stride == 1:
                points_to_pixels_pair(points, c, step, rows, 4 * i, C, images, to + c, down, C)
            else:
                points_to_pixels_strided(points, c, step, rows, 4 * i, C, images, to + c, down, C)


@inner
def _gradients_of_images(
    images: Array, at: int, size: int, dz: Array, weights: Array, g: Tiles, samples: int, steps: Array,
    channel_rows: Array, group: int, dimages: Array, needs_dx: bool, F: int, dpoints: Array, begun: Array, ours: Array,
    theirs: Array,
) -> None:  # fmt: skip
    """Add what `samples` images give to `dpoints` (kernel's points, C, F) and, if it is needed, to `dimages`.

    A point of `dpoints` that has not `begun` is set; then it has.
    """
    C, tiles, nothing = g.C, samples * g.first.size, np.zeros(1, np.int64)
    x_step, y_step = point_step(group, C, ours), point_step(group, F, ours)
    rows, counts = np.empty(4 * group, np.int64), np.empty(4, np.int64)
    for begin in range(0, tiles, group):
        count = min(group, tiles - begin)
        rows_of_tiles(g, begin, count, group, rows, counts)
        points_of_tiles(images, at, size, g, begin, count, rows, ours, x_step)
        _points_of_dz(dz, F, g, begin, count, rows, theirs, y_step)
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
    together: int, dx: Array, needs_dx: bool, dbias: Array, dpoints: Array, first: int, last: int,
) -> None:  # fmt: skip
    F, count = dbias.size, min(together, last - first)
    padded, dpadded = zeros(count * g.padded, x), scratch(count * g.padded if needs_dx else 0, x)
    dz = scratch(count * g.OHP * g.OWP * F, x)
    ours = scratch(g.needs.size * point_step(group, g.C, x), x)
    theirs = scratch(g.needs.size * point_step(group, F, x), x)
    begun = np.zeros(dpoints.size // (g.C * F), np.int64)
    fill(dbias)
    for begin in range(first, last, together):
        end = min(begin + together, last)
        images, dimages, at, size = x, dx, begin * g.pixels, g.pixels
        if g.padded > 0:
            images, dimages, at, size = padded, dpadded, ZERO, g.padded
            for n in range(begin, end):
                pad_image(x, n * g.pixels, g, padded[(n - begin) * size : (n - begin + 1) * size])
        _dz_of_samples(dy, y, relu, g, begin, end, dbias, dz)
        if needs_dx:
            fill(dimages[at : at + (end - begin) * size])
        _gradients_of_images(
            images, at, size, dz, weights, g, end - begin, steps, channel_rows, group, dimages, needs_dx, F, dpoints,
            begun, ours, theirs,
        )  # fmt: skip
        if needs_dx and g.padded > 0:
            for n in range(begin, end):
                crop_image(dpadded[(n - begin) * size : (n - begin + 1) * size], g, dx, n * g.pixels)
    if first == last:
        fill(dpoints)


@kernel(parallel=True)
def backward(
    dy: Array, y: Array, relu: bool, x: Array, kernel_: Array, matrix: Array, g: Tiles, steps: Array,
    channel_rows: Array, group: int, together: int, dx: Array, needs_dx: bool, samples: int, blocks: int,
    partial: Array, dkernel: Array, dbias: Array,
) -> None:  # fmt: skip
    """Fill dkernel (3, 3, C, F), dbias (F,) and, if it is needed, dx (samples, H, W, C).

    As in `convolution_winograd.forward`, but `steps` is the table of `group` rows of F numbers, and `channel_rows` that
    of C rows of one. `partial` is scratch for `blocks` times dbias and the points of dkernel.

    Raises:
        ValueError: it does not fit (see `fits`), or the arrays have other sizes.
    """
    C, F, P, length = g.C, dbias.size, len(matrix), partial.size // blocks
    if not _fits(F, C, x.itemsize):
        raise ValueError("convolution_winograd takes filters and channels in whole vectors.")
    if not (
        x.size == samples * g.pixels
        and dy.size == y.size == samples * g.places * F
        and kernel_.size == dkernel.size == 9 * C * F
        and matrix.size**2 == 9 * (g.kernel_points.max() + 1)
        and length == (P * P * C + 1) * F
        and steps.size >= group + TILE - 1 >= TILE
        and together > 0
        and channel_rows.size >= C + TILE - 1
        and (dx.size == x.size or not needs_dx)
    ):
        raise ValueError("A convolution's gradient was given arrays whose sizes do not belong together.")
    L = C * F  # numbers of a tap or a point
    weights, kernel_t = scratch(P * P * L, x), scratch(9 * L, x)
    if needs_dx:
        for tap in range(9):
            transpose(kernel_, tap * L, F, C, F, kernel_t, tap * L, C)  # (F, C)
        for p in prange(P):
            row_of_both_ways(matrix, p, kernel_t, ZERO, L, weights)
    used = max(1, min(blocks, samples))
    for block in prange(used):
        own = partial[block * length : (block + 1) * length]
        _backward_block(
            dy, y, relu, x, weights, g, steps, channel_rows, group, together, dx, needs_dx, own[:F], own[F:],
            block * samples // used, (block + 1) * samples // used,
        )  # fmt: skip
    total, matrix_t = scratch(length, x), matrix.T.copy()
    for t in prange(P * P + 1):
        i, j = (F + (t - 1) * L, F + t * L) if t > 0 else (ZERO, F)
        copy_to(total[i:j], partial[i:j])
        for block in range(1, used):
            add_to(total[i:j], partial[block * length + i : block * length + j])
    copy_to(dbias, total[:F])
    for tap in prange(3):
        row_of_both_ways(matrix_t, tap, total, F, L, dkernel)
