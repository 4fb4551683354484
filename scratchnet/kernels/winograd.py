"""A convolution in fewer products, where four neighbouring places are wanted at once, as 2x2 pooling wants them.

1. Two neighbouring sums of two products, y0 = d0 g0 + d1 g1 and y1 = d1 g0 + d2 g1, take three products, not four:
   a = (d0 - d1) g0, b = d1 (g0 + g1), c = (d2 - d1) g1; then y0 = a + b and y1 = b + c. Down and across together, the
   four places of a 2x2 kernel take 9 products instead of 16, those of a 3x3 kernel (in each direction 4 for 6) 16
   instead of 36. `IMAGE`, `KERNEL` and `PLACES` are the coefficients of the brackets and of the way back.
2. The brackets of the kernel are worked out once in a call, those of an image once for all filters. They are called
   points. Between them lie ordinary products over the channels, for TILE windows at a time, whose points stay in the
   nearest cache.
3. The way back, bias, pooling and ReLU happen in registers: only maxima and winners are written.
4. The coefficients are 0, 1, -1 and, for three taps, 1/2, so a sum is a few roundings off, as in any other order. Only
   numbers that a place sees go into its sum (an infinite one makes it NaN), and four places that see the same numbers
   get the same sum: such a tie stays one.

S. Winograd, Arithmetic Complexity of Computations (1980); A. Lavin and S. Gray, Fast Algorithms for Convolutional
Neural Networks (2016), https://arxiv.org/abs/1509.09308.
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
from numba import prange
from numba.core import cgutils

from scratchnet.kernels.conv2d import fill
from scratchnet.kernels.geometry import Image, pad_image
from scratchnet.kernels.pool_tiles import pool_four, store_pooled
from scratchnet.kernels.runtime import inner, kernel
from scratchnet.kernels.scratch import scratch, zeros
from scratchnet.kernels.simd import INT, TILE, VECTOR_BYTES, ZERO, Emitter, lanes, never_inline, no_overlap, vectorised
from scratchnet.kernels.tiles import sum_tile
from scratchnet.typing import Array

IMAGE = {2: ((1, -1, 0), (0, 1, 0), (0, -1, 1)), 3: ((1, 0, -1, 0), (0, 1, 1, 0), (0, -1, 1, 0), (0, 1, 0, -1))}
"""For 2 and 3 taps: each point as a sum of the pixels under two neighbouring places."""
KERNEL = {2: ((1, 0), (1, 1), (0, 1)), 3: ((1, 0, 0), (0.5, 0.5, 0.5), (0.5, -0.5, 0.5), (0, 0, 1))}
"""Each point as a sum of the taps of a kernel."""
PLACES = {2: ((1, 1, 0), (0, 1, 1)), 3: ((1, 1, 1, 0), (0, 1, -1, -1))}
"""Each of two neighbouring places as a sum of the products of the points."""
SAMPLES = 4
"""Samples of one block."""


def _sum(e: Emitter, coefficients: tuple[int, ...], terms: list[Any]) -> Any:
    """The sum of the terms with coefficients 1 and -1; at least one is 1."""
    plus = [term for c, term in zip(coefficients, terms) if c > 0]
    minus = [term for c, term in zip(coefficients, terms) if c < 0]
    total = plus[0]
    for term in plus[1:]:
        total = e.builder.fadd(total, term)
    for term in minus:
        total = e.builder.fsub(total, term)
    return total


def both_ways(e: Emitter, matrix: tuple[tuple[int, ...], ...], square: list[list[Any]]) -> list[Any]:
    """matrix * square * matrix^T, row by row, where the square's entries are registers or single numbers."""
    down = [[_sum(e, row, list(column)) for column in zip(*square)] for row in matrix]
    return [_sum(e, row, line) for line in down for row in matrix]


def _emit_image(taps: int) -> Callable[[Emitter, Any], None]:
    def emit(e: Emitter, a: Any) -> None:
        size, x = taps + 1, e.at(a.x, a.x_at)
        rows = [e.at(x, e.builder.mul(a.down, INT(i))) for i in range(size)]
        pixels = [[e.load(e.at(row, e.builder.mul(a.across, INT(j)))) for j in range(size)] for row in rows]
        points = both_ways(e, IMAGE[taps], pixels)
        for t, point in enumerate(points):
            e.store(point, e.at(a.out, a.out_at, e.builder.mul(a.out_step, INT(t))))

    return emit


def _define_image(
    taps: int, x: Array, x_at: int, down: int, across: int, out: Array, out_at: int, out_step: int
) -> None:
    size, matrix = range(taps + 1), np.array(IMAGE[taps], x.dtype)
    square = np.array([[x[x_at + i * down + j * across :][: lanes(x.dtype)] for j in size] for i in size])
    points = np.einsum("ai,bj,ijv->abv", matrix, matrix, square)
    for t, point in enumerate(points.reshape(-1, lanes(x.dtype))):
        out[out_at + t * out_step :][: point.size] = point


@vectorised(_emit_image(2))
def image_points_2(x: Array, x_at: int, down: int, across: int, out: Array, out_at: int, out_step: int) -> None:
    """The points of the 3x3 pixels under four neighbouring places of a 2x2 kernel, for one vector of channels.

    Pixel (i, j) begins at ``x_at + i * down + j * across``, point t goes to ``out_at + t * out_step``.
    """
    _define_image(2, x, x_at, down, across, out, out_at, out_step)


