"""Transposing a matrix.

1. A square of as many rows as a vector has lanes is transposed in registers: log2(lanes) rounds of interleaving rows
   instead of lanes^2 single moves. A plain loop takes 2 to 7 times as long.
2. What is left at the edges is a plain loop.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir

from scratchnet.kernels.machine.hints import never_inline
from scratchnet.kernels.machine.processor import VECTOR_BYTES, lanes
from scratchnet.kernels.machine.runtime import inner
from scratchnet.kernels.machine.simd import INT, Emitter, vectorised
from scratchnet.typing import Array


def _emit_square(e: Emitter, a: Any) -> None:
    builder, n = e.builder, e.count
    rows = [e.load(e.at(a.x, a.x_at, builder.mul(a.x_step, INT(i)))) for i in range(n)]
    lanes_type = ir.VectorType(ir.IntType(32), n)
    low = [i // 2 + (n if i % 2 else 0) for i in range(n)]  # a0 b0 a1 b1 ...
    halves = [ir.Constant(lanes_type, [i + shift for i in low]) for shift in (0, n // 2)]
    for _ in range(n.bit_length() - 1):  # each round interleaves row i with row i + n/2; log2(n) of them transpose
        rows = [
            builder.shuffle_vector(rows[i], rows[i + n // 2], half) for i in range(n // 2) for half in halves
        ]  # fmt: skip
    for i, row in enumerate(rows):
        e.store(row, e.at(a.out, a.out_at, builder.mul(a.out_step, INT(i))))


@vectorised(_emit_square)
def transpose_square(x: Array, x_at: int, x_step: int, out: Array, out_at: int, out_step: int) -> None:
    """Transpose a square of as many rows as a register has lanes; rows are `x_step` and `out_step` apart."""
    n = lanes(x.dtype)
    square = np.array([x[x_at + i * x_step :][:n] for i in range(n)])  # (n, n)
    for i in range(n):
        out[out_at + i * out_step :][:n] = square[:, i]


@inner
def transpose(
    x: Array, x_at: int, x_step: int, rows: int, columns: int, out: Array, out_at: int, out_step: int
) -> None:
    """``out[out_at + j * out_step + i] = x[x_at + i * x_step + j]`` for i < rows, j < columns."""
    never_inline()
    n = VECTOR_BYTES // x.itemsize
    whole_rows, whole_columns = rows // n * n, columns // n * n
    for i in range(0, whole_rows, n):
        for j in range(0, whole_columns, n):
            transpose_square(x, x_at + i * x_step + j, x_step, out, out_at + j * out_step + i, out_step)
    for i in range(rows):
        for j in range(whole_columns if i < whole_rows else 0, columns):
            out[out_at + j * out_step + i] = x[x_at + i * x_step + j]
