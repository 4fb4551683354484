"""The two ends of a 3x3 convolution in fewer products (see `winograd.py`): from numbers to points and back.

1. `PAIR`, stride 1: two neighbouring places take 4 products, not 6; down and across together, a tile of 2x2 places
   takes 16, not 36. `STRIDED`, stride 2: of the pixels d0 to d4, the even ones are two sums of two products that share
   one, the odd ones stand by themselves: 5 products, not 6; a tile takes 25, not 36, with only 16 different points of
   the kernel.
2. `FOUR`, stride 1: four neighbouring places are a product of polynomials, the transposed way: as one of degree 5 is
   known by its values at 0, A, -A, B, -B and, for the last, its highest coefficient, they take 6 products, not 12; a
   tile of 4x4 places takes 36, not 144. With A = 2/3 and B = 1/A the coefficients are all of about one size: a gradient
   is 2e-6 off, relative to the largest; with A = 1 and B = 2, as is usual, it would be 5e-6. But a place is also made
   of numbers that it does not see, which cancel but for rounding. So forward does without: there a place that sees only
   zeros has to be 0, or a ReLU would be on, and an infinite pixel has to spoil those alone that see it.
3. Backward is the same, transposed: what goes from pixels to points forward takes points to the gradients of pixels.
4. A point from number `shared` on, in either direction, belongs to the second place alone. Where an odd edge has no
   second place, it is not multiplied: at each point only the tiles that need it have a row, by a table (`needs`).
5. The coefficients of `PAIR` and `STRIDED` are 0, 1, -1 and, of the kernel, 1/2, so a sum is a few roundings off.

S. Winograd, Arithmetic Complexity of Computations (1980), also for A. Toom's and S. Cook's products of polynomials.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from scratchnet.kernels.loops import winograd
from scratchnet.kernels.loops.winograd import both_ways
from scratchnet.kernels.machine.processor import lanes
from scratchnet.kernels.machine.simd import INT, Emitter, vectorised
from scratchnet.typing import Array

Matrix = tuple[tuple[float, ...], ...]


class Points(NamedTuple):
    """How neighbouring places share products, in one direction.

    Attributes:
        stride: of the convolution.
        places: each place of a tile as a sum of the products of the points.
        image: each point as a sum of the pixels under the places.
        kernel: each point of the kernel as a sum of its three taps.
        of_kernel: which point of the kernel each point is multiplied by.
        shared: the points that the first of two places needs; the others are the second's. All, if there are four.
    """

    stride: int
    places: Matrix
    image: Matrix
    kernel: Matrix
    of_kernel: tuple[int, ...]
    shared: int

    @property
    def side(self) -> int:
        """How many places a tile has down and across."""
        return len(self.places)

    def matrix(self, dtype: Any) -> Array:
        """`kernel` as an array."""
        return np.array(self.kernel, dtype)

    def kernel_points(self) -> Array:
        """For each point of a tile, which point of the kernel it is multiplied by."""
        each = np.array(self.of_kernel)
        return (len(self.kernel) * each[:, None] + each).reshape(-1)

    def needs(self) -> Array:
        """For each point of a tile, whether it needs a second place down (2), across (1), both (3) or none (0)."""
        second = (np.arange(len(self.image)) >= self.shared).astype(np.int64)
        return (2 * second[:, None] + second).reshape(-1)


PAIR = Points(
    stride=1,
    places=winograd.PLACES[3],
    image=winograd.IMAGE[3],
    kernel=winograd.KERNEL[3],
    of_kernel=(0, 1, 2, 3),
    shared=3,
)
STRIDED = Points(
    stride=2,
    places=((1, 1, 1, 0, 0), (0, 1, 0, 1, 1)),
    image=((1, 0, -1, 0, 0), (0, 0, 1, 0, 0), (0, 1, 0, 0, 0), (0, 0, -1, 0, 1), (0, 0, 0, 1, 0)),
    kernel=((1, 0, 0), (1, 0, 1), (0, 1, 0), (0, 0, 1)),
    of_kernel=(0, 1, 2, 3, 2),
    shared=3,
)


def _four(A: float) -> Points:
    """Four places by the values at 0, A, -A, B and -B, with B = 1 / A."""
    B = 1 / A
    a, b = A * A, B * B  # each of them is the value of x^2 at two of these places
    of_a, of_b = 1 / (2 * a * (a - b)), 1 / (2 * b * (b - a))
    return Points(
        stride=1,
        places=((1, 1, 1, 1, 1, 0), (0, A, -A, B, -B, 0), (0, a, a, b, b, 0), (0, a * A, -a * A, b * B, -b * B, 1)),
        image=(  # the coefficients of the polynomials that are 0 at all the other places
            (1, 0, -a - b, 0, 1, 0),  # (x^2 - a) (x^2 - b)
            (0, -B, -b, A, 1, 0),  # x (x + A) (x^2 - b)
            (0, B, -b, -A, 1, 0),
            (0, -A, -a, B, 1, 0),
            (0, A, -a, -B, 1, 0),
            (0, 1, 0, -a - b, 0, 1),  # x (x^2 - a) (x^2 - b)
        ),
        kernel=(  # their values there divide the taps' polynomial
            (1, 0, 0),
            (of_a, of_a * A, of_a * a),
            (of_a, -of_a * A, of_a * a),
            (of_b, of_b * B, of_b * b),
            (of_b, -of_b * B, of_b * b),
            (0, 0, 1),
        ),
        of_kernel=(0, 1, 2, 3, 4, 5),
        shared=6,
    )


FOUR = _four(2 / 3)


def _transposed(matrix: Matrix) -> Matrix:
    return tuple(zip(*matrix))


def _square(e: Emitter, x: Any, down: Any, across: Any, size: int) -> list[list[Any]]:
    """The addresses of size x size numbers."""
    rows = [e.at(x, e.builder.mul(down, INT(i))) for i in range(size)]
    return [[e.at(row, e.builder.mul(across, INT(j))) for j in range(size)] for row in rows]


def _points(e: Emitter, a: Any, side: int, shared: int) -> list[list[Any]]:
    """The addresses of the points of one tile: point t in the row that `a.rows` names for what it needs."""
    builder, start = e.builder, e.at(a.points, a.points_at)
    whose = [2 * (i >= shared) + (j >= shared) for i in range(side) for j in range(side)]
    row = {k: e.at(start, builder.mul(builder.load(e.at(a.rows, a.rows_at, k)), a.length)) for k in set(whose)}
    flat = [e.at(row[k], builder.mul(a.step, INT(t))) for t, k in enumerate(whose)]
    return [flat[i * side : (i + 1) * side] for i in range(side)]


def _loaded(e: Emitter, square: list[list[Any]]) -> list[list[Any]]:
    return [[e.load(place) for place in row] for row in square]


def _row_of(rows: Array, rows_at: int, length: int, t: int, side: int, shared: int) -> int:
    """Where point t lies in its part of `points`, in Python."""
    i, j = divmod(t, side)
    return int(rows[rows_at + 2 * (i >= shared) + (j >= shared)]) * length


def _emit_to_points(matrix: Matrix, shared: int) -> Callable[[Emitter, Any], None]:
    def emit(e: Emitter, a: Any) -> None:
        numbers = both_ways(e, matrix, _loaded(e, _square(e, e.at(a.x, a.x_at), a.down, a.across, len(matrix[0]))))
        for number, place in zip(numbers, chain(*_points(e, a, len(matrix), shared))):
            e.store(number, place)

    return emit


def _define_to_points(
    matrix: Matrix, shared: int, x: Array, x_at: int, down: int, across: int, points: Array, points_at: int, step: int,
    rows: Array, rows_at: int, length: int,
) -> None:  # fmt: skip
    """The points of a square of numbers, for one vector of channels or filters.

    Number (i, j) begins at ``x_at + i * down + j * across``; point t goes to ``points_at + t * step`` plus `length`
    times its row, which is ``rows[rows_at + k]`` for what the point needs (see `needs`).
    """
    width, M, size = lanes(x.dtype), np.array(matrix, x.dtype), range(len(matrix[0]))
    square = np.array([[x[x_at + i * down + j * across :][:width] for j in size] for i in size])
    for t, point in enumerate(np.einsum("ai,bj,ijv->abv", M, M, square).reshape(-1, width)):
        points[points_at + t * step + _row_of(rows, rows_at, length, t, len(matrix), shared) :][:width] = point


def _emit_add_pixels(matrix: Matrix, shared: int) -> Callable[[Emitter, Any], None]:
    def emit(e: Emitter, a: Any) -> None:
        pixels = chain(*_square(e, e.at(a.x, a.x_at), a.down, a.across, len(matrix)))
        for number, place in zip(both_ways(e, matrix, _loaded(e, _points(e, a, len(matrix[0]), shared))), pixels):
            e.store(e.builder.fadd(e.load(place), number), place)

    return emit


def _read_points(
    matrix: Matrix, shared: int, points: Array, points_at: int, step: int, rows: Array, rows_at: int, length: int
) -> Array:
    """Both ways back from the points of one tile, in Python: (square, square, width)."""
    width, M, side = lanes(points.dtype), np.array(matrix, points.dtype), len(matrix[0])
    starts = [points_at + t * step + _row_of(rows, rows_at, length, t, side, shared) for t in range(side * side)]
    square = np.array([points[start:][:width] for start in starts]).reshape(side, side, width)
    found: Array = np.einsum("ai,bj,ijv->abv", M, M, square)
    return found


def _define_add_pixels(
    matrix: Matrix, shared: int, points: Array, points_at: int, step: int, rows: Array, rows_at: int, length: int,
    x: Array, x_at: int, down: int, across: int,
) -> None:  # fmt: skip
    """Add what the points of one tile give to the pixels under it, for one vector of channels.

    Where points and pixels lie: see `_define_to_points`.
    """
    found = _read_points(matrix, shared, points, points_at, step, rows, rows_at, length)
    for i, line in enumerate(found):
        for j, pixel in enumerate(line):
            x[x_at + i * down + j * across :][: pixel.size] += pixel


def _emit_to_places(matrix: Matrix, shared: int) -> Callable[[Emitter, Any], None]:
    def emit(e: Emitter, a: Any) -> None:
        builder = e.builder
        bias, relu = e.load(e.at(a.bias, a.bias_at)), e.splat(builder.icmp_signed("!=", a.relu, INT(0)))
        steps = (builder.add(a.down, a.across), a.down, a.across, INT(0))
        found = both_ways(e, matrix, _loaded(e, _points(e, a, len(matrix[0]), shared)))
        for place, step in zip(reversed(found), steps):
            y = builder.fadd(place, bias)
            off = builder.and_(relu, builder.fcmp_ordered("<=", y, e.zero))
            e.store(builder.select(off, e.zero, y), e.at(a.y, a.y_at, step))

    return emit


def _define_to_places(
    matrix: Matrix, shared: int, points: Array, points_at: int, step: int, rows: Array, rows_at: int, length: int,
    bias: Array, bias_at: int, relu: int, y: Array, y_at: int, down: int, across: int,
) -> None:  # fmt: skip
    """From points to a tile of four places, with bias and ReLU, for one vector of filters.

    Place (i, j) begins at ``y_at + i * down + j * across``. The first is written last: with a step of 0 it is the one
    that stays. Where points lie: see `_define_to_points`.
    """
    z = _read_points(matrix, shared, points, points_at, step, rows, rows_at, length)
    z = z + bias[bias_at : bias_at + z.shape[-1]]
    for i, j in ((1, 1), (1, 0), (0, 1), (0, 0)):
        place = y[y_at + i * down + j * across :][: z.shape[-1]]
        place[...] = z[i, j]
        if relu:
            place[place <= 0] = 0


def _made(emit: Any, define: Any, matrix: Matrix, points: Points) -> Any:
    return vectorised(emit(matrix, points.shared))(partial(define, matrix, points.shared))


def _to_points(matrix: Matrix, points: Points) -> Any:
    return _made(_emit_to_points, _define_to_points, matrix, points)


def _to_pixels(points: Points) -> Any:
    return _made(_emit_add_pixels, _define_add_pixels, _transposed(points.image), points)


pixels_to_points_pair, pixels_to_points_strided, pixels_to_points_four = (
    _to_points(points.image, points) for points in (PAIR, STRIDED, FOUR)
)
points_to_places_pair, points_to_places_strided = (
    _made(_emit_to_places, _define_to_places, points.places, points) for points in (PAIR, STRIDED)
)
places_to_points_pair, places_to_points_strided, places_to_points_four = (
    _to_points(_transposed(points.places), points) for points in (PAIR, STRIDED, FOUR)
)
points_to_pixels_pair, points_to_pixels_strided, points_to_pixels_four = (
    _to_pixels(points) for points in (PAIR, STRIDED, FOUR)
)
