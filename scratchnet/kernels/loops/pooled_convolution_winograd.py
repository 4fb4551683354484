"""A convolution whose four neighbouring places are pooled at once, in fewer products (see `winograd.py`).

1. The way back from the points, bias, pooling and ReLU happen in registers: only maxima and winners are written.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numba import prange

from scratchnet.kernels.loops.pooled_convolution_tile import pool_four, store_pooled
from scratchnet.kernels.loops.windows import Image, pad_image
from scratchnet.kernels.loops.winograd import (
    PLACES,
    both_ways,
    combine,
    image_points_2,
    image_points_3,
    narrow_products,
    wide_products,
)
from scratchnet.kernels.machine.processor import TILE, VECTOR_BYTES, lanes
from scratchnet.kernels.machine.runtime import inner, kernel
from scratchnet.kernels.machine.scratch import scratch, zeros
from scratchnet.kernels.machine.simd import INT, ZERO, Emitter, vectorised
from scratchnet.typing import Array

SAMPLES = 4
"""Samples of one block."""


def _emit_pool(taps: int) -> Callable[[Emitter, Any], None]:
    def emit(e: Emitter, a: Any) -> None:
        size, points = taps + 1, e.at(a.points, a.points_at)
        numbers = [[e.builder.mul(a.step, INT(i * size + j)) for j in range(size)] for i in range(size)]
        places = both_ways(e, PLACES[taps], [[e.load(e.at(points, t)) for t in row] for row in numbers])
        bias = e.load(e.at(a.bias, a.bias_at))
        best, winner = pool_four(e, a, [e.builder.fadd(place, bias) for place in places])
        store_pooled(e, a, best, winner, a.y_at)

    return emit


def _define_pool(
    taps: int, points: Array, points_at: int, step: int, bias: Array, bias_at: int, relu: int, y: Array,
    winners: Array, y_at: int,
) -> None:  # fmt: skip
    """From points to the maximum of the four places and its number, for a 2x2 kernel and one vector of filters.

    Point t begins at ``points_at + t * step``; the maximum goes to `y`, the winner (0...3, uint8) to `winners`, both at
    `y_at`.
    """
    size, width, matrix = taps + 1, lanes(points.dtype), np.array(PLACES[taps], points.dtype)
    square = np.array([points[points_at + t * step :][:width] for t in range(size * size)]).reshape(size, size, width)
    z = np.einsum("ai,bj,ijv->abv", matrix, matrix, square).reshape(4, width) + bias[bias_at : bias_at + width]
    y[y_at : y_at + width], winners[y_at : y_at + width] = z.max(axis=0), z.argmax(axis=0)
    if relu:
        y[y_at : y_at + width][y[y_at : y_at + width] <= 0] = 0


pool_points_2 = vectorised(_emit_pool(2))(partial(_define_pool, 2))
pool_points_3 = vectorised(_emit_pool(3))(partial(_define_pool, 3))


@inner
def _forward_block(
    x: Array, taps: int, weights: Array, bias: Array, relu: bool, g: Image, tiles: Array, rows: Array, y: Array,
    winners: Array, first: int, last: int,
) -> None:  # fmt: skip
    F, C, lane, on = bias.size, g.C, VECTOR_BYTES // x.itemsize, np.int64(relu)
    points, x_step, y_step = (taps + 1) * (taps + 1), TILE * g.C, TILE * bias.size
    padded = zeros(SAMPLES * g.padded, x)
    image, start, pixels = x, first * g.pixels, g.pixels
    if g.padded > 0:
        for n in range(first, last):
            pad_image(x, n * g.pixels, g, padded[(n - first) * g.padded : (n - first + 1) * g.padded])
        image, start, pixels = padded, ZERO, g.padded
    ours, theirs = zeros(points * x_step, x), scratch(points * y_step, x)
    windows, tile = (last - first) * tiles.size, ZERO
    for begin in range(0, windows, TILE):
        count = min(TILE, windows - begin)
        for i in range(count):
            for c in range(0, C, lane):
                at = start + tiles[tile] + c
                if taps == 2:
                    image_points_2(image, at, g.WP * C, C, ours, i * C + c, x_step)
                else:
                    image_points_3(image, at, g.WP * C, C, ours, i * C + c, x_step)
            tile += 1
            if tile == tiles.size:
                tile = ZERO
                start += pixels
        f = ZERO
        while f + 2 * lane <= F:
            wide_products(ours, x_step, rows, C, weights, f, F, points, theirs, y_step)
            f += 2 * lane
        if f < F:
            narrow_products(ours, x_step, rows, C, weights, f, F, points, theirs, y_step)
        for i in range(count):
            to = (first * tiles.size + begin + i) * F
            for f in range(0, F, lane):
                if taps == 2:
                    pool_points_2(theirs, i * F + f, y_step, bias, f, on, y, winners, to + f)
                else:
                    pool_points_3(theirs, i * F + f, y_step, bias, f, on, y, winners, to + f)


def fits(taps: int, filters: int, channels: int, itemsize: int) -> bool:
    """Whether `forward` can do it: kernels of 2x2 or 3x3, filters and channels in whole vectors."""
    lane = VECTOR_BYTES // itemsize
    return 2 <= taps <= 3 and filters > 0 and filters % lane == 0 and channels > 0 and channels % lane == 0


_fits = inner(fits)


@kernel(parallel=True)
def forward(
    x: Array, taps: int, kernel_: Array, matrix: Array, bias: Array, relu: bool, g: Image, tiles: Array,
    rows: Array, y: Array, winners: Array, samples: int,
) -> None:  # fmt: skip
    """Convolve and pool: y (samples, windows, F) and the numbers of the winners.

    `tiles` (windows,) says where the pixels under each window begin in the padded image; `rows` (TILE,) are the
    multiples of C; `matrix` is that of `matrix_of`.

    Raises:
        ValueError: it does not fit (see `fits`), or the arrays have other sizes.
    """
    length = g.C * bias.size
    if not _fits(taps, bias.size, g.C, x.itemsize):
        raise ValueError("winograd.forward takes kernels of 2x2 or 3x3, with filters and channels in whole vectors.")
    if not (
        x.size == samples * g.pixels
        and kernel_.size == taps * taps * length
        and matrix.shape == ((taps + 1) * (taps + 1), taps * taps)
        and rows.size >= TILE
        and y.size == winners.size == samples * tiles.size * bias.size
    ):
        raise ValueError("winograd.forward was given arrays whose sizes do not belong together.")
    weights = scratch((taps + 1) * (taps + 1) * length, x)
    combine(matrix, kernel_, length, weights)
    for block in prange((samples + SAMPLES - 1) // SAMPLES):
        _forward_block(
            x, taps, weights, bias, relu, g, tiles, rows, y, winners, SAMPLES * block,
            min(SAMPLES * block + SAMPLES, samples),
        )  # fmt: skip
