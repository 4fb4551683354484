"""Bias and ReLU, for the products they follow; and a ReLU by itself.

1. Forward bias and ReLU are added while the sums are in the cache.
2. Backward, dz is dy where ReLU was on, and its sum, dbias, comes along: a vector of columns stays in a register while
   all rows pass by. A plain loop over rows takes up to 1.8 times as long where rows are short. Only the last vector is
   masked, if it is not whole: with AVX2 a masked store takes as long as ten others.
3. A ReLU by itself is cut into blocks that fit into the nearest cache, for the threads.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import prange
from numba.core import cgutils

from scratchnet.kernels.machine.hints import never_inline, no_overlap
from scratchnet.kernels.machine.processor import VECTOR_BYTES
from scratchnet.kernels.machine.runtime import inner, kernel
from scratchnet.kernels.machine.simd import INT, Emitter, vectorised
from scratchnet.typing import Array

BLOCK = 4096
"""Numbers of one block of a ReLU by itself."""


@inner
def bias_and_relu(z: Array, F: int, bias: Array, relu: bool) -> None:
    """Add bias (F,) to each row of z (rows * F,) in place, and cut off at 0 if `relu`."""
    never_inline()
    no_overlap()
    zero = z.dtype.type(0)
    for p in range(z.size // F):
        row = z[p * F : (p + 1) * F]
        for f in range(F):
            v = row[f] + bias[f]
            row[f] = zero if relu and v <= 0 else v


def gradient(e: Emitter, relu: Any, dy: Any, y: Any) -> Any:
    """One vector of dz: dy, or 0 where ReLU was off; `relu` is a register of bits that says whether there is one."""
    off = e.builder.and_(relu, e.builder.fcmp_ordered("<=", y, e.zero))
    return e.builder.select(off, e.zero, dy)


def _emit_column(masked: bool) -> Callable[[Emitter, Any], None]:
    def emit(e: Emitter, a: Any) -> None:
        builder = e.builder
        if masked:
            e.keep_first(a.width)
        total = cgutils.alloca_once_value(builder, e.load(e.at(a.dbias, a.column)))
        relu = e.splat(builder.icmp_signed("!=", a.relu, INT(0)))
        with cgutils.for_range(builder, a.rows) as row:
            to = builder.add(builder.mul(row.index, a.step), a.column)
            dz = gradient(e, relu, e.load(e.at(a.dy, a.at, to)), e.load(e.at(a.y, a.at, to)))
            e.store(dz, e.at(a.dz, a.dz_at, to))
            builder.store(builder.fadd(builder.load(total), dz), total)
        e.store(builder.load(total), e.at(a.dbias, a.column))

    return emit


def _define_column(
    dy: Array, y: Array, at: int, relu: int, rows: int, step: int, dz: Array, dz_at: int, dbias: Array, column: int,
    width: int,
) -> None:  # fmt: skip
    """One vector of columns of `relu_gradient`, `width` of them."""
    for row in range(rows):
        to = row * step + column
        i = slice(at + to, at + to + width)
        d = np.where((y[i] <= 0) & bool(relu), 0, dy[i]).astype(dy.dtype)
        dz[dz_at + to :][:width] = d
        dbias[column : column + width] += d


_whole_column = vectorised(_emit_column(masked=False))(_define_column)
_part_of_column = vectorised(_emit_column(masked=True))(_define_column)


@inner
def relu_gradient(
    dy: Array, y: Array, at: int, relu: bool, rows: int, F: int, dz: Array, dz_at: int, dbias: Array
) -> None:
    """dz = dy where ReLU was on, else 0; and its rows (F,) added to dbias.

    The rows (rows, F) begin at `at` in dy and y, and at `dz_at` in dz.
    """
    never_inline()
    lane = VECTOR_BYTES // dy.itemsize
    on, whole = np.int64(relu), F // lane * lane
    for f in range(0, whole, lane):
        _whole_column(dy, y, at, on, rows, F, dz, dz_at, dbias, f, lane)
    if whole < F:
        _part_of_column(dy, y, at, on, rows, F, dz, dz_at, dbias, whole, F - whole)


@inner
def _cut_off(x: Array, y: Array) -> None:
    no_overlap()
    zero = x.dtype.type(0)
    for i in range(y.size):
        y[i] = zero if x[i] <= 0 else x[i]


@inner
def _pass_on(dy: Array, y: Array, dx: Array) -> None:
    no_overlap()
    zero = y.dtype.type(0)
    for i in range(dx.size):
        dx[i] = zero if y[i] <= 0 else dy[i]


@kernel(parallel=True)
def relu(x: Array, y: Array) -> None:
    """y = x where it is above 0, else 0; both (P,).

    Raises:
        ValueError: the arrays have other sizes.
    """
    if x.size != y.size:
        raise ValueError("A ReLU was given arrays whose sizes do not belong together.")
    for block in prange((y.size + BLOCK - 1) // BLOCK):
        i = block * BLOCK
        _cut_off(x[i : i + BLOCK], y[i : i + BLOCK])


@kernel(parallel=True)
def relu_backward(dy: Array, y: Array, dx: Array) -> None:
    """dx = dy where y is above 0, else 0; all (P,).

    Raises:
        ValueError: the arrays have other sizes.
    """
    if not dy.size == y.size == dx.size:
        raise ValueError("A ReLU's gradient was given arrays whose sizes do not belong together.")
    for block in prange((dx.size + BLOCK - 1) // BLOCK):
        i = block * BLOCK
        _pass_on(dy[i : i + BLOCK], y[i : i + BLOCK], dx[i : i + BLOCK])
