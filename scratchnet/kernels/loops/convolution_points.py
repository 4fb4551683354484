"""The two ends of a 3x3 convolution in fewer products (see `winograd.py`): from numbers to points and back.

1. Stride 1: two neighbouring places take 4 products, not 6; down and across together, a tile of 2x2 places takes 16,
   not 36. Stride 2: of the pixels d0 to d4, the even ones are two sums of two products that share one, the odd ones
   stand by themselves: 5 products, not 6; a tile takes 25, not 36, with only 16 different points of the kernel.
2. Backward is the same, transposed: what goes from pixels to points forward takes points to the gradients of pixels.
3. A point from number 3 on, in either direction, belongs to the second place alone. Where an odd edge has no second
   place, it is not multiplied: at each point only the tiles that need it have a row, by a table (`Tiles.needs`).
4. The coefficients are 0, 1, -1 and, with stride 1, 1/2 (of the kernel), so a sum is a few roundings off.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import chain
from typing import Any

import numpy as np

from scratchnet.kernels.loops.bias_and_relu import gradient
from scratchnet.kernels.loops.winograd import IMAGE as IMAGES
from scratchnet.kernels.loops.winograd import KERNEL as KERNELS
from scratchnet.kernels.loops.winograd import PLACES as PLACES_OF
from scratchnet.kernels.loops.winograd import both_ways
from scratchnet.kernels.machine.processor import lanes
from scratchnet.kernels.machine.simd import INT, Emitter, vectorised
from scratchnet.typing import Array

Matrix = tuple[tuple[float, ...], ...]
IMAGE: dict[int, Matrix] = {
    1: IMAGES[3],
    2: ((1, 0, -1, 0, 0), (0, 0, 1, 0, 0), (0, 1, 0, 0, 0), (0, 0, -1, 0, 1), (0, 0, 0, 1, 0)),
}
"""For strides 1 and 2: each point as a sum of the pixels under two neighbouring places."""
KERNEL: dict[int, Matrix] = {1: KERNELS[3], 2: ((1, 0, 0), (1, 0, 1), (0, 1, 0), (0, 0, 1))}
"""Each point of the kernel as a sum of its taps."""
OF_KERNEL = {1: (0, 1, 2, 3), 2: (0, 1, 2, 3, 2)}
"""Which point of the kernel each point is multiplied by."""
PLACES: dict[int, Matrix] = {1: PLACES_OF[3], 2: ((1, 1, 1, 0, 0), (0, 1, 0, 1, 1))}
"""Each of two neighbouring places as a sum of the products of the points."""
SHARED = 3
"""The points in one direction that the first of two places needs."""
KERNEL_POINTS = 16


def matrix_of(stride: int, dtype: Any) -> Array:
    """The matrix (16, 9) that makes the points of a kernel."""
    matrix: Array = np.kron(KERNEL[stride], KERNEL[stride]).astype(dtype)
    return matrix


def kernel_points(stride: int) -> Array:
    """For each point of a tile, which point of the kernel it is multiplied by."""
    each = np.array(OF_KERNEL[stride], np.int64)
    return (4 * each[:, None] + each).reshape(-1)


def needs(stride: int) -> Array:
    """For each point of a tile, whether it needs a second place down (2), across (1), both (3) or none (0)."""
    second = (np.arange(len(IMAGE[stride])) >= SHARED).astype(np.int64)
    return (2 * second[:, None] + second).reshape(-1)


def _transposed(matrix: Matrix) -> Matrix:
    return tuple(zip(*matrix))


def _square(e: Emitter, x: Any, down: Any, across: Any, size: int) -> list[list[Any]]:
    """The addresses of size x size numbers."""
    rows = [e.at(x, e.builder.mul(down, INT(i))) for i in range(size)]
    return [[e.at(row, e.builder.mul(across, INT(j))) for j in range(size)] for row in rows]


def _points(e: Emitter, a: Any, side: int) -> list[list[Any]]:
    """The addresses of the points of one tile: point t in the row that `a.rows` names for what it needs."""
    builder, start = e.builder, e.at(a.points, a.points_at)
    row = [e.at(start, builder.mul(builder.load(e.at(a.rows, a.rows_at, k)), a.length)) for k in range(4)]
    whose = [2 * (i >= SHARED) + (j >= SHARED) for i in range(side) for j in range(side)]
    flat = [e.at(row[k], builder.mul(a.step, INT(t))) for t, k in enumerate(whose)]
    return [flat[i * side : (i + 1) * side] for i in range(side)]


def _loaded(e: Emitter, square: list[list[Any]]) -> list[list[Any]]:
    return [[e.load(place) for place in row] for row in square]


def _row_of(rows: Array, rows_at: int, length: int, t: int, side: int) -> int:
    """Where point t lies in its part of `points`, in Python."""
    i, j = divmod(t, side)
    return int(rows[rows_at + 2 * (i >= SHARED) + (j >= SHARED)]) * length


def _emit_to_points(matrix: Matrix) -> Callable[[Emitter, Any], None]:
    def emit(e: Emitter, a: Any) -> None:
        numbers = both_ways(e, matrix, _loaded(e, _square(e, e.at(a.x, a.x_at), a.down, a.across, len(matrix[0]))))
        for number, place in zip(numbers, chain(*_points(e, a, len(matrix)))):
            e.store(number, place)

    return emit


def _define_to_points(
    matrix: Matrix, x: Array, x_at: int, down: int, across: int, points: Array, points_at: int, step: int,
    rows: Array, rows_at: int, length: int,
) -> None:  # fmt: skip
    """The points of a square of numbers, for one vector of channels or filters.

    Number (i, j) begins at ``x_at + i * down + j * across``; point t goes to ``points_at + t * step`` plus `length`
    times its row, which is ``rows[rows_at + k]`` for what the point needs (see `needs`).
    """
    width, M, size = lanes(x.dtype), np.array(matrix, x.dtype), range(len(matrix[0]))
    square = np.array([[x[x_at + i * down + j * across :][:width] for j in size] for i in size])
    for t, point in enumerate(np.einsum("ai,bj,ijv->abv", M, M, square).reshape(-1, width)):
        points[points_at + t * step + _row_of(rows, rows_at, length, t, len(matrix)) :][:width] = point


def _emit_add_pixels(matrix: Matrix) -> Callable[[Emitter, Any], None]:
    def emit(e: Emitter, a: Any) -> None:
        pixels = chain(*_square(e, e.at(a.x, a.x_at), a.down, a.across, len(matrix)))
        for number, place in zip(both_ways(e, matrix, _loaded(e, _points(e, a, len(matrix[0])))), pixels):
            e.store(e.builder.fadd(e.load(place), number), place)

    return emit


def _read_points(
    matrix: Matrix, points: Array, points_at: int, step: int, rows: Array, rows_at: int, length: int
) -> Array:
    """Both ways back from the points of one tile, in Python: (square, square, width)."""
    width, M, side = lanes(points.dtype), np.array(matrix, points.dtype), len(matrix[0])
    starts = [points_at + t * step + _row_of(rows, rows_at, length, t, side) for t in range(side * side)]
    square = np.array([points[start:][:width] for start in starts]).reshape(side, side, width)
    found: Array = np.einsum("ai,bj,ijv->abv", M, M, square)
    return found


def _define_add_pixels(
    matrix: Matrix, points: Array, points_at: int, step: int, rows: Array, rows_at: int, length: int, x: Array,
    x_at: int, down: int, across: int,
) -> None:  # fmt: skip
    """Add what the points of one tile give to the pixels under it, for one vector of channels.

    Where points and pixels lie: see `_define_to_points`.
    """
    found = _read_points(matrix, points, points_at, step, rows, rows_at, length)
    for i, line in enumerate(found):
        for j, pixel in enumerate(line):
            x[x_at + i * down + j * across :][: pixel.size] += pixel


def _emit_to_places(matrix: Matrix) -> Callable[[Emitter, Any], None]:
    def emit(e: Emitter, a: Any) -> None:
        builder = e.builder
        bias, relu = e.load(e.at(a.bias, a.bias_at)), e.splat(builder.icmp_signed("!=", a.relu, INT(0)))
        steps = (builder.add(a.down, a.across), a.down, a.across, INT(0))
        found = both_ways(e, matrix, _loaded(e, _points(e, a, len(matrix[0]))))
        for place, step in zip(reversed(found), steps):
            y = builder.fadd(place, bias)
            off = builder.and_(relu, builder.fcmp_ordered("<=", y, e.zero))
            e.store(builder.select(off, e.zero, y), e.at(a.y, a.y_at, step))

    return emit


def _define_to_places(
    matrix: Matrix, points: Array, points_at: int, step: int, rows: Array, rows_at: int, length: int, bias: Array,
    bias_at: int, relu: int, y: Array, y_at: int, down: int, across: int,
) -> None:  # fmt: skip
    """From points to a tile of four places, with bias and ReLU, for one vector of filters.

    Place (i, j) begins at ``y_at + i * down + j * across``. The first is written last: with a step of 0 it is the one
    that stays. Where points lie: see `_define_to_points`.
    """
    z = _read_points(matrix, points, points_at, step, rows, rows_at, length)
    z = z + bias[bias_at : bias_at + z.shape[-1]]
    for i, j in ((1, 1), (1, 0), (0, 1), (0, 0)):
        place = y[y_at + i * down + j * across :][: z.shape[-1]]
        place[...] = z[i, j]
        if relu:
            place[place <= 0] = 0


def _emit_from_gradient(matrix: Matrix) -> Callable[[Emitter, Any], None]:
    def emit(e: Emitter, a: Any) -> None:
        builder = e.builder
        relu = e.splat(builder.icmp_signed("!=", a.relu, INT(0)))
        dz = []
        for step in (INT(0), a.across, a.down, builder.add(a.down, a.across)):
            dy, y = (e.load(e.at(x, a.at, step)) for x in (a.dy, a.y))
            for x in (a.dy, a.y):
                e.prefetch(e.at(x, a.at, step, builder.mul(a.across, INT(4))))
            dz.append(gradient(e, relu, dy, y))
        below, beside = (builder.icmp_signed("!=", step, INT(0)) for step in (a.down, a.across))
        for i, there in ((1, beside), (2, below), (3, builder.and_(below, beside))):
            dz[i] = builder.select(there, dz[i], e.zero)
        total = e.load(e.at(a.dbias, a.dbias_at))
        for number in dz:
            total = builder.fadd(total, number)
        e.store(total, e.at(a.dbias, a.dbias_at))
        for number, place in zip(both_ways(e, matrix, [dz[:2], dz[2:]]), chain(*_points(e, a, len(matrix)))):
            e.store(number, place)

    return emit


def _define_from_gradient(
    matrix: Matrix, dy: Array, y: Array, at: int, down: int, across: int, relu: int, dbias: Array, dbias_at: int,
    points: Array, points_at: int, step: int, rows: Array, rows_at: int, length: int,
) -> None:  # fmt: skip
    """The points of dz, which is dy where ReLU was on, of a tile of four places; and their sum added to dbias.

    For one vector of filters. Place (i, j) begins at ``at + i * down + j * across``; with a step of 0 there is no
    second place. Where points go: see `_define_to_points`.
    """
    width = lanes(dy.dtype)
    dz = np.zeros((2, 2, width), dy.dtype)
    for i in range(2 if down else 1):
        for j in range(2 if across else 1):
            place = slice(at + i * down + j * across, at + i * down + j * across + width)
            dz[i, j] = np.where((y[place] <= 0) & bool(relu), 0, dy[place])
            dbias[dbias_at : dbias_at + width] += dz[i, j]
    _define_to_points(matrix, dz.reshape(-1), 0, 2 * width, width, points, points_at, step, rows, rows_at, length)


def _made(emit: Any, define: Any, matrix: Matrix) -> Any:
    return vectorised(emit(matrix))(partial(define, matrix))


pixels_to_points_1, pixels_to_points_2 = (_made(_emit_to_points, _define_to_points, IMAGE[s]) for s in (1, 2))
points_to_places_1, points_to_places_2 = (_made(_emit_to_places, _define_to_places, PLACES[s]) for s in (1, 2))
gradient_to_points_1, gradient_to_points_2 = (
    _made(_emit_from_gradient, _define_from_gradient, _transposed(PLACES[s])) for s in (1, 2)
)
points_to_pixels_1, points_to_pixels_2 = (
    _made(_emit_add_pixels, _define_add_pixels, _transposed(IMAGE[s])) for s in (1, 2)
)