@vectorised(_emit_image(3))
def image_points_3(x: Array, x_at: int, down: int, across: int, out: Array, out_at: int, out_step: int) -> None:
    """As `image_points_2`, of the 4x4 pixels under four places of a 3x3 kernel."""
    _define_image(3, x, x_at, down, across, out, out_at, out_step)


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
    size, width, matrix = taps + 1, lanes(points.dtype), np.array(PLACES[taps], points.dtype)
    square = np.array([points[points_at + t * step :][:width] for t in range(size * size)]).reshape(size, size, width)
    z = np.einsum("ai,bj,ijv->abv", matrix, matrix, square).reshape(4, width) + bias[bias_at : bias_at + width]
    y[y_at : y_at + width], winners[y_at : y_at + width] = z.max(axis=0), z.argmax(axis=0)
    if relu:
        y[y_at : y_at + width][y[y_at : y_at + width] <= 0] = 0


@vectorised(_emit_pool(2))
def pool_points_2(
    points: Array, points_at: int, step: int, bias: Array, bias_at: int, relu: int, y: Array, winners: Array, y_at: int
) -> None:
    """From points to the maximum of the four places and its number, for a 2x2 kernel and one vector of filters.

    Point t begins at ``points_at + t * step``; the maximum goes to `y`, the winner (0...3, uint8) to `winners`, both at
    `y_at`.
    """
    _define_pool(2, points, points_at, step, bias, bias_at, relu, y, winners, y_at)


@vectorised(_emit_pool(3))
def pool_points_3(
    points: Array, points_at: int, step: int, bias: Array, bias_at: int, relu: int, y: Array, winners: Array, y_at: int
) -> None:
    """As `pool_points_2`, for a 3x3 kernel."""
    _define_pool(3, points, points_at, step, bias, bias_at, relu, y, winners, y_at)


def _emit_products(vectors: int) -> Callable[[Emitter, Any], None]:
    def emit(e: Emitter, a: Any) -> None:
        builder = e.builder
        begin = [[e.zero] * vectors for _ in range(TILE)]
        with cgutils.for_range(builder, a.points) as t:
            table = {"rows": a.rows, "rows_at": INT(0), "offsets": a.rows, "runs": INT(1)}  # one run, from 0
            line = {"x": a.x, "x_at": builder.mul(t.index, a.x_step), "run": a.channels, "step": INT(1)}
            first = builder.add(a.filter, builder.mul(t.index, builder.mul(a.channels, a.filters)))
            panel = {"panel": a.panel, "panel_at": first, "panel_step": a.filters}
            for p, sums in enumerate(sum_tile(e, SimpleNamespace(**table, **line, **panel), begin)):
                to = e.at(a.out, a.filter, builder.mul(t.index, a.out_step), builder.mul(a.filters, INT(p)))
                for v, total in enumerate(sums):
                    e.store(builder.load(total), e.at(to, v * e.count))

    return emit


def _define_products(
    vectors: int, x: Array, x_step: int, rows: Array, channels: int, panel: Array, filter: int, filters: int,
    points: int, out: Array, out_step: int,
) -> None:  # fmt: skip
    columns = slice(filter, filter + vectors * lanes(x.dtype))
    for t in range(points):
        ours = x[t * x_step :][: TILE * channels].reshape(TILE, channels)
        theirs = panel[t * channels * filters :][: channels * filters].reshape(channels, filters)
        out[t * out_step :][: TILE * filters].reshape(TILE, filters)[:, columns] = ours @ theirs[:, columns]


@vectorised(_emit_products(2))
def wide_products(
    x: Array, x_step: int, rows: Array, channels: int, panel: Array, filter: int, filters: int, points: int, out: Array,
    out_step: int,
) -> None:  # fmt: skip
    """For each point, the products over the channels of TILE windows with two vectors of filters, from `filter` on.

    x (points, TILE, channels) and out (points, TILE, filters) begin a point every `x_step` and `out_step` numbers;
    panel is (points, channels, filters). `rows` (TILE,) are the multiples of `channels`.
    """
    _define_products(2, x, x_step, rows, channels, panel, filter, filters, points, out, out_step)


@vectorised(_emit_products(1))
def narrow_products(
    x: Array, x_step: int, rows: Array, channels: int, panel: Array, filter: int, filters: int, points: int, out: Array,
    out_step: int,
) -> None:  # fmt: skip
    """As `wide_products`, with one vector of filters."""
    _define_products(1, x, x_step, rows, channels, panel, filter, filters, points, out, out_step)


@inner
def _add_scaled(out: Array, factor: float, x: Array) -> None:
    never_inline()
    no_overlap()
    for i in range(out.size):
        out[i] += factor * x[i]


@inner
def combine(matrix: Array, x: Array, length: int, out: Array) -> None:
    """out = matrix * x, with rows of `length` numbers: from taps to points, or back with the transposed matrix."""
    fill(out)
    for row in range(matrix.shape[0]):
        for column in range(matrix.shape[1]):
            factor = matrix[row, column]
            if factor != 0:
                _add_scaled(out[row * length : (row + 1) * length], factor, x[column * length : (column + 1) * length])


def matrix_of(taps: int, dtype: Any) -> Array:
    """The matrix (points, taps * taps) that makes the points of a kernel."""
    matrix: Array = np.kron(KERNEL[taps], KERNEL[taps]).astype(dtype)
    return matrix


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
