"""A convolution in fewer products, for four neighbouring places at once: its two ends, and the products between them.

1. Two neighbouring sums of two products, y0 = d0 g0 + d1 g1 and y1 = d1 g0 + d2 g1, take three products, not four:
   a = (d0 - d1) g0, b = d1 (g0 + g1), c = (d2 - d1) g1; then y0 = a + b and y1 = b + c. Down and across together, the
   four places of a 2x2 kernel take 9 products instead of 16, those of a 3x3 kernel (in each direction 4 for 6) 16
   instead of 36. `IMAGE`, `KERNEL` and `PLACES` are the coefficients of the brackets and of the way back.
2. The brackets of the kernel are worked out once in a call, those of an image once for all filters. They are called
   points. Between them lie ordinary products over the channels, for TILE windows at a time, whose points stay in the
   nearest cache.
3. The coefficients are 0, 1, -1 and, for three taps, 1/2, so a sum is a few roundings off, as in any other order. Only
   numbers that a place sees go into its sum (an infinite one makes it NaN), and four places that see the same numbers
   get the same sum: such a tie stays one.

S. Winograd, Arithmetic Complexity of Computations (1980); A. Lavin and S. Gray, Fast Algorithms for Convolutional
Neural Networks (2016), https://arxiv.org/abs/1509.09308.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
from numba.core import cgutils

from scratchnet.kernels.loops.matrix_product_tile import sum_tile
from scratchnet.kernels.loops.vectors import fill
from scratchnet.kernels.machine.hints import never_inline, no_overlap
from scratchnet.kernels.machine.processor import TILE, lanes
from scratchnet.kernels.machine.runtime import inner
from scratchnet.kernels.machine.simd import INT, Emitter, vectorised
from scratchnet.typing import Array

IMAGE = {2: ((1, -1, 0), (0, 1, 0), (0, -1, 1)), 3: ((1, 0, -1, 0), (0, 1, 1, 0), (0, -1, 1, 0), (0, 1, 0, -1))}
"""For 2 and 3 taps: each point as a sum of the pixels under two neighbouring places."""
KERNEL = {2: ((1, 0), (1, 1), (0, 1)), 3: ((1, 0, 0), (0.5, 0.5, 0.5), (0.5, -0.5, 0.5), (0, 0, 1))}
"""Each point as a sum of the taps of a kernel."""
PLACES = {2: ((1, 1, 0), (0, 1, 1)), 3: ((1, 1, 1, 0), (0, 1, -1, -1))}
"""Each of two neighbouring places as a sum of the products of the points."""


def _sum(e: Emitter, coefficients: tuple[float, ...], terms: list[Any]) -> Any:
    """The sum of the terms with their coefficients; those with 1 and -1 take no product."""
    used = sorted(
        (pair for pair in zip(coefficients, terms) if pair[0]), key=lambda pair: (pair[0] != 1, pair[0] != -1)
    )
    total = None
    for c, term in used:
        if total is None:
            total = term if c == 1 else e.builder.fmul(e.number(c), term)
        elif abs(c) == 1:
            total = (e.builder.fadd if c > 0 else e.builder.fsub)(total, term)
        else:
            total = e.multiply_add(e.number(c), term, total)
    return e.zero if total is None else total


def both_ways(e: Emitter, matrix: tuple[tuple[float, ...], ...], square: list[list[Any]]) -> list[Any]:
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
    """The points of the 3x3 pixels under four neighbouring places of a 2x2 kernel, for one vector of channels.

    Pixel (i, j) begins at ``x_at + i * down + j * across``, point t goes to ``out_at + t * out_step``.
    """
    size, matrix = range(taps + 1), np.array(IMAGE[taps], x.dtype)
    square = np.array([[x[x_at + i * down + j * across :][: lanes(x.dtype)] for j in size] for i in size])
    points = np.einsum("ai,bj,ijv->abv", matrix, matrix, square)
    for t, point in enumerate(points.reshape(-1, lanes(x.dtype))):
        out[out_at + t * out_step :][: point.size] = point


image_points_2 = vectorised(_emit_image(2))(partial(_define_image, 2))
image_points_3 = vectorised(_emit_image(3))(partial(_define_image, 3))


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
    """For each point, the products over the channels of TILE windows with two vectors of filters, from `filter` on.

    x (points, TILE, channels) and out (points, TILE, filters) begin a point every `x_step` and `out_step` numbers;
    panel is (points, channels, filters). `rows` (TILE,) are the multiples of `channels`.
    """
    columns = slice(filter, filter + vectors * lanes(x.dtype))
    for t in range(points):
        ours = x[t * x_step :][: TILE * channels].reshape(TILE, channels)
        theirs = panel[t * channels * filters :][: channels * filters].reshape(channels, filters)
        out[t * out_step :][: TILE * filters].reshape(TILE, filters)[:, columns] = ours @ theirs[:, columns]


wide_products = vectorised(_emit_products(2))(partial(_define_products, 2))
narrow_products = vectorised(_emit_products(1))(partial(_define_products, 1))


@inner
def add_scaled(out: Array, factor: float, x: Array) -> None:
    """Add `factor` times x to `out`, an array apart from it."""
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
                add_scaled(out[row * length : (row + 1) * length], factor, x[column * length : (column + 1) * length])


def matrix_of(taps: int, dtype: Any) -> Array:
    """The matrix (points, taps * taps) that makes the points of a kernel."""
    matrix: Array = np.kron(KERNEL[taps], KERNEL[taps]).astype(dtype)
    return matrix
